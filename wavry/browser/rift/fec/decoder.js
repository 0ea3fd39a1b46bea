/**
 * The receiving end: source and parity packets in, in any order; source packets out as soon as they are
 * determined.
 */

import { RemoteProtocolError } from "../errors.js";
import { unwrap } from "../sequence.js";
import { LENGTH_BYTES } from "./packets.js";
import { SymbolRing } from "./symbols.js";
import { EquationSystem } from "./system.js";

/**
 * Kept beyond a window, so that parity which came a little late still finds all of its window; what is later
 * than that, at the start of a stream as well, is not waited for.
 */
const SLACK_PACKETS = 32;

/** Of the slack, where no parity comes to say what is needed no more: an eighth of the time for each. */
const FORGOTTEN_AT_ONCE = 8;

/** What is further behind the newest packet is not late, it is of another sequence. */
const MAX_LATE_PACKETS = 3000;

/** Most parity packets that wait. A window never has more than 85. */
export const MAX_EQUATIONS = 128;

/**
 * Keeps the packets of the last window, and parity while it may still repair something.
 *
 * A packet's place is its unwrapped id. Packets at most `windowSize` ahead of the newest known one move the
 * window; one further away changes nothing until a second id close to it comes, then the window begins anew
 * there. Parity never moves the window ahead, and does not count where its own lies elsewhere. So a forged
 * packet costs at most the packets of one window, and no field sizes an allocation.
 *
 * Bound: the symbols of a window and its slack, and `MAX_EQUATIONS` more. Policy when full: the oldest
 * packets are forgotten, and what was to repair the oldest missing ones.
 *
 * Ownership: what comes in is copied, what is given back is the caller's.
 */
export class StreamingFecDecoder {
  policy = "the oldest packets are forgotten, with what was to repair them";
  /** Parity packets that could not be used: too old, too far ahead, or there were too many. */
  drops = 0;
  /** Packets given back that had not come. */
  recovered = 0;
  /** Repaired symbols that were no packet, because parity or packets were not what had been sent. */
  corrupt = 0;

  #windowSize;
  #symbolSize;
  #capacity;
  #symbols;
  #system;
  #oldest = 0;
  #newest = -1;
  /** Places from the oldest to the newest that hold no payload. */
  #missing = 0;
  #isStarted = false;
  /** Started, and no equation waits: a packet in order just takes its place. */
  #isQuiet = false;
  #forgottenBefore = -Infinity;
  /** Once a packet so new is known, those before the first one have come or never will. */
  #settledAt = Infinity;
  /** Windows that are still to come begin here or later. */
  #coveredFrom = -Infinity;
  /** @type {number | null} */
  #suspect = null;

  /**
   * @param {number} windowSize Most source packets under one parity packet, 1 to 200.
   * @param {number} symbolSize Largest source payload, bytes.
   */
  constructor(windowSize, symbolSize) {
    this.#windowSize = windowSize;
    this.#symbolSize = symbolSize;
    this.#capacity = windowSize + SLACK_PACKETS;
    this.#symbols = new SymbolRing(this.#capacity, symbolSize + LENGTH_BYTES);
    this.#system = new EquationSystem(this.#symbols, this.#capacity + windowSize, MAX_EQUATIONS);
  }

  /**
   * Take in a packet that came from the network.
   *
   * @param {number} packetId A u32.
   * @param {Uint8Array} payload Copied.
   * @returns {import("./packets.js").SourcePacket[]} The packets that just became known: this one, unless it
   *   was known or lies before the window, then those it helped to repair.
   * @throws {RemoteProtocolError} The payload is larger than a symbol; nothing changed.
   */
  addSourcePacket(packetId, payload) {
    if (payload.length > this.#symbolSize) {
      throw new RemoteProtocolError(`payload of ${payload.length} bytes, symbols have ${this.#symbolSize}`);
    }
    if (this.passThrough(packetId, payload)) {
      return [{ packetId, payload }];
    }
    return this.#addOutOfOrder(packetId, payload);
  }

  /**
   * Take in the next packet, while no parity waits for it: the common case.
   *
   * @param {number} packetId A u32.
   * @param {Uint8Array} payload Copied.
   * @returns {boolean} False, and nothing is done, for any other packet or a payload that is too large; these
   *   are for `addSourcePacket`.
   */
  passThrough(packetId, payload) {
    const place = this.#newest + 1;
    if (!this.#isQuiet || (place ^ packetId) !== 0 || payload.length > this.#symbolSize) {
      return false;
    }
    if (place - this.#oldest >= this.#capacity) {
      this.#forget(place - this.#capacity + FORGOTTEN_AT_ONCE);
    }
    this.#symbols.put(place, payload);
    this.#newest = place;
    return true;
  }

  /**
   * Take in a parity packet.
   *
   * @param {import("./packets.js").ParityPacket} parity From `ParityPacket.parse`, which has checked it.
   *   Copied.
   * @returns {import("./packets.js").SourcePacket[]} The packets that just became known, oldest first.
   * @throws {RemoteProtocolError} It is larger, or covers more packets, than this decoder allows; nothing
   *   changed.
   */
  addParityPacket(parity) {
    const { payload, sourceCount } = parity;
    if (payload.length > this.#symbols.symbolBytes || sourceCount > this.#windowSize) {
      throw new RemoteProtocolError(`parity of ${payload.length} bytes over ${sourceCount} packets`);
    }
    if (!this.#isStarted) {
      this.#start(parity.firstPacketId);
    }
    const first = unwrap(parity.firstPacketId, this.#newest);
    const end = first + sourceCount;
    if (end > this.#newest + 1 + this.#windowSize) {
      this.drops += 1;
      return [];
    }
    const isWhole = this.#reachBackTo(first);
    this.#noteRetired(parity, first);
    if (this.#missing === 0 && end <= this.#newest + 1) {
      return [];
    }
    const unknown = this.#unknownPlaces(first, end);
    if (unknown.length === 0) {
      return [];
    }
    if (!isWhole) {
      this.drops += 1;
      return [];
    }
    this.#makeRoom();
    this.#system.add(parity, first, unknown);
    return this.#solve();
  }

  /**
   * Whether parity that is still to come may cover the packet.
   *
   * @param {number} packetId A u32.
   * @returns {boolean}
   */
  canStillRepair(packetId) {
    const place = unwrap(packetId, this.#newest);
    return place >= this.#coveredFrom && place > this.#newest - this.#windowSize;
  }

  /** Parity packets that wait for others of their window, at most `MAX_EQUATIONS`. */
  get pendingGroups() {
    return this.#system.size;
  }

  /** Most it can hold. */
  get capBytes() {
    return this.#symbols.usedBytes + this.#system.capBytes;
  }

  /** What it has made room for; but for a few unknowns it never shrinks. */
  get usedBytes() {
    return this.#symbols.usedBytes + this.#system.usedBytes;
  }

  /** Most it has held. */
  get highWaterBytes() {
    return this.usedBytes;
  }

  /** Take in a packet that is not simply the next one, or for which equations wait. */
  #addOutOfOrder(packetId, payload) {
    if (!this.#isStarted) {
      this.#start(packetId);
    }
    const place = unwrap(packetId, this.#newest);
    const ahead = place - this.#newest;
    if (ahead > this.#windowSize || ahead < -MAX_LATE_PACKETS) {
      if (!this.#confirmsSuspect(place)) {
        return [{ packetId, payload }];
      }
      this.#start(place);
    }
    if (place <= this.#newest && (!this.#reachBackTo(place) || this.#symbols.has(place))) {
      return [];
    }
    this.#learn(place, payload);
    return [{ packetId, payload }, ...this.#solve()];
  }

  /** Begin anew, with nothing known and this place due next. */
  #start(place) {
    this.#forget(this.#newest + 1);
    this.#system.giveUpBefore(Infinity);
    this.#release();
    this.#oldest = place;
    this.#newest = place - 1;
    this.#forgottenBefore = this.#coveredFrom = -Infinity;
    this.#settledAt = place + SLACK_PACKETS;
    this.#suspect = null;
    this.#isStarted = true;
  }

  /** Whether another id close to this one was seen far away from the window; else this one is remembered. */
  #confirmsSuspect(place) {
    const suspect = this.#suspect;
    this.#suspect = place;
    return suspect !== null && place !== suspect && Math.abs(place - suspect) <= this.#windowSize;
  }

  /** Whether the window begins at the place or before; it is made to, where nothing was forgotten. */
  #reachBackTo(place) {
    if (place >= this.#oldest) {
      return true;
    }
    if (place < this.#forgottenBefore || place <= this.#newest - this.#capacity) {
      return false;
    }
    this.#missing += this.#oldest - place;
    this.#oldest = place;
    return true;
  }

  /** Return the places from `first` to before `end` that are kept or ahead, and hold no payload. */
  #unknownPlaces(first, end) {
    const unknown = [];
    for (let place = Math.max(first, this.#oldest); place < end; place++) {
      if (place > this.#newest || !this.#symbols.has(place)) {
        unknown.push(place);
      }
    }
    return unknown;
  }

  /** Forget what no parity will ask for again, when nothing is missing, not even before the first packet. */
  #noteRetired(parity, first) {
    const isLast = parity.index === parity.parityCount - 1;
    const keptFrom = first + parity.retiringCount;
    this.#coveredFrom = Math.max(this.#coveredFrom, isLast ? keptFrom : first);
    const isSettled = this.#newest >= Math.max(this.#settledAt, first + parity.sourceCount - 1);
    if (this.#missing === 0 && isSettled && keptFrom > this.#oldest) {
      this.#forget(keptFrom);
    }
  }

  /** Make room for one more equation. */
  #makeRoom() {
    while (this.#system.isFull) {
      this.#system.giveUpOldest();
      this.#release();
      this.drops += 1;
    }
    this.#isQuiet = false;
  }

  /** Compute what is determined, and let go of the equations that have nothing more to say. */
  #solve() {
    if (this.#isQuiet) {
      return [];
    }
    const computed = this.#system.takeDetermined(this.#newest);
    const found = computed.filter(({ payload }) => payload !== null);
    this.corrupt += computed.length - found.length;
    this.#release();
    for (const { place, payload } of found) {
      this.#learn(place, payload);
    }
    this.recovered += found.length;
    this.#release();
    return found.map(({ place, payload }) => ({ packetId: place >>> 0, payload }));
  }

  /** Put a payload into its place, and into the equations. */
  #learn(place, payload) {
    if (place > this.#newest) {
      if (place - this.#oldest >= this.#capacity) {
        this.#forget(place - this.#capacity + 1);
      }
      this.#missing += place - Math.max(this.#newest + 1, this.#oldest);
      this.#newest = place;
    } else {
      this.#missing -= 1;
    }
    this.#symbols.put(place, payload);
    this.#system.substitute(place);
  }

  /** Make a place the oldest that is kept; it lies behind the oldest now kept. */
  #forget(oldest) {
    this.#system.reduceBefore(oldest, this.#newest);
    const end = Math.min(oldest, this.#newest + 1);
    for (let place = this.#oldest; place < end; place++) {
      if (!this.#symbols.drop(place)) {
        this.#missing -= 1;
      }
    }
    this.#system.giveUpBefore(oldest);
    this.#oldest = oldest;
    this.#forgottenBefore = oldest;
  }

  #release() {
    this.#system.release();
    this.#isQuiet = this.#system.isEmpty;
  }
}
