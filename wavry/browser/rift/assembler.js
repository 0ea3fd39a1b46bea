/** From packets in order back to access units. */

import { LossReason } from "./events.js";
import { HEADER_BYTES, KEYFRAME_BIT, UNIT_HEADER_BYTES, readU32 } from "./packet.js";

/** Charged for each fragment besides its payload, as in the Python twin. */
export const FRAGMENT_OVERHEAD_BYTES = 64;

/** Cap of one unit in the making. It also ends a unit that a peer cuts into 65535 crumbs. */
export const MAX_ASSEMBLY_BYTES = 2_000_000;

/** @typedef {{epoch: number, frameId: number, isKeyframe: boolean, reason: string}} LostUnit A unit given up. */
/** @typedef {{unit: import("./events.js").AccessUnit, firstArrivalAt: number}} AssembledUnit */

/**
 * Joins the fragments of one access unit at a time.
 *
 * Packets must be given in the order of their ids, gaps left out. A unit is complete with its last fragment; nothing
 * waits for the next unit. A fragment that does not continue what came before ends the unit in the making, which then
 * stands in `losses`, and whatever follows of a lost unit is ignored. No packet, however wrong, throws.
 *
 * Ownership: datagrams are kept by reference and joined with one copy; the finished unit is the caller's.
 */
export class FrameAssembler {
  policy = "a unit that does not fit is given up";
  capBytes = MAX_ASSEMBLY_BYTES;
  /** Units given up since the caller last cleared it; at most two for each packet. @type {LostUnit[]} */
  losses = [];
  drops = 0;

  /** @type {Uint8Array[]} */
  #datagrams = [];
  #payloadBytes = 0;
  #highWaterBytes = 0;
  #count = 0;
  #frameId = -1;
  #epoch = -1;
  #keyframeBit = 0;
  #captureUs = 0;
  #firstArrivalAt = 0;
  /** The unit whose further fragments are ignored; -1 for none. */
  #givenUpFrameId = -1;
  #givenUpEpoch = -1;

  /** Whether a unit is begun and not finished. */
  get isBusy() {
    return this.#datagrams.length > 0;
  }

  /** Whether the unit in the making is a keyframe. */
  get isKeyframeBegun() {
    return this.#datagrams.length > 0 && this.#keyframeBit !== 0;
  }

  /** Fragments held, with their overhead. */
  get usedBytes() {
    return this.#payloadBytes + this.#datagrams.length * FRAGMENT_OVERHEAD_BYTES;
  }

  /** Most it has held. */
  get highWaterBytes() {
    return this.#highWaterBytes;
  }

  /**
   * Take the next packet.
   *
   * @param {import("./packet.js").Packet} packet Its datagram is kept until the unit is finished or given up.
   * @param {number} arrivedAt Monotonic seconds; later packets may have arrived earlier.
   * @returns {AssembledUnit | null} The unit that this packet completed. Look into `losses` as well.
   */
  add(packet, arrivedAt) {
    const index = packet.fragmentIndex;
    const continues =
      index !== 0 &&
      index === this.#datagrams.length &&
      packet.frameId === this.#frameId &&
      packet.fragmentCount === this.#count &&
      packet.epoch === this.#epoch &&
      packet.captureUs === this.#captureUs &&
      (packet.flags & KEYFRAME_BIT) === this.#keyframeBit;
    if (!continues && !this.#begin(packet)) {
      return null;
    }

    const bytes = this.usedBytes + packet.payloadBytes + FRAGMENT_OVERHEAD_BYTES;
    if (bytes > MAX_ASSEMBLY_BYTES) {
      this.drops += 1;
      this.giveUp(LossReason.MALFORMED);
      return null;
    }
    this.#datagrams.push(packet.datagram);
    this.#payloadBytes += packet.payloadBytes;
    if (index === 0 || arrivedAt < this.#firstArrivalAt) {
      this.#firstArrivalAt = arrivedAt;
    }
    return index + 1 === this.#count ? this.#finish() : null;
  }

  /**
   * End the unit in the making, if there is one; it goes to `losses`.
   *
   * @param {string} reason A `LossReason`.
   */
  giveUp(reason) {
    if (this.#datagrams.length > 0) {
      this.#lose(this.#epoch, this.#frameId, this.#keyframeBit, reason);
    }
    this.#clear();
  }

  /** Start a unit if `packet` is the first of one; else note what is lost with it. */
  #begin(packet) {
    const same = packet.frameId === this.#frameId && packet.epoch === this.#epoch;
    const contradicts = same && packet.fragmentIndex <= this.#datagrams.length;
    this.giveUp(contradicts ? LossReason.MALFORMED : LossReason.INCOMPLETE);
    if (packet.frameId === this.#givenUpFrameId && packet.epoch === this.#givenUpEpoch) {
      return false;
    }
    if (packet.fragmentIndex > 0) {
      this.#lose(packet.epoch, packet.frameId, packet.flags, LossReason.INCOMPLETE);
      return false;
    }
    if (packet.payloadBytes < UNIT_HEADER_BYTES) {
      this.#lose(packet.epoch, packet.frameId, packet.flags, LossReason.MALFORMED);
      return false;
    }
    this.#givenUpFrameId = -1;
    this.#frameId = packet.frameId;
    this.#epoch = packet.epoch;
    this.#keyframeBit = packet.flags & KEYFRAME_BIT;
    this.#count = packet.fragmentCount;
    this.#captureUs = packet.captureUs;
    return true;
  }

  #finish() {
    const [first] = this.#datagrams;
    const unit = {
      data: this.#join(),
      isKeyframe: this.#keyframeBit !== 0,
      frameId: this.#frameId,
      epoch: this.#epoch,
      captureUs: this.#captureUs,
      timings: {
        capturedUs: readU32(first, HEADER_BYTES),
        encodeStartedUs: readU32(first, HEADER_BYTES + 4),
        encodedUs: readU32(first, HEADER_BYTES + 8),
      },
    };
    this.#clear();
    return { unit, firstArrivalAt: this.#firstArrivalAt };
  }

  #join() {
    const data = new Uint8Array(this.#payloadBytes - UNIT_HEADER_BYTES);
    let begin = HEADER_BYTES + UNIT_HEADER_BYTES;
    let at = 0;
    for (const datagram of this.#datagrams) {
      data.set(datagram.subarray(begin), at);
      at += datagram.length - begin;
      begin = HEADER_BYTES;
    }
    return data;
  }

  #lose(epoch, frameId, flags, reason) {
    this.#givenUpEpoch = epoch;
    this.#givenUpFrameId = frameId;
    this.losses.push({ epoch, frameId, isKeyframe: (flags & KEYFRAME_BIT) !== 0, reason });
  }

  #clear() {
    this.#highWaterBytes = Math.max(this.#highWaterBytes, this.usedBytes);
    this.#datagrams.length = 0;
    this.#payloadBytes = 0;
    this.#frameId = -1;
  }
}
