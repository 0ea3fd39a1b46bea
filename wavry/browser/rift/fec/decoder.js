/** The receiving end: source and parity packets in, in any order; source packets out as soon as they are determined. */

import { RemoteProtocolError } from "../errors.js";
import { unwrap } from "../sequence.js";
import { Elimination } from "./elimination.js";
import { Equation } from "./equation.js";
import { addProducts } from "./kernel.js";
import { LENGTH_BYTES } from "./packets.js";
import { Slots } from "./slots.js";

/** Kept beyond a window, so that parity which came a little late still finds all of its window; what is later than that,
 *  at the start of a stream as well, is not waited for. */
const SLACK_PACKETS = 32;

/** Of the slack, where no parity comes to say what is needed no more: an eighth of the time for each. */
const FORGOTTEN_AT_ONCE = 8;

/** What is further behind the newest packet is not late, it is of another sequence. */
const MAX_LATE_PACKETS = 3000;

/** Most parity packets that wait. A window never has more than 85. */
export const MAX_EQUATIONS = 128;

/** Of an equation besides its symbol, and of each unknown: their objects and places in the tables. */
const EQUATION_BYTES = 256;
const UNKNOWN_BYTES = 64;
const ABSENT = -1;

/**
 * Keeps the packets of the last window, and parity while it may still repair something.
 *
 * A packet's place is its unwrapped id. Packets at most `windowSize` ahead of the newest known one move the window; one
 * further away changes nothing until a second id close to it comes, then the window begins anew there. Parity never moves
 * the window ahead, and does not count where its own lies elsewhere. So a forged packet costs at most the packets of one
 * window, and no field sizes an allocation.
 *
 * Bound: a symbol for each place of the window and of its slack, made at the start; one for each waiting parity packet and
 * the rows of the elimination, made when they are first needed and then used again. Policy when full: the oldest packets
 * are forgotten, and what was to repair the oldest missing ones.
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
  #symbolBytes;
  #capacity;
  /** Length, payload and zeros of the packet at a place, in slot `place` modulo the capacity. @type {Uint8Array[]} */
  #symbols = [];
  /** Bytes of the payload in a slot; `ABSENT` where there is none. */
  #lengths;
  /** Bytes from the start of a slot that may be other than zero. */
  #dirty;
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
  /** Places that occur in equations, known neither from the network nor by repair. @type {Slots<number>} */
  #unknowns = new Slots();
  /** @type {Slots<Equation>} */
  #equations = new Slots();
  /** @type {Equation[]} */
  #spareEquations = [];
  #equationsMade = 0;
  /** Where the oldest window of an equation begins that is not reduced. */
  #unreducedFrom = Infinity;
  #elimination;
  /** Of one sum at a time. */
  #terms = [];
  #factors;
  #sum;

  /**
   * @param {number} windowSize Most source packets under one parity packet, 1 to 200.
   * @param {number} symbolSize Largest source payload, bytes.
   */
  constructor(windowSize, symbolSize) {
    this.#windowSize = windowSize;
    this.#symbolSize = symbolSize;
    this.#symbolBytes = symbolSize + LENGTH_BYTES;
    this.#capacity = windowSize + SLACK_PACKETS;
    const arena = new Uint8Array(this.#capacity * this.#symbolBytes);
    for (let slot = 0; slot < this.#capacity; slot++) {
      this.#symbols.push(arena.subarray(slot * this.#symbolBytes, (slot + 1) * this.#symbolBytes));
    }
    this.#lengths = new Int32Array(this.#capacity).fill(ABSENT);
    this.#dirty = new Int32Array(this.#capacity);
    this.#elimination = new Elimination(this.#capacity + windowSize, MAX_EQUATIONS);
    this.#factors = new Uint8Array(Math.max(this.#capacity, MAX_EQUATIONS));
    this.#sum = new Uint8Array(this.#symbolBytes);
  }

  /**
   * Take in a packet that came from the network.
   *
   * @param {number} packetId A u32.
   * @param {Uint8Array} payload Copied.
   * @returns {import("./packets.js").SourcePacket[]} The packets that just became known: this one, unless it was known or
   *   lies before the window, then those it helped to repair.
   * @throws {RemoteProtocolError} The payload is larger than a symbol; nothing changed.
   */
  addSourcePacket(packetId, payload) {
    if (payload.length > this.#symbolSize) {
      throw new RemoteProtocolError(`payload of ${payload.length} bytes, symbols have ${this.#symbolSize}`);
    }
    if (this.passThrough(packetId, payload)) return [{ packetId, payload }];
    return this.#addOutOfOrder(packetId, payload);
  }

  /**
   * Take in the next packet, while no parity waits for it: the common case.
   *
   * @param {number} packetId A u32.
   * @param {Uint8Array} payload Copied.
   * @returns {boolean} False, and nothing is done, for any other packet or a payload that is too large; these are for
   *   `addSourcePacket`.
   */
  passThrough(packetId, payload) {
    const place = this.#newest + 1;
    if (!this.#isQuiet || (place ^ packetId) !== 0 || payload.length > this.#symbolSize) return false;
    if (place - this.#oldest >= this.#capacity) this.#forget(place - this.#capacity + FORGOTTEN_AT_ONCE);
    this.#put(place, payload);
    this.#newest = place;
    return true;
  }

  /**
   * Take in a parity packet.
   *
   * @param {import("./packets.js").ParityPacket} parity From `ParityPacket.parse`, which has checked it. Copied.
   * @returns {import("./packets.js").SourcePacket[]} The packets that just became known, oldest first.
   * @throws {RemoteProtocolError} It is larger, or covers more packets, than this decoder allows; nothing changed.
   */
  addParityPacket(parity) {
    if (parity.payload.length > this.#symbolBytes || parity.sourceCount > this.#windowSize) {
      throw new RemoteProtocolError(`parity of ${parity.payload.length} bytes over ${parity.sourceCount} packets`);
    }
    if (!this.#isStarted) this.#start(parity.firstPacketId);
    const first = unwrap(parity.firstPacketId, this.#newest);
    const end = first + parity.sourceCount;
    if (end > this.#newest + 1 + this.#windowSize) {
      this.drops += 1;
      return [];
    }
    const isWhole = first >= this.#oldest || this.#reachBackTo(first);
    this.#noteRetired(parity, first);
    if (this.#missing === 0 && end <= this.#newest + 1) return [];
    const unknown = this.#unknownPlaces(first, end);
    if (unknown.length === 0) return [];
    if (!isWhole) {
      this.drops += 1;
      return [];
    }
    this.#addEquation(parity, first, unknown);
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

  /** Parity packets that wait for more packets. */
  get pendingParity() {
    return this.#equations.size;
  }

  /** Windows of which parity waits for more packets. */
  get pendingGroups() {
    const ends = new Set();
    for (const equation of this.#equations) ends.add(equation.end);
    return ends.size;
  }

  /** Most it can hold. */
  get capBytes() {
    const equations = MAX_EQUATIONS * (this.#symbolBytes + EQUATION_BYTES);
    const unknowns = (this.#capacity + this.#windowSize) * UNKNOWN_BYTES;
    return this.#ownBytes + equations + unknowns + this.#elimination.capBytes;
  }

  /** What it has made room for; it never shrinks. */
  get usedBytes() {
    const equations = this.#equationsMade * (this.#symbolBytes + EQUATION_BYTES);
    return this.#ownBytes + equations + this.#unknowns.capacity * UNKNOWN_BYTES + this.#elimination.usedBytes;
  }

  /** Most it has held. */
  get highWaterBytes() {
    return this.usedBytes;
  }

  get #ownBytes() {
    return (this.#capacity + 1) * (this.#symbolBytes + 128);
  }

  /** Take in a packet that is not simply the next one, or for which equations wait. */
  #addOutOfOrder(packetId, payload) {
    if (!this.#isStarted) this.#start(packetId);
    const place = unwrap(packetId, this.#newest);
    const ahead = place - this.#newest;
    if (ahead > this.#windowSize || ahead < -MAX_LATE_PACKETS) {
      if (!this.#confirmsSuspect(place)) return [{ packetId, payload }];
      this.#start(place);
    }
    if (place <= this.#newest && !(this.#reachBackTo(place) && this.#lengths[this.#slotOf(place)] === ABSENT)) return [];
    this.#learn(place, payload);
    return [{ packetId, payload }, ...this.#solve()];
  }

  /** Begin anew, with nothing known and this place due next. */
  #start(place) {
    this.#forget(this.#newest + 1);
    for (const unknown of this.#unknowns) this.#giveUp(unknown);
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
    if (place >= this.#oldest) return true;
    if (place < this.#forgottenBefore || place <= this.#newest - this.#capacity) return false;
    this.#missing += this.#oldest - place;
    this.#oldest = place;
    return true;
  }

  /** Return the places from `first` to before `end` that are kept or ahead, and hold no payload. */
  #unknownPlaces(first, end) {
    const unknown = [];
    for (let place = Math.max(first, this.#oldest); place < end; place++) {
      if (place > this.#newest || this.#lengths[this.#slotOf(place)] === ABSENT) unknown.push(place);
    }
    return unknown;
  }

  /** Forget what no parity will ask for again, when nothing is missing, not even before the first packet. */
  #noteRetired(parity, first) {
    const isLast = parity.index === parity.parityCount - 1;
    const keptFrom = first + parity.retiringCount;
    this.#coveredFrom = Math.max(this.#coveredFrom, isLast ? keptFrom : first);
    if (this.#missing > 0 || this.#newest < Math.max(this.#settledAt, first + parity.sourceCount - 1)) return;
    if (keptFrom > this.#oldest) this.#forget(keptFrom);
  }

  #addEquation(parity, first, unknown) {
    while (this.#equations.size >= MAX_EQUATIONS) {
      this.#giveUp(Math.min(...this.#unknowns));
      this.#release();
      this.drops += 1;
    }
    const equation = this.#spareEquations.pop() ?? this.#makeEquation();
    equation.fill(parity, first);
    const row = this.#elimination.newRow();
    for (const place of unknown) row.factors[this.#unknowns.add(place)] = equation.factor(place);
    if (this.#elimination.add(row, this.#unknowns.capacity, this.#equations.add(equation))) {
      this.#unreducedFrom = Math.min(this.#unreducedFrom, first);
      this.#isQuiet = false;
    } else {
      this.#letGo(equation);
    }
  }

  #makeEquation() {
    this.#equationsMade += 1;
    return new Equation(this.#symbolBytes);
  }

  #letGo(equation) {
    this.#equations.remove(equation);
    this.#spareEquations.push(equation);
  }

  /** Compute what is determined, and let go of the equations that have nothing more to say. */
  #solve() {
    if (this.#isQuiet) return [];
    const found = [];
    const { rows } = this.#elimination;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at];
      if (!this.#elimination.isDetermined(row)) continue;
      const place = this.#unknowns.at(row.pivot);
      const payload = this.#sumOf(row.weights);
      this.#elimination.removeAt(at--);
      if (payload === null) this.corrupt += 1;
      else found.push({ place, payload });
    }
    this.#release();
    found.sort((one, other) => one.place - other.place);
    for (const { place, payload } of found) this.#learn(place, payload);
    this.recovered += found.length;
    this.#release();
    return found.map(({ place, payload }) => ({ packetId: place >>> 0, payload }));
  }

  /** Return the payload in the sum of the equations' right sides times their weights; null if it is none. */
  #sumOf(weights) {
    const sum = this.#sum.fill(0);
    const terms = this.#terms;
    const factors = this.#factors;
    const equations = [];
    for (const equation of this.#equations) {
      if (weights[this.#equations.slotOf(equation)] !== 0) equations.push(equation);
    }
    this.#reduce(equations);
    let sizeBytes = 0;
    equations.forEach((equation, at) => {
      terms[at] = equation.rightSide;
      factors[at] = weights[this.#equations.slotOf(equation)];
      sizeBytes = Math.max(sizeBytes, equation.sizeBytes);
    });
    addProducts(sum, terms, factors, equations.length, sizeBytes);
    const end = LENGTH_BYTES + ((sum[0] << 8) | sum[1]);
    if (end > sizeBytes) return null;
    for (let at = end; at < sizeBytes; at++) if (sum[at] !== 0) return null;
    return sum.slice(LENGTH_BYTES, end);
  }

  /** Take what is known out of those equations that are not reduced. */
  #reduce(equations) {
    for (const equation of equations) {
      if (equation.isReduced) continue;
      let count = 0;
      let sizeBytes = 0;
      const last = Math.min(equation.end - 1, this.#newest);
      for (let place = equation.first; place <= last; place++) {
        const slot = this.#slotOf(place);
        if (this.#lengths[slot] === ABSENT) continue;
        this.#terms[count] = this.#symbols[slot];
        this.#factors[count] = equation.factor(place);
        sizeBytes = Math.max(sizeBytes, LENGTH_BYTES + this.#lengths[slot]);
        count += 1;
      }
      equation.subtract(this.#terms, this.#factors, count, sizeBytes);
      equation.isReduced = true;
    }
  }

  /** Put a payload into its place, and into the equations. */
  #learn(place, payload) {
    if (place > this.#newest) {
      if (place - this.#oldest >= this.#capacity) this.#forget(place - this.#capacity + 1);
      this.#missing += place - Math.max(this.#newest + 1, this.#oldest);
      this.#newest = place;
    } else {
      this.#missing -= 1;
    }
    this.#put(place, payload);
    if (!this.#unknowns.has(place)) return;
    this.#elimination.substitute(this.#unknowns.remove(place));
    this.#terms[0] = this.#symbols[this.#slotOf(place)];
    for (const equation of this.#equations) {
      if (!equation.isReduced || place < equation.first || place >= equation.end) continue;
      this.#factors[0] = equation.factor(place);
      equation.subtract(this.#terms, this.#factors, 1, LENGTH_BYTES + payload.length);
    }
  }

  /** Copy a payload into the slot of its place. */
  #put(place, payload) {
    const slot = this.#slotOf(place);
    const symbol = this.#symbols[slot];
    const end = LENGTH_BYTES + payload.length;
    symbol[0] = payload.length >>> 8;
    symbol[1] = payload.length;
    symbol.set(payload, LENGTH_BYTES);
    if (this.#dirty[slot] > end) symbol.fill(0, end, this.#dirty[slot]);
    this.#dirty[slot] = end;
    this.#lengths[slot] = payload.length;
  }

  /** Make a place the oldest that is kept; it lies behind the oldest now kept. */
  #forget(oldest) {
    if (oldest > this.#unreducedFrom) this.#reduceBefore(oldest);
    const end = Math.min(oldest, this.#newest + 1);
    for (let place = this.#oldest; place < end; place++) {
      const slot = this.#slotOf(place);
      if (this.#lengths[slot] === ABSENT) this.#missing -= 1;
      else this.#lengths[slot] = ABSENT;
    }
    if (this.#unknowns.size > 0) {
      for (const place of this.#unknowns) if (place < oldest) this.#giveUp(place);
    }
    this.#oldest = oldest;
    this.#forgottenBefore = oldest;
  }

  /** Reduce the equations whose windows begin before a place, since packets of theirs are about to go. */
  #reduceBefore(oldest) {
    this.#unreducedFrom = Infinity;
    for (const equation of this.#equations) {
      if (equation.isReduced) continue;
      if (equation.first < oldest) this.#reduce([equation]);
      else this.#unreducedFrom = Math.min(this.#unreducedFrom, equation.first);
    }
  }

  /** Expect no more to learn what was at a place. */
  #giveUp(place) {
    this.#elimination.giveUp(this.#unknowns.remove(place));
  }

  /** Let go of the equations that no row is made of. */
  #release() {
    for (const equation of this.#equations) {
      if (!this.#elimination.uses(this.#equations.slotOf(equation))) this.#letGo(equation);
    }
    this.#isQuiet = this.#equations.size === 0;
    if (this.#isQuiet) {
      this.#unknowns.clear();
      this.#elimination.reset();
      this.#unreducedFrom = Infinity;
    }
  }

  #slotOf(place) {
    const slot = place % this.#capacity;
    return slot < 0 ? slot + this.#capacity : slot;
  }
}
