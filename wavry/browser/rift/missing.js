/** Packets that should have come: since when each is missed, and when it is worth asking for. */

import { serialDistance } from "./sequence.js";

/** Most packets that are asked for at a time. A hole larger than that is an outage: a keyframe costs less. */
export const MAX_MISSING = 128;

/** An id, what is known of it, and their place in a map that has grown. */
const ENTRY_BYTES = 240;

/** What is left of the reordering last seen with each packet that comes late: half of it after 35. */
const REORDER_DECAY = 0.98;
const MAX_REORDER_WAIT_S = 0.03;

/** An answer takes a round trip and what its jitter adds. */
const RETRY_RTTS = 1.25;

/** Half a frame at 60 fps: the host answers when it next looks at its socket, behind what is leaving. */
const RETRY_MARGIN_S = 0.008;

/**
 * Decides which packets to ask for, and when.
 *
 * A packet is asked for as soon as it is certain that it was not merely overtaken, and again after each round
 * trip, as long as the answer can come before the packet's deadline. How long overtaken packets take is
 * learned from those that came.
 *
 * Bound: `MAX_MISSING` entries. Policy when full: a hole too large is not asked for.
 */
export class MissingPackets {
  policy = "a hole too large is not asked for";
  capBytes = MAX_MISSING * ENTRY_BYTES;
  highWaterBytes = 0;
  /** Packets that were not asked for because there were too many. */
  drops = 0;
  /** @type {Map<number, {since: number, askAt: number, asks: number}>} */
  #packets = new Map();
  #nextDueAt = Infinity;
  #reorderWaitS = 0;

  /** How many are missed. */
  get size() {
    return this.#packets.size;
  }

  /** What those that are missed take. */
  get usedBytes() {
    return this.#packets.size * ENTRY_BYTES;
  }

  /**
   * Whether a packet is missed and worth asking for.
   *
   * @param {number} packetId A u32.
   * @returns {boolean}
   */
  has(packetId) {
    return this.#packets.has(packetId);
  }

  /**
   * Take note of a hole.
   *
   * @param {number} beforeId The packet that showed it.
   * @param {number} count How many before it are missing. More than `MAX_MISSING` are not asked for at all.
   * @param {number} now Monotonic seconds.
   * @param {number} graceS How long parity may take to fill it.
   */
  note(beforeId, count, now, graceS) {
    if (count + this.#packets.size > MAX_MISSING) {
      this.drops += count + this.#packets.size;
      this.clear();
      return;
    }
    const askAt = now + Math.max(this.#reorderWaitS, graceS);
    for (let packetId = beforeId - count; packetId < beforeId; packetId++) {
      this.#packets.set(packetId >>> 0, { since: now, askAt, asks: 0 });
    }
    this.#nextDueAt = Math.min(this.#nextDueAt, askAt);
    this.highWaterBytes = Math.max(this.highWaterBytes, this.usedBytes);
  }

  /**
   * Cross a packet off.
   *
   * @param {number} packetId Any that came, missed or not.
   * @param {number} now Monotonic seconds.
   * @param {boolean} isLate Whether it came by itself, only later than those behind it.
   */
  arrived(packetId, now, isLate) {
    const missing = this.#packets.get(packetId);
    if (missing !== undefined) {
      this.#packets.delete(packetId);
    }
    if (this.#packets.size === 0) {
      this.#nextDueAt = Infinity;
    }
    if (missing !== undefined && isLate) {
      const waitS = Math.min(now - missing.since, MAX_REORDER_WAIT_S);
      this.#reorderWaitS = Math.max(this.#reorderWaitS * REORDER_DECAY, waitS);
    }
  }

  /**
   * Give up all that lie before an id.
   *
   * @param {number} packetId A u32.
   */
  forgetBefore(packetId) {
    for (const each of this.#packets.keys()) {
      if (serialDistance(each, packetId) < 0) {
        this.#packets.delete(each);
      }
    }
    if (this.#packets.size === 0) {
      this.#nextDueAt = Infinity;
    }
  }

  /** Give up all. */
  clear() {
    this.#packets.clear();
    this.#nextDueAt = Infinity;
  }

  /**
   * Return the ids to ask for now, in order.
   *
   * @param {number} now Monotonic seconds.
   * @param {number} rttS How long an answer takes.
   * @param {number} deadlineS How long after it was missed a packet is still of use.
   * @returns {number[]}
   */
  takeDue(now, rttS, deadlineS) {
    const due = [];
    if (now < this.#nextDueAt) {
      return due;
    }
    this.#nextDueAt = Infinity;
    for (const [packetId, missing] of this.#packets) {
      if (now + rttS > missing.since + deadlineS) {
        continue; // the answer would be too late
      }
      if (missing.askAt <= now) {
        due.push(packetId);
        missing.asks += 1;
        missing.askAt = now + RETRY_RTTS * rttS + RETRY_MARGIN_S;
      }
      this.#nextDueAt = Math.min(this.#nextDueAt, missing.askAt);
    }
    return due;
  }

  /** When `takeDue` may have something; null when nothing is missed. @type {number | null} */
  get nextDueAt() {
    return this.#nextDueAt === Infinity ? null : this.#nextDueAt;
  }
}
