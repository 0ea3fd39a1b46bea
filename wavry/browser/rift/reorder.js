/**
 * The reorder window: packets that came too early, until those before them are there or given up.
 *
 * A circular array. Ids are unwrapped once on entry, so a slot is the position modulo the capacity across the
 * wrap of the u32 as well. The head is the position that is delivered next; everything held lies within the
 * capacity from there, and a slot is cleared the moment it leaves that range. Nothing here waits: who reads
 * the window decides how long a gap may last, from `gapSince`, and ends it with `skipTo`.
 *
 * Far jumps follow RFC 3550 appendix A.1. An id that is further than `max(2 * windowSize, 3000)` from the
 * head, in either direction, is a suspect: the window stays where it is and keeps that one packet aside. Only
 * a second id close to the suspect makes the window start again there. So one forged id changes nothing, and
 * a peer that really went on elsewhere is followed after two packets.
 *
 * Bound: `maxBytes`, counted as the Python twin counts, so that both drop the same packets. The objects
 * around a datagram of its own buffer take about 200 bytes more in V8, 0.4 MB for a full window of 2048.
 */

import { serialDistance, unwrap } from "./sequence.js";

/** Charged for each packet besides its bytes. */
export const PACKET_OVERHEAD_BYTES = 64;

/** One pointer and one arrival time. */
const SLOT_BYTES = 16;

/** The window's own few objects, at most an eighth of a tiny `maxBytes`. */
const OWN_BYTES = 1024;

/**
 * RFC 3550's MAX_DROPOUT: a second and a half at 20 Mbit/s. More than that was not lost, it is another
 * sequence.
 */
const MAX_JUMP_PACKETS = 3000;

/** What became of an inserted packet. */
export const InsertResult = Object.freeze({
  /** It is in the window. Older packets may have given way; `drops` counts them. */
  STORED: 0,
  /** It is held already; the first one stays. */
  DUPLICATE: 1,
  /** It lies before the window: delivered before, or given up. */
  TOO_OLD: 2,
  /** It does not fit into `maxBytes`, alone or as the oldest of all that is held. */
  DROPPED: 3,
  /** Implausibly far away; set aside until another id confirms it. */
  SUSPECT: 4,
  /** It confirmed a suspect. All that was held is dropped and the window begins at the earlier of the two. */
  RESTARTED: 5,
});

/**
 * A window of the next `windowSize` packets, at most `maxBytes` in all.
 *
 * Policy when full, in packets or bytes: the oldest give way and the window moves past them.
 */
export class ReorderBuffer {
  policy = "the oldest packets give way";
  /** Bytes of the packets held, without any overhead. */
  sizeBytes = 0;
  /** Packets held. */
  occupancy = 0;
  /** Packets that were held or offered and gave way. */
  drops = 0;
  /** Packets that were held already when they came. */
  duplicates = 0;
  /** Packets that came after the window had moved past them. */
  tooOld = 0;
  /** When the packet that was last taken out had arrived, monotonic seconds. */
  poppedArrivedAt = 0;

  #capacity;
  #baseBytes;
  #maxJump;
  /** @type {(Uint8Array | null)[]} */
  #slots;
  #arrivals;
  /** @type {number | null} */
  #head;
  #isStartOpen;
  #newest = 0;
  /** @type {{packetId: number, data: Uint8Array, arrivedAt: number} | null} */
  #suspect = null;
  /** @type {number | null} */
  #gapSince = null;
  #highWaterBytes;

  /**
   * @param {number} windowSize Most ids from the next one due to the newest held. The array is made smaller
   *   where it would alone take more than a quarter of `maxBytes`.
   * @param {number} [maxBytes] Most memory: packets, `PACKET_OVERHEAD_BYTES` for each, and its own objects.
   * @param {number | null} [start] The first id due. null lets the first packet decide; until something was
   *   delivered an earlier one still moves the start back.
   * @throws {RangeError} A size is below 1.
   */
  constructor(windowSize, maxBytes = 2_000_000, start = null) {
    if (!(windowSize >= 1 && maxBytes >= 1)) {
      throw new RangeError(`a window of ${windowSize} in ${maxBytes} bytes`);
    }
    this.#capacity = Math.min(windowSize, Math.max(1, Math.floor(maxBytes / (4 * SLOT_BYTES))));
    this.#baseBytes = this.#capacity * SLOT_BYTES + Math.min(OWN_BYTES, Math.floor(maxBytes / 8));
    this.#maxJump = Math.max(2 * windowSize, MAX_JUMP_PACKETS);
    this.#slots = new Array(this.#capacity).fill(null);
    this.#arrivals = new Float64Array(this.#capacity).fill(Infinity);
    this.#head = start === null ? null : start >>> 0;
    this.#isStartOpen = start === null;
    this.capBytes = maxBytes;
    this.#highWaterBytes = this.usedBytes;
  }

  /** Ids that it spans. */
  get capacity() {
    return this.#capacity;
  }

  /**
   * Let the next packet due by, if nothing is held; the caller has it in hand. The common case.
   *
   * @param {number} packetId A u32.
   * @returns {boolean} False, and nothing is done, for any other packet; that one is for `insert`.
   */
  passThrough(packetId) {
    let head = this.#head;
    if (head === null) {
      head = packetId;
    } else if (this.occupancy > 0 || (head ^ packetId) !== 0) {
      return false;
    }
    this.#head = head + 1;
    this.#isStartOpen = false;
    return true;
  }

  /**
   * Take a packet in. O(1), but for a slide O(number of ids slid over, at most the window).
   *
   * @param {number} packetId A u32.
   * @param {Uint8Array} data Kept by reference.
   * @param {number} [now] Monotonic seconds, for `gapSince` and `pop`.
   * @returns {number} An `InsertResult`; it never throws.
   */
  insert(packetId, data, now = 0) {
    if (this.#head === null) {
      this.#head = packetId;
    }
    const position = unwrap(packetId, this.#head);
    const ahead = position - this.#head;
    if (Math.abs(ahead) >= this.#maxJump) {
      return this.#judge(packetId, data, now);
    }
    if (ahead < 0 && !this.#moveStartBack(position)) {
      this.tooOld += 1;
      return InsertResult.TOO_OLD;
    }
    if (ahead >= this.#capacity) {
      this.#slide(position - this.#capacity + 1);
    }
    return this.#store(position, data, now);
  }

  /**
   * Take out the next packet due; `poppedArrivedAt` then says when it came.
   *
   * @returns {Uint8Array | null} null at a gap or when nothing is held.
   */
  pop() {
    if (this.occupancy === 0) {
      return null;
    }
    const index = this.#slotOf(this.#head);
    const data = this.#slots[index];
    if (data === null) {
      return null;
    }
    this.poppedArrivedAt = this.#arrivals[index];
    this.#clear(index, data);
    this.#head += 1;
    this.#isStartOpen = false;
    return data;
  }

  /**
   * Take out all packets up to the first gap, in the order of their ids.
   *
   * @returns {Uint8Array[]}
   */
  flushOrdered() {
    const ready = [];
    for (let data = this.pop(); data !== null; data = this.pop()) {
      ready.push(data);
    }
    return ready;
  }

  /**
   * Give up what is missing before `packetId`, and drop what is held before it; this id is due next.
   *
   * An id behind the window changes nothing. A suspect near the id is taken in.
   *
   * @param {number} packetId A u32.
   */
  skipTo(packetId) {
    if (this.#head === null) {
      this.#head = packetId;
    }
    this.#slide(unwrap(packetId, this.#head));
    if (this.#suspect !== null) {
      const ahead = serialDistance(this.#suspect.packetId, packetId);
      if (ahead >= 0 && ahead < this.#capacity) {
        this.#takeSuspect();
      }
    }
  }

  /**
   * The id the window waits for; null while nothing behind it is held, or when it is here. @type {number |
   * null}
   */
  get firstMissing() {
    return this.hasGap ? this.#head >>> 0 : null;
  }

  /** The id of the oldest packet held; null when empty. O(length of the gap). @type {number | null} */
  get nextPresent() {
    return this.occupancy === 0 ? null : this.#oldest(this.#head) >>> 0;
  }

  /**
   * Whether all of `count` packets from `firstId` on are held.
   *
   * O(count), but looks at the last ones first, which are not there yet while packets come in order.
   *
   * @param {number} firstId A u32.
   * @param {number} count
   * @returns {boolean}
   */
  holds(firstId, count) {
    if (this.#head === null || count > this.occupancy) {
      return false;
    }
    const first = unwrap(firstId, this.#head);
    if (first < this.#head || first - this.#head + count > this.#capacity) {
      return false;
    }
    for (let place = first + count - 1; place >= first; place--) {
      if (this.#slots[this.#slotOf(place)] === null) {
        return false;
      }
    }
    return true;
  }

  /** Whether packets are held that wait for an earlier one. */
  get hasGap() {
    return this.occupancy > 0 && this.#slots[this.#slotOf(this.#head)] === null;
  }

  /** When the first packet behind the present gap arrived; null without a gap. @type {number | null} */
  get gapSince() {
    if (!this.hasGap) {
      return null;
    }
    if (this.#gapSince === null) {
      let earliest = Infinity; // what empty slots hold
      for (const arrivedAt of this.#arrivals) {
        if (arrivedAt < earliest) {
          earliest = arrivedAt;
        }
      }
      this.#gapSince = earliest;
    }
    return this.#gapSince;
  }

  /** How full it is, 0 to 1: of its packets or of its bytes, whichever is nearer the bound. */
  get fullness() {
    const freeBytes = this.capBytes - this.#baseBytes;
    const heldBytes = this.usedBytes - this.#baseBytes;
    return Math.min(1, Math.max(this.occupancy / this.#capacity, heldBytes / freeBytes));
  }

  /** All the window holds now: packets, their overhead, a suspect, and its own objects. */
  get usedBytes() {
    const suspect = this.#suspect === null ? 0 : this.#suspect.data.length + PACKET_OVERHEAD_BYTES;
    return this.sizeBytes + this.occupancy * PACKET_OVERHEAD_BYTES + suspect + this.#baseBytes;
  }

  /** Most it has held. */
  get highWaterBytes() {
    return this.#highWaterBytes;
  }

  #slotOf(position) {
    const index = position % this.#capacity;
    return index < 0 ? index + this.#capacity : index;
  }

  #moveStartBack(position) {
    if (!this.#isStartOpen || this.#newest - position >= this.#capacity) {
      return false;
    }
    this.#head = position;
    this.#gapSince = null;
    return true;
  }

  #store(position, data, now) {
    const index = this.#slotOf(position);
    if (this.#slots[index] !== null) {
      this.duplicates += 1;
      return InsertResult.DUPLICATE;
    }
    if (!this.#makeRoom(position, data.length + PACKET_OVERHEAD_BYTES)) {
      this.drops += 1;
      return InsertResult.DROPPED;
    }
    this.#newest = this.occupancy > 0 ? Math.max(position, this.#newest) : position;
    this.#slots[index] = data;
    this.#arrivals[index] = now;
    this.occupancy += 1;
    if (this.occupancy === 1) {
      this.#gapSince = now; // spares the usual swap of two packets a search
    }
    this.sizeBytes += data.length;
    this.#highWaterBytes = Math.max(this.#highWaterBytes, this.usedBytes);
    return InsertResult.STORED;
  }

  /**
   * Drop the oldest until `neededBytes` fit; false when the newcomer is the oldest itself, or can never fit.
   */
  #makeRoom(position, neededBytes) {
    if (neededBytes + this.#baseBytes > this.capBytes) {
      return false;
    }
    while (this.usedBytes + neededBytes > this.capBytes) {
      if (this.occupancy === 0) {
        this.#suspect = null;
        continue;
      }
      const oldest = this.#oldest(this.#head);
      if (position < oldest) {
        this.#slide(position + 1);
        return false;
      }
      this.#slide(oldest + 1);
    }
    return true;
  }

  /** Return the first position that is held, from `position` on; there must be one. */
  #oldest(position) {
    while (this.#slots[this.#slotOf(position)] === null) {
      position += 1;
    }
    return position;
  }

  /** Move the head forward, dropping what it passes. A place behind the head changes nothing. */
  #slide(newHead) {
    const head = this.#head;
    if (newHead <= head) {
      return;
    }
    const end = Math.min(newHead, head + this.#capacity);
    for (let position = head; position < end && this.occupancy > 0; position++) {
      const index = this.#slotOf(position);
      const data = this.#slots[index];
      if (data !== null) {
        this.#clear(index, data);
        this.drops += 1;
      }
    }
    this.#head = newHead;
    this.#isStartOpen = false;
    this.#gapSince = null;
  }

  #clear(index, data) {
    this.#slots[index] = null;
    this.#arrivals[index] = Infinity;
    this.occupancy -= 1;
    this.sizeBytes -= data.length;
    this.#gapSince = null;
  }

  /** Set a far-away packet aside, or follow it when the suspect before it was close. */
  #judge(packetId, data, now) {
    const suspect = this.#suspect;
    if (suspect !== null) {
      const distance = serialDistance(packetId, suspect.packetId);
      if (distance === 0) {
        this.duplicates += 1;
        return InsertResult.DUPLICATE;
      }
      if (Math.abs(distance) < this.#capacity) {
        this.#restart(distance < 0 ? packetId : suspect.packetId);
        this.#takeSuspect();
        this.#store(unwrap(packetId, this.#head), data, now);
        return InsertResult.RESTARTED;
      }
      this.#suspect = null;
      this.drops += 1;
    }
    if (this.usedBytes + data.length + PACKET_OVERHEAD_BYTES <= this.capBytes) {
      this.#suspect = { packetId, data, arrivedAt: now };
      this.#highWaterBytes = Math.max(this.#highWaterBytes, this.usedBytes);
    }
    return InsertResult.SUSPECT;
  }

  #restart(packetId) {
    this.#slide(this.#head + this.#capacity);
    this.#head = packetId;
    this.#newest = packetId;
  }

  /** Put the packet that was set aside into the window, where it now belongs. */
  #takeSuspect() {
    const { packetId, data, arrivedAt } = this.#suspect;
    this.#suspect = null;
    this.#store(unwrap(packetId, this.#head), data, arrivedAt);
  }
}
