/**
 * When each block of sound is played: as early as the last seconds' jitter allows, and evenly.
 *
 * The twin of `wavry/rift/sound/playout.py`, whose module docstring says how it works; the same packets and
 * pulls give the same answers (tests/browser/test_golden_sound.py).
 */

import { SoundPlayoutConfig } from "./config.js";
import { MAX_OPUS_BYTES } from "./packet.js";
import { MADE_UP, PullKind, SILENCE } from "./pull.js";
import { RecentTimes } from "./times.js";

/** The hold is reckoned anew after so many packets. */
const LOOK_EVERY = 20;

/** What counts as the last seconds. */
const LOOK_BACK_US = 3_000_000;

/** Of the packets of three seconds three may be later than the hold. */
const QUANTILE = 0.995;

/** Before anything is known. */
const FIRST_HOLD_S = 0.015;

/** How quickly the hold shrinks at least: what is calm for three seconds is not yet calm. */
const HOLD_FALLS_PER_S = 0.004;

/**
 * And more where it is far too long, as after the start of two programs: of what is too much a fourth each
 * second.
 */
const HOLD_DECAYS_S = 4.0;

/** Of what playing is behind or ahead, a fifth is made up each second. */
const GAIN_PER_S = 0.2;

/** How quickly drift is learned, which needs no error to be made up for then. */
const LEARNING_PER_S2 = 0.01;

/** Sound cards are within 200 ppm or so. */
const MAX_DRIFT = 0.0008;

/** A hold that changes by more at a look is on its way somewhere; what that does to the error is no drift. */
const SETTLED_S = 0.0002;

/** So much behind or ahead is left: pulls and packets keep no better time than that. */
const UNCORRECTED_S = 0.002;

/** Most that sound is played quicker or slower: 1.6 cents, less than 1 Hz at 1 kHz. */
export const MAX_SPEED_CHANGE = 0.0009;

const SPLICE_FROM_S = 0.01;
const SPLICE_EVERY_S = 0.25;

/** Of each pull in what playing is behind or ahead: smoothed over a quarter of a second. */
const ERROR_WEIGHT = 0.02;

/** For so long missing sound is covered up; what concealment makes up is noise by then. */
const PAUSE_US = 60_000;

/** Pulls among which their beat is looked for. */
const BEAT_PULLS = 20;

/** A packet that was on its way for so much longer or shorter than the others is of another clock. */
const NEW_CLOCK_S = 2.0;

/** Most that sound is held for the picture's sake. */
export const MAX_EXTRA_HOLD_S = 0.04;

/**
 * Charged for each packet held, besides its bytes: the object, its array, its entry and its place in the map.
 */
const PACKET_OVERHEAD_BYTES = 320;

/** Charged for its other objects. */
const OWN_BYTES = 2048;

/**
 * Puts packets in order and says what each block is made from.
 *
 * At most `limitPackets` wait (640 ms by default); when more come the oldest are dropped. The times looked
 * back on are allocated once.
 */
export class SoundPlayout {
  /** @type {Map<number, {packet: import("./packet.js").SoundPacket, cameAt: number}>} */
  #packets = new Map(); // all ids are `#nextId` or later
  #heldBytes = 0;
  #highWaterBytes = 0;
  /** @type {?number} What is played next; null before the first packet. */
  #nextId = null;
  #expectedUs = 0; // when that was captured, if sound goes on without a break
  #isPlaying = false;
  #isSilent = false; // silence was announced
  #madeUp = 0; // blocks made up in a row while nothing was here
  #untilLook = LOOK_EVERY;
  #lookedAt = 0;
  #baseS = 0;
  #errorS = 0; // how late blocks are played, smoothed
  #splicedAt = 0;
  #drift = 0; // what of the speed is there to stay
  #isSettled = false; // whether the hold stays as it is
  #extraHoldS = 0;
  #frameS;
  #lateLimitS;
  #pauseLimit;
  /** How long the last packets took. */
  #transits;
  /** From capture to pull, of the last blocks, while they follow each other. */
  #delays = new RecentTimes(BEAT_PULLS);

  /** @param {SoundPlayoutConfig} [config] */
  constructor(config = new SoundPlayoutConfig()) {
    this.config = config;
    this.#frameS = config.frameUs / 1e6;
    this.#lateLimitS = config.lateLimitMs / 1000;
    this.#pauseLimit = Math.max(1, Math.floor(PAUSE_US / config.frameUs));
    this.#transits = new RecentTimes(Math.max(LOOK_EVERY, Math.floor(LOOK_BACK_US / config.frameUs)));
    /** What a packet of the quickest kind waits at present, seconds. */
    this.holdS = Math.min(Math.max(FIRST_HOLD_S, config.minHoldMs / 1000), config.maxHoldMs / 1000);
    /** @type {?number} How long packets waited until they were played, seconds, smoothed. */
    this.waitedS = null;
    /** Blocks played. */
    this.played = 0;
    /** Blocks merged into the one after them, or put in, to change the delay. */
    this.spliced = 0;
    /** Blocks that were missing when they were due. */
    this.concealed = 0;
    /** Packets that came after their block was concealed. */
    this.late = 0;
    /** Packets dropped, because they were far too late or too many. */
    this.drops = 0;
  }

  /**
   * Take a packet, in any order; its id must be unwrapped.
   *
   * @param {import("./packet.js").SoundPacket} packet Kept until it is played.
   * @param {number} now Monotonic seconds at which it was known.
   */
  add(packet, now) {
    const id = packet.packetId;
    this.#noteTransit(now - packet.captureUs / 1e6, now);
    if (this.#nextId !== null && Math.abs(id - this.#nextId) > 4 * this.config.limitPackets) {
      this.#restart();
    }
    if (this.#packets.has(id)) {
      return;
    }
    if (this.#nextId !== null && id < this.#nextId) {
      this.late += 1;
      return;
    }
    this.#packets.set(id, { packet, cameAt: now });
    this.#heldBytes += packet.opus.length + PACKET_OVERHEAD_BYTES;
    this.#highWaterBytes = Math.max(this.#highWaterBytes, this.usedBytes);
    while (this.#packets.size > this.config.limitPackets) {
      this.#drop(this.#oldestId());
    }
  }

  /**
   * Say what the next block is made from; called once for each block that is played.
   *
   * @param {number} now Monotonic seconds at which it is pulled.
   * @returns {import("./pull.js").Pull}
   */
  pull(now) {
    if (!this.#isPlaying && !this.#start(now)) {
      return SILENCE;
    }
    let entry = this.#packets.get(this.#nextId);
    if (entry === undefined) {
      return this.#pullMissing(now);
    }
    const breakUs = entry.packet.captureUs - this.#expectedUs;
    if (breakUs > 2 * this.config.frameUs && !this.#isDue(entry.packet, now)) {
      this.#isPlaying = false; // the sound had a break that nothing announced, and the time for it
      return SILENCE;
    }
    if (now - this.#dueAt(entry.packet) > this.#lateLimitS) {
      this.#catchUp(now);
      entry = this.#packets.get(this.#nextId);
      if (entry === undefined) {
        return this.#pullMissing(now);
      }
    }
    if (Math.abs(this.#errorS) > SPLICE_FROM_S && now - this.#splicedAt >= SPLICE_EVERY_S) {
      return this.#splice(entry, now);
    }
    return this.#play(entry, now);
  }

  /** How much quicker than captured the next block must be played, 1 for as it is. */
  get speed() {
    const change = this.#drift + this.#toCorrectS * GAIN_PER_S;
    return 1 + Math.min(Math.max(change, -MAX_SPEED_CHANGE), MAX_SPEED_CHANGE);
  }

  /**
   * Hold sound for so much longer, for a picture that is late. 0 to `MAX_EXTRA_HOLD_S`; more is cut off.
   * Seconds.
   */
  get extraHoldS() {
    return this.#extraHoldS;
  }

  set extraHoldS(seconds) {
    this.#extraHoldS = Math.min(Math.max(seconds, 0), MAX_EXTRA_HOLD_S);
  }

  /** Most bytes it can hold. */
  get capBytes() {
    const packets = (this.config.limitPackets + 1) * (MAX_OPUS_BYTES + PACKET_OVERHEAD_BYTES);
    return packets + this.#transits.bytes + this.#delays.bytes + OWN_BYTES;
  }

  /** Bytes it holds now: packets, and the times that it looks back on. */
  get usedBytes() {
    return this.#heldBytes + this.#transits.bytes + this.#delays.bytes + OWN_BYTES;
  }

  /** Most bytes it has held. */
  get highWaterBytes() {
    return Math.max(this.#highWaterBytes, this.usedBytes);
  }

  // Playing.

  /** Begin with the oldest packet if it is due; say whether it is. */
  #start(now) {
    if (this.#packets.size === 0) {
      return false;
    }
    const first = this.#oldestId();
    const { packet } = this.#packets.get(first);
    if (!this.#isDue(packet, now)) {
      return false;
    }
    this.#nextId = first;
    this.#expectedUs = packet.captureUs;
    this.#isPlaying = true;
    this.#isSilent = false;
    this.#madeUp = 0;
    this.#errorS = 0;
    this.#delays.clear();
    return true;
  }

  #isDue(packet, now) {
    return this.#dueAt(packet) <= now + this.#frameS / 2;
  }

  #dueAt(packet) {
    return packet.captureUs / 1e6 + this.#baseS + this.holdS + this.#extraHoldS;
  }

  /** Say what to play while the next packet is not here. */
  #pullMissing(now) {
    if (this.#isSilent) {
      this.#isPlaying = false;
      return SILENCE;
    }
    if (this.#packets.size === 0) {
      this.#madeUp += 1;
      this.#delays.clear();
      if (this.#madeUp > this.#pauseLimit) {
        this.#isPlaying = false;
        return SILENCE;
      }
      this.concealed += 1;
      return MADE_UP;
    }
    this.#skipMadeUp();
    if (this.#packets.has(this.#nextId)) {
      return this.pull(now);
    }
    if (this.#oldestId() - this.#nextId > this.#pauseLimit) {
      this.#isPlaying = false; // what comes after the hole begins anew, when it is due
      return SILENCE;
    }
    this.#goOn();
    this.concealed += 1;
    const packet = this.#packets.get(this.#nextId)?.packet ?? null;
    return { kind: PullKind.CONCEAL, packet, merged: null };
  }

  /** Pass over the missing packets for which blocks were made up before anything told that they are lost. */
  #skipMadeUp() {
    const missing = this.#oldestId() - this.#nextId;
    for (let count = Math.min(missing, this.#madeUp); count > 0; count -= 1) {
      this.#goOn();
    }
    this.#madeUp = 0;
  }

  #play({ packet, cameAt }, now, merged = null) {
    this.#take(packet.packetId);
    this.#expectedUs = packet.captureUs;
    this.#goOn();
    this.#isSilent = packet.isSilent;
    this.#madeUp = 0;
    this.#notePull(packet, now);
    const waitedS = now - cameAt;
    this.waitedS = this.waitedS === null ? waitedS : this.waitedS + (waitedS - this.waitedS) / 50;
    this.played += 1;
    return { kind: PullKind.PLAY, packet, merged };
  }

  /** Change the delay by a block: play two as one if it is too long, put one in if it is too short. */
  #splice(entry, now) {
    const { packet } = entry;
    const following = this.#packets.get(packet.packetId + 1);
    if (packet.isSilent || (this.#errorS > 0 && following === undefined)) {
      return this.#play(entry, now);
    }
    this.#splicedAt = now;
    this.#delays.clear();
    this.spliced += 1;
    if (this.#errorS < 0) {
      this.#errorS += this.#frameS;
      return MADE_UP;
    }
    this.#errorS -= this.#frameS;
    this.#take(packet.packetId);
    this.#goOn();
    return this.#play(following, now, packet);
  }

  #goOn() {
    this.#nextId += 1;
    this.#expectedUs += this.config.frameUs;
  }

  /** Drop the oldest packets until the next one is about due. */
  #catchUp(now) {
    for (const id of [...this.#packets.keys()].sort((one, other) => one - other)) {
      const { packet } = this.#packets.get(id);
      if (now - this.#dueAt(packet) <= this.#frameS / 2) {
        break;
      }
      this.#nextId = id + 1;
      this.#expectedUs = packet.captureUs + this.config.frameUs;
      this.#drop(id);
    }
    this.#errorS = 0;
    this.#delays.clear();
  }

  #take(id) {
    const { packet } = this.#packets.get(id);
    this.#packets.delete(id);
    this.#heldBytes -= packet.opus.length + PACKET_OVERHEAD_BYTES;
  }

  #drop(id) {
    this.#take(id);
    this.drops += 1;
    if (this.#nextId !== null && id >= this.#nextId) {
      const missing = id + 1 - this.#nextId;
      this.#nextId += missing;
      this.#expectedUs += missing * this.config.frameUs;
    }
  }

  /** Forget everything but times: the host went on at another place. */
  #restart() {
    this.#packets.clear();
    this.#heldBytes = 0;
    this.#nextId = null;
    this.#isPlaying = this.#isSilent = false;
  }

  /** @returns {number} The smallest id that waits; there is one. */
  #oldestId() {
    let oldest = Infinity;
    for (const id of this.#packets.keys()) {
      oldest = Math.min(oldest, id);
    }
    return oldest;
  }

  // Learning.

  /** Learn from how long a packet was on its way. */
  #noteTransit(transitS, now) {
    const transits = this.#transits;
    if (transits.size > 0 && Math.abs(transitS - this.#baseS) > NEW_CLOCK_S) {
      transits.clear();
    }
    if (transits.size === 0) {
      this.#baseS = transitS;
      this.#lookedAt = now;
    }
    transits.push(transitS);
    this.#baseS = Math.min(this.#baseS, transitS);
    this.#untilLook -= 1;
    if (this.#untilLook <= 0) {
      this.#untilLook = LOOK_EVERY;
      this.#look(now);
    }
  }

  /** Reckon base and hold anew. */
  #look(now) {
    const ordered = this.#transits.sorted();
    this.#baseS = ordered[0];
    const jitterS = ordered[Math.floor(ordered.length * QUANTILE)] - ordered[0];
    const neededS = this.config.minHoldMs / 1000 + jitterS + this.#aheadOfBeatS();
    const fallsPerS = HOLD_FALLS_PER_S + Math.max(0, this.holdS - neededS) / HOLD_DECAYS_S;
    const lowestS = this.holdS - fallsPerS * Math.max(0, now - this.#lookedAt);
    this.#lookedAt = now;
    const holdS = Math.min(Math.max(neededS, lowestS), this.config.maxHoldMs / 1000);
    this.#isSettled = Math.abs(holdS - this.holdS) < SETTLED_S;
    this.holdS = holdS;
  }

  /** @returns {number} How much the earliest of the last pulls was ahead of an even beat. */
  #aheadOfBeatS() {
    const delays = this.#delays;
    return delays.size === BEAT_PULLS ? delays.sum() / BEAT_PULLS - delays.least() : 0;
  }

  /** How late blocks are played, where that is more than pulls and packets are uneven. */
  get #toCorrectS() {
    return this.#errorS - Math.min(Math.max(this.#errorS, -UNCORRECTED_S), UNCORRECTED_S);
  }

  /** Learn from when a packet was pulled. */
  #notePull(packet, now) {
    this.#delays.push(now - packet.captureUs / 1e6);
    this.#errorS += (now - this.#dueAt(packet) - this.#errorS) * ERROR_WEIGHT;
    if (this.#isSettled) {
      const drift = this.#drift + this.#toCorrectS * LEARNING_PER_S2 * this.#frameS;
      this.#drift = Math.min(Math.max(drift, -MAX_DRIFT), MAX_DRIFT);
    }
  }
}
