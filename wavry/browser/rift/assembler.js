/** From packets in order back to access units. */

import { LossReason } from "./events.js";
import { HEADER_BYTES, KEYFRAME_BIT, UNIT_HEADER_BYTES, readU32 } from "./packet.js";

/** Charged for each fragment besides its payload, as in the Python twin. */
export const FRAGMENT_OVERHEAD_BYTES = 64;

/** Cap of one unit in the making. It also ends a unit that a peer cuts into 65535 crumbs. */
export const MAX_ASSEMBLY_BYTES = 2_000_000;

/** Room to begin with: a frame at 20 Mbit/s and 60 fps. */
const FIRST_ROOM_BYTES = 65_536;

/**
 * @typedef {{epoch: number, frameId: number, isKeyframe: boolean, reason: string}} LostUnit A unit given up.
 */
/** @typedef {{unit: import("./events.js").AccessUnit, firstArrivalAt: number}} AssembledUnit */

/**
 * Joins the fragments of one access unit at a time.
 *
 * Packets must be given in the order of their ids, gaps left out. A unit is complete with its last fragment;
 * nothing waits for the next unit. A fragment that does not continue what came before ends the unit in the
 * making, which then stands in `losses`, and whatever follows of a lost unit is ignored. No packet, however
 * wrong, throws.
 *
 * Ownership: payloads are copied as they come, into memory that grows to the largest unit seen and never
 * beyond `MAX_ASSEMBLY_BYTES`, so that crumbs cost no more than their bytes; the finished unit is the
 * caller's.
 */
export class FrameAssembler {
  policy = "a unit that does not fit is given up";
  capBytes = MAX_ASSEMBLY_BYTES;
  /** Units given up since the caller last cleared it; at most two for each packet. @type {LostUnit[]} */
  losses = [];
  drops = 0;

  /** What came of the unit so far, without headers, and room for more. */
  #space = new Uint8Array(FIRST_ROOM_BYTES);
  #payloadBytes = 0;
  #nextIndex = 0;
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
    return this.#nextIndex > 0;
  }

  /** Whether the unit in the making is a keyframe. */
  get isKeyframeBegun() {
    return this.#nextIndex > 0 && this.#keyframeBit !== 0;
  }

  /** Fragments held, with their overhead. */
  get usedBytes() {
    return this.#payloadBytes + this.#nextIndex * FRAGMENT_OVERHEAD_BYTES;
  }

  /** Most it has held. */
  get highWaterBytes() {
    return this.#highWaterBytes;
  }

  /**
   * Take the next packet.
   *
   * @param {import("./packet.js").Packet} packet Its payload is copied.
   * @param {number} arrivedAt Monotonic seconds; later packets may have arrived earlier.
   * @returns {AssembledUnit | null} The unit that this packet completed. Look into `losses` as well.
   */
  add(packet, arrivedAt) {
    const index = packet.fragmentIndex;
    const continues =
      index !== 0 &&
      index === this.#nextIndex &&
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
    this.#append(packet.datagram);
    this.#nextIndex = index + 1;
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
    if (this.#nextIndex > 0) {
      this.#lose(this.#epoch, this.#frameId, this.#keyframeBit, reason);
    }
    this.#clear();
  }

  /** Start a unit if `packet` is the first of one; else note what is lost with it. */
  #begin(packet) {
    const same = packet.frameId === this.#frameId && packet.epoch === this.#epoch;
    const contradicts = same && packet.fragmentIndex <= this.#nextIndex;
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
    const unit = {
      data: this.#space.slice(UNIT_HEADER_BYTES, this.#payloadBytes),
      isKeyframe: this.#keyframeBit !== 0,
      frameId: this.#frameId,
      epoch: this.#epoch,
      captureUs: this.#captureUs,
      timings: {
        capturedUs: readU32(this.#space, 0),
        encodeStartedUs: readU32(this.#space, 4),
        encodedUs: readU32(this.#space, 8),
      },
    };
    this.#clear();
    return { unit, firstArrivalAt: this.#firstArrivalAt };
  }

  /** Copy what follows a datagram's header behind what is there. */
  #append(datagram) {
    const end = this.#payloadBytes + datagram.length - HEADER_BYTES;
    if (end > this.#space.length) {
      const larger = new Uint8Array(Math.min(MAX_ASSEMBLY_BYTES, Math.max(end, 2 * this.#space.length)));
      larger.set(this.#space.subarray(0, this.#payloadBytes));
      this.#space = larger;
    }
    this.#space.set(datagram.subarray(HEADER_BYTES), this.#payloadBytes);
    this.#payloadBytes = end;
  }

  #lose(epoch, frameId, flags, reason) {
    this.#givenUpEpoch = epoch;
    this.#givenUpFrameId = frameId;
    this.losses.push({ epoch, frameId, isKeyframe: (flags & KEYFRAME_BIT) !== 0, reason });
  }

  #clear() {
    this.#highWaterBytes = Math.max(this.#highWaterBytes, this.usedBytes);
    this.#nextIndex = 0;
    this.#payloadBytes = 0;
    this.#frameId = -1;
  }
}
