/**
 * Holds frames back for as long as their arrival is uneven, and not at all on a steady link.
 *
 * What counts is how long each frame was on its way: from the encoder, on the host's clock, to its last
 * packet here. Only differences matter, so the clocks need not agree. The quickest frame of the last seconds
 * sets the base; the hold is what 19 of 20 frames needed beyond it, less what nobody sees. A frame that comes
 * later than that is shown at once.
 */

import { MAX_UNIT_BYTES } from "./packet.js";

/** How many frames are looked back on: three seconds at 60 per second. */
const FRAMES = 180;

/** The hold is reckoned anew after so many frames. */
const LOOK_EVERY = 12;
const QUANTILE = 0.95;

/**
 * Unevenness that needs no hold: a frame at 60 per second, three times as much as for the native client. A browser brings
 * pictures on the screen at the screen's own pace anyway, and to hold them before that made no more of them seen.
 */
const UNSEEN_S = 1 / 60;

/** A frame that was on its way for so much longer or shorter than the others is of another clock. */
const NEW_CLOCK_S = 2;

/** Charged for each unit held, besides its bytes. */
const UNIT_OVERHEAD_BYTES = 512;

/** What it remembers of the frames it looks back on. */
const OWN_BYTES = 10_000;

/**
 * Decides when a frame goes to the decoder, and keeps it until then.
 *
 * Bound: `limitBytes` of frames that wait, and one more that may just have come. Policy when full: the oldest
 * leave at once.
 */
export class Playout {
  policy = "the oldest leave at once";
  usedBytes = OWN_BYTES;
  highWaterBytes = OWN_BYTES;
  /** Frames that left before their time. */
  drops = 0;
  /** What a frame of the quickest kind waits at present, seconds. */
  holdS = 0;
  /** Hold every frame for so much longer, for sound that is late, seconds. */
  extraHoldS = 0;

  #maxHoldS;
  #limitBytes;
  /** The newest transits, in a ring. */
  #transits = new Float64Array(FRAMES);
  #count = 0;
  #at = 0;
  #baseS = 0;
  #untilLook = LOOK_EVERY;
  /** @type {{releaseAt: number, received: import("./events.js").AccessUnitReceived}[]} */
  #held = [];

  /**
   * @param {object} [limits]
   * @param {number} [limits.maxHoldS] Longest hold; more than that is worse than a frame that jumps.
   * @param {number} [limits.limitBytes] Most memory of frames that wait; one more may just have come.
   */
  constructor({ maxHoldS = 0.05, limitBytes = 1024 * 1024 } = {}) {
    this.#maxHoldS = maxHoldS;
    this.#limitBytes = limitBytes;
    this.capBytes = OWN_BYTES + limitBytes + MAX_UNIT_BYTES + UNIT_OVERHEAD_BYTES;
  }

  /**
   * Take a frame in the order of decoding; call `takeDue` at once, it may be due already.
   *
   * @param {import("./events.js").AccessUnitReceived} received
   * @param {number} now Monotonic seconds.
   */
  add(received, now) {
    const { unit } = received;
    const encodedAt = (unit.captureUs + unit.timings.encodedUs) / 1e6;
    this.#note(received.completedAt - encodedAt);
    let releaseAt = Math.min(encodedAt + this.#baseS + this.holdS, now + this.#maxHoldS) + this.extraHoldS;
    if (this.#held.length > 0) {
      releaseAt = Math.max(releaseAt, this.#held[this.#held.length - 1].releaseAt);
    }
    this.#held.push({ releaseAt, received });
    this.usedBytes += unit.data.length + UNIT_OVERHEAD_BYTES;
    this.highWaterBytes = Math.max(this.highWaterBytes, this.usedBytes);
  }

  /**
   * Return the frames whose time has come, in order.
   *
   * @param {number} now Monotonic seconds.
   * @returns {import("./events.js").AccessUnitReceived[]}
   */
  takeDue(now) {
    const due = [];
    while (this.#held.length > 0) {
      const { releaseAt, received } = this.#held[0];
      if (releaseAt > now && this.usedBytes <= this.#limitBytes + OWN_BYTES) {
        break;
      }
      this.#held.shift();
      this.usedBytes -= received.unit.data.length + UNIT_OVERHEAD_BYTES;
      if (releaseAt > now) {
        this.drops += 1;
      }
      due.push(received);
    }
    return due;
  }

  /** When `takeDue` has something, monotonic seconds; null while nothing is held. @type {number | null} */
  get nextDueAt() {
    return this.#held.length > 0 ? this.#held[0].releaseAt : null;
  }

  /** Learn from how long a frame was on its way. */
  #note(transitS) {
    if (this.#count > 0 && Math.abs(transitS - this.#baseS) > NEW_CLOCK_S) {
      this.#count = this.#at = 0;
    }
    if (this.#count === 0) {
      this.#baseS = transitS;
      this.#untilLook = LOOK_EVERY;
    }
    this.#transits[this.#at] = transitS;
    this.#at = (this.#at + 1) % FRAMES;
    this.#count = Math.min(this.#count + 1, FRAMES);
    this.#baseS = Math.min(this.#baseS, transitS);
    this.#untilLook -= 1;
    if (this.#untilLook <= 0) {
      this.#look();
    }
  }

  /** Reckon base and hold anew. */
  #look() {
    this.#untilLook = LOOK_EVERY;
    const ordered = this.#transits.slice(0, this.#count).sort();
    this.#baseS = ordered[0];
    const neededS = ordered[Math.floor(ordered.length * QUANTILE)] - this.#baseS - UNSEEN_S;
    this.holdS = Math.min(Math.max(neededS, 0), this.#maxHoldS);
  }
}
