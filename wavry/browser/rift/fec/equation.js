/** A parity packet that waits: an equation between the packets of its window. */

import { factorOf } from "./coefficients.js";
import { Words, addProducts } from "./kernel.js";

/**
 * The sum of a window's unknown packets times their factors is `rightSide`, once that is reduced.
 *
 * An equation belongs to a slot of the decoder and is filled in again for each parity packet there.
 */
export class Equation {
  /** Place of the window's first packet. */
  first = 0;
  /** Place behind its last. */
  end = 0;
  /** Whether what is known was taken out of `rightSide`; done when it is needed, which may be never. */
  isReduced = false;
  /** Bytes of `rightSide` that may be other than zero. */
  sizeBytes = 0;
  #space;
  #family = 0;
  #index = 0;
  #parityCount = 0;

  /** @param {number} symbolBytes Room for the largest symbol there may be. */
  constructor(symbolBytes) {
    this.#space = Words.alone(symbolBytes);
  }

  /**
   * Become the equation of a parity packet.
   *
   * @param {import("./packets.js").ParityPacket} parity Its payload is copied, and fits.
   * @param {number} first Place of the window's first packet.
   */
  fill(parity, first) {
    this.first = first;
    this.end = first + parity.sourceCount;
    this.isReduced = false;
    this.#family = parity.family;
    this.#index = parity.index;
    this.#parityCount = parity.parityCount;
    const sizeBytes = parity.payload.length;
    this.#space.bytes.set(parity.payload);
    if (this.sizeBytes > sizeBytes) {
      this.#space.bytes.fill(0, sizeBytes, this.sizeBytes);
    }
    this.sizeBytes = sizeBytes;
  }

  /** The right side, as words and as bytes. */
  get rightSide() {
    return this.#space;
  }

  /**
   * Whether another equation is of the same window.
   *
   * @param {Equation} other
   * @returns {boolean}
   */
  isBeside(other) {
    return this.first === other.first && this.end === other.end;
  }

  /**
   * Return the factor of the packet at a place of the window.
   *
   * @param {number} place
   * @returns {number}
   */
  factor(place) {
    return factorOf(this.#family, this.end - 1 - place, this.#index, this.#parityCount);
  }

  /**
   * Take symbols that are known out of the right side.
   *
   * @param {Uint32Array[]} symbols Each as long as the right side, with zeros behind what is theirs.
   * @param {Uint8Array} factors Of the symbols.
   * @param {number} count How many; there may be none.
   * @param {number} sizeBytes Bytes of the longest.
   */
  subtract(symbols, factors, count, sizeBytes) {
    addProducts(this.#space.words, symbols, factors, count, sizeBytes);
    this.sizeBytes = Math.max(this.sizeBytes, sizeBytes);
  }
}
