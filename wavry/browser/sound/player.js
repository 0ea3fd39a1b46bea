/**
 * From packets to the ring: order, decoding, concealment, fades, loudness, and stretching. The twin of
 * `wavry/client/sound/player.py`, whose sound card asks for samples; here a timer asks, when the card's clock
 * says so.
 *
 * The card takes samples in bursts. The player writes evenly all the same: each block once less than `aheadS`
 * would be left of what the card needs at the next burst. So a block is decided on as late as may be, and the
 * playout sees a beat without bursts. A ring that ran dry twice within 5 s is given half as much again, up to
 * 60 ms; after 30 s without it is given less again.
 */

import { SoundPlayoutConfig } from "../rift/sound/config.js";
import { MAX_SPEED_CHANGE, SoundPlayout } from "../rift/sound/playout.js";
import { PullKind } from "../rift/sound/pull.js";
import { BlockDecoder, MAX_PENDING } from "./decoder.js";
import { DeviceClock, SAMPLE_RATE } from "./device_clock.js";
import { Resampler } from "./resampler.js";

/**
 * What lies ahead in the ring after the card's burst: the worker may wake up so much later than it should.
 */
const LEAST_AHEAD_S = 0.008;
const MOST_AHEAD_S = 0.06;
const GROWTH = 1.5;
const FORGIVEN_S = 5;
const CALM_S = 30;

/** A card that just began runs dry, and that says nothing. */
const SETTLES_S = 3;

/** How soon to look again where the card has not begun to take anything. */
const NOT_BEGUN_S = 0.005;

/** More than this is in the ring only where the card has stopped; nothing is written then. */
const FULL_S = 0.13;

/** One stream of one format, played to one ring. Used by one worker. */
export class SoundPlayer {
  #ring;
  #decoder;
  #resampler;
  #clock = new DeviceClock();
  #channels;
  #blockFrames;
  #given = 0; // frames pulled and not yet written
  #placed; // frames pulled, modulo 2^32: the place in the ring of the next block
  #loudness = 0; // of the last block; 0 while there is silence
  #pulledLoudness = 0; // of the last block that was pulled
  #before; // the first half of two packets that are played as one
  #heard;
  #ranDryAt = -Infinity;
  #changedAt;
  #settledAt;
  #underruns;

  /**
   * @param {import("./ring.js").Ring} ring To write to.
   * @param {number} frameUs Length of a block.
   * @param {number} now Seconds.
   * @param {(packet: object, place: number) => void} heard Told of each packet that is played, and the place
   *   of its first frame in the ring, modulo 2^32.
   * @throws {RangeError} Nothing of the kind is known here.
   */
  constructor(ring, frameUs, now, heard = () => {}) {
    this.#ring = ring;
    this.#channels = ring.channels;
    this.#decoder = new BlockDecoder(ring.channels, frameUs);
    this.#blockFrames = this.#decoder.blockFrames;
    this.#resampler = new Resampler(ring.channels, this.#blockFrames, MAX_SPEED_CHANGE);
    this.#before = Array.from({ length: ring.channels }, () => new Float32Array(this.#blockFrames));
    this.#heard = heard;
    this.#settledAt = this.#changedAt = now + SETTLES_S;
    this.#underruns = ring.underruns;
    this.#placed = ring.written;
    /** What waits to be played. */
    this.playout = new SoundPlayout(new SoundPlayoutConfig({ frameUs }));
    /** What lies ahead in the ring at the least, seconds. */
    this.aheadS = LEAST_AHEAD_S;
    /** How often the ring ran dry. */
    this.underruns = 0;
    /** 0 to 1; a change is faded over one block. */
    this.volume = 1;
  }

  /** Whether the card has begun to take what is in the ring; browsers take seconds to open one. */
  get hasBegun() {
    return this.#ring.taken !== 0;
  }

  /** Blocks that were made up. */
  get concealed() {
    return this.playout.concealed + this.#decoder.undecodable;
  }

  /**
   * Decide on the blocks that are due. Call it again then, or sooner.
   *
   * @param {number} now Seconds.
   * @returns {number} Seconds until the next block is due.
   */
  pump(now) {
    const ring = this.#ring;
    if (!this.hasBegun) {
      return NOT_BEGUN_S;
    }
    this.#clock.note(ring.taken, now);
    this.#watch(now);
    const neededFrames = this.#clock.needed(now) - ring.dry + this.aheadS * SAMPLE_RATE;
    const fullFrames = FULL_S * SAMPLE_RATE;
    for (;;) {
      const missing = modulo(neededFrames - this.#placed);
      const isFull = ring.waiting + this.#given > fullFrames || this.#decoder.pending >= MAX_PENDING;
      if (missing <= 0 || isFull) {
        return Math.max(-missing, isFull ? this.#blockFrames : 0) / SAMPLE_RATE;
      }
      this.#pull(now);
    }
  }

  /** End it. Idempotent. */
  close() {
    this.#decoder.close();
  }

  /** Give the ring more ahead where it runs dry, and less again when it has not for long. */
  #watch(now) {
    const underruns = (this.#ring.underruns - this.#underruns) | 0;
    if (underruns > 0) {
      this.#underruns = this.#ring.underruns;
      if (now < this.#settledAt) {
        return;
      }
      this.underruns += underruns;
      if (now - this.#ranDryAt < FORGIVEN_S && this.aheadS < MOST_AHEAD_S) {
        this.aheadS = Math.min(this.aheadS * GROWTH, MOST_AHEAD_S);
        this.#changedAt = now;
      }
      this.#ranDryAt = now;
    } else if (this.aheadS > LEAST_AHEAD_S && now - Math.max(this.#ranDryAt, this.#changedAt) > CALM_S) {
      this.aheadS = Math.max(this.aheadS / GROWTH, LEAST_AHEAD_S);
      this.#changedAt = now;
    }
  }

  /** Decide on one block and give it to the decoder. */
  #pull(now) {
    const pull = this.playout.pull(now);
    const speed = this.playout.speed;
    const wasHeard = this.#pulledLoudness > 0;
    const loudness = pull.kind === PullKind.SILENCE ? 0 : this.volume;
    const frames = this.#blockFrames;
    this.#pulledLoudness = loudness;
    if (pull.kind === PullKind.PLAY) {
      this.#heard(pull.packet, this.#placed | 0);
    }
    this.#given += frames;
    this.#placed += frames;
    const write = (planes) => this.#write(planes, loudness, speed);
    if (pull.kind === PullKind.SILENCE && !wasHeard) {
      this.#decoder.pass(write);
    } else if (pull.kind !== PullKind.PLAY) {
      this.#decoder.conceal(now, write); // silence after sound is made up as well, to be faded out
    } else if (pull.merged === null) {
      this.#decoder.decode(pull.packet.opus, now, write);
    } else {
      this.#decoder.decode(pull.merged.opus, now, (planes) => this.#keep(planes));
      this.#decoder.decode(pull.packet.opus, now, (planes) => write(this.#merge(planes)));
    }
  }

  /** Fade a block, stretch it and write it. */
  #write(planes, loudness, speed) {
    const before = this.#loudness;
    this.#loudness = planes === null ? 0 : loudness;
    this.#given -= this.#blockFrames;
    const block = planes ?? this.#silence();
    if (before !== 1 || loudness !== 1) {
      fade(block, this.#blockFrames, before, loudness);
    }
    const frames = this.#resampler.process(block, speed);
    if (this.#ring.write(this.#resampler.planes, frames)) {
      this.#placed += frames - this.#blockFrames;
    } else {
      this.#placed -= this.#blockFrames; // the card has stopped, and the ring is full of what is too old
    }
  }

  #silence() {
    this.#before.forEach((plane) => plane.fill(0));
    return this.#before;
  }

  /** Keep the first of two blocks that are played as one. */
  #keep(planes) {
    this.#before.forEach((kept, channel) => (planes === null ? kept.fill(0) : kept.set(planes[channel])));
  }

  /** Go over from the kept block to this one. */
  #merge(planes) {
    if (planes === null) {
      return null;
    }
    const frames = this.#blockFrames;
    this.#before.forEach((first, channel) => {
      const second = planes[channel];
      for (let frame = 0; frame < frames; frame += 1) {
        const slope = (frame + 1) / frames;
        second[frame] = first[frame] * (1 - slope) + second[frame] * slope;
      }
    });
    return planes;
  }
}

/** Bring a block from one loudness to another. */
function fade(planes, frames, from, to) {
  for (const plane of planes) {
    for (let frame = 0; frame < frames; frame += 1) {
      plane[frame] *= from + ((to - from) * (frame + 1)) / frames;
    }
  }
}

/** @returns {number} The difference of two counters modulo 2^32, as a small number, fraction included. */
function modulo(difference) {
  const whole = Math.floor(difference);
  return (whole | 0) + (difference - whole);
}
