/** The packets that are kept as known terms, as symbols: a length, the payload, and zeros behind it. */

import { Words } from "./kernel.js";
import { LENGTH_BYTES } from "./packets.js";

const ABSENT = -1;

/** Charged for each symbol besides its bytes: two views, a length, and how much of it was ever written to. */
const SLOT_OVERHEAD_BYTES = 256;

/**
 * A ring of symbols by the place of their packets; which places it spans is for its owner to keep.
 *
 * Bound: a symbol for each place, all made at the start.
 */
export class SymbolRing {
  /** @type {import("./kernel.js").Words[]} */
  #symbols = [];
  /** Bytes of the payload in a slot; `ABSENT` where there is none. */
  #lengths;
  /** Bytes from the start of a slot that may be other than zero. */
  #written;

  /**
   * @param {number} capacity Places that it spans.
   * @param {number} symbolBytes Of the largest symbol, its length included.
   */
  constructor(capacity, symbolBytes) {
    this.capacity = capacity;
    this.symbolBytes = symbolBytes;
    const stride = Words.sizeFor(symbolBytes);
    const all = new ArrayBuffer(capacity * stride);
    for (let slot = 0; slot < capacity; slot++) {
      this.#symbols.push(new Words(all, slot * stride, stride));
    }
    this.#lengths = new Int32Array(capacity).fill(ABSENT);
    this.#written = new Int32Array(capacity);
  }

  /** What it takes, always. */
  get usedBytes() {
    return this.capacity * (this.symbolBytes + SLOT_OVERHEAD_BYTES);
  }

  /**
   * Copy a payload into the slot of its place.
   *
   * @param {number} place
   * @param {Uint8Array} payload It fits.
   */
  put(place, payload) {
    const slot = this.#slotOf(place);
    const symbol = this.#symbols[slot].bytes;
    const end = LENGTH_BYTES + payload.length;
    symbol[0] = payload.length >>> 8;
    symbol[1] = payload.length;
    symbol.set(payload, LENGTH_BYTES);
    if (this.#written[slot] > end) {
      symbol.fill(0, end, this.#written[slot]);
    }
    this.#written[slot] = end;
    this.#lengths[slot] = payload.length;
  }

  /**
   * Whether there is a payload at a place of those that it spans.
   *
   * @param {number} place
   * @returns {boolean}
   */
  has(place) {
    return this.#lengths[this.#slotOf(place)] !== ABSENT;
  }

  /**
   * Return the symbol at a place that has one: of the size of the largest, zeros behind what is its own.
   *
   * @param {number} place
   * @returns {import("./kernel.js").Words} Borrowed, until another packet is put there.
   */
  at(place) {
    return this.#symbols[this.#slotOf(place)];
  }

  /**
   * Return the bytes of that symbol but for the zeros behind them.
   *
   * @param {number} place
   * @returns {number}
   */
  sizeAt(place) {
    return LENGTH_BYTES + this.#lengths[this.#slotOf(place)];
  }

  /**
   * Forget what is at a place; say whether there was something.
   *
   * @param {number} place
   * @returns {boolean}
   */
  drop(place) {
    const slot = this.#slotOf(place);
    const had = this.#lengths[slot] !== ABSENT;
    this.#lengths[slot] = ABSENT;
    return had;
  }

  #slotOf(place) {
    const slot = place % this.capacity;
    return slot < 0 ? slot + this.capacity : slot;
  }
}

/**
 * Return a copy of the payload in a symbol that was computed.
 *
 * @param {Uint8Array} symbol
 * @param {number} sizeBytes Of the longest symbol of its window.
 * @returns {Uint8Array | null} null if the length is impossible or what follows the payload is not zero.
 */
export function payloadOf(symbol, sizeBytes) {
  const end = LENGTH_BYTES + ((symbol[0] << 8) | symbol[1]);
  if (end > sizeBytes) {
    return null;
  }
  for (let at = end; at < sizeBytes; at++) {
    if (symbol[at] !== 0) {
      return null;
    }
  }
  return symbol.slice(LENGTH_BYTES, end);
}
