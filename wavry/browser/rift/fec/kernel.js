/**
 * The bulk arithmetic: many symbols times their factors, added to a sum.
 *
 * Symbols are read as words of four bytes, each byte is looked up in the products of its symbol's factor and
 * stays in its place in the word (so the order of bytes in words is no matter), and four symbols are taken at
 * a time: 0.92 µs for a symbol of 1154 bytes, byte by byte it is 1.6 (node 20).
 */

import { PRODUCTS } from "./gf256.js";

const WORD_BYTES = 4;
const NO_PRODUCTS = 0;

/** Memory that is read as words here and as bytes elsewhere. */
export class Words {
  /**
   * @param {ArrayBuffer} buffer
   * @param {number} begin Where in it, whole words.
   * @param {number} sizeBytes Whole words.
   */
  constructor(buffer, begin, sizeBytes) {
    this.words = new Uint32Array(buffer, begin, sizeBytes / WORD_BYTES);
    this.bytes = new Uint8Array(buffer, begin, sizeBytes);
  }

  /**
   * Return new memory, with zeros in it.
   *
   * @param {number} sizeBytes At least so much.
   * @returns {Words}
   */
  static alone(sizeBytes) {
    const whole = Words.sizeFor(sizeBytes);
    return new Words(new ArrayBuffer(whole), 0, whole);
  }

  /**
   * Return the whole words that so many bytes need, in bytes.
   *
   * @param {number} sizeBytes
   * @returns {number}
   */
  static sizeFor(sizeBytes) {
    return Math.ceil(sizeBytes / WORD_BYTES) * WORD_BYTES;
  }
}

/**
 * Add symbols times their factors to a sum.
 *
 * @param {Uint32Array} sum Room for `sizeBytes` in whole words.
 * @param {Uint32Array[]} symbols At least `count`, each as long as the sum, with zeros behind what is theirs.
 * @param {Uint8Array} factors Of the symbols.
 * @param {number} count How many symbols, at least 1.
 * @param {number} sizeBytes Bytes of the longest symbol.
 */
export function addProducts(sum, symbols, factors, count, sizeBytes) {
  const words = Math.ceil(sizeBytes / WORD_BYTES);
  const last = count - 1;
  for (let at = 0; at < count; at += 4) {
    const a = symbols[at];
    const b = symbols[Math.min(at + 1, last)];
    const c = symbols[Math.min(at + 2, last)];
    const d = symbols[Math.min(at + 3, last)];
    const productsB = at + 1 < count ? factors[at + 1] << 8 : NO_PRODUCTS;
    const productsC = at + 2 < count ? factors[at + 2] << 8 : NO_PRODUCTS;
    const productsD = at + 3 < count ? factors[at + 3] << 8 : NO_PRODUCTS;
    addFour(sum, words, a, factors[at] << 8, b, productsB, c, productsC, d, productsD);
  }
}

function addFour(sum, words, a, productsA, b, productsB, c, productsC, d, productsD) {
  for (let at = 0; at < words; at++) {
    const wordA = a[at];
    const wordB = b[at];
    const wordC = c[at];
    const wordD = d[at];
    sum[at] ^=
      PRODUCTS[productsA | (wordA & 0xff)] ^
      PRODUCTS[productsB | (wordB & 0xff)] ^
      PRODUCTS[productsC | (wordC & 0xff)] ^
      PRODUCTS[productsD | (wordD & 0xff)] ^
      ((PRODUCTS[productsA | ((wordA >>> 8) & 0xff)] ^
        PRODUCTS[productsB | ((wordB >>> 8) & 0xff)] ^
        PRODUCTS[productsC | ((wordC >>> 8) & 0xff)] ^
        PRODUCTS[productsD | ((wordD >>> 8) & 0xff)]) <<
        8) ^
      ((PRODUCTS[productsA | ((wordA >>> 16) & 0xff)] ^
        PRODUCTS[productsB | ((wordB >>> 16) & 0xff)] ^
        PRODUCTS[productsC | ((wordC >>> 16) & 0xff)] ^
        PRODUCTS[productsD | ((wordD >>> 16) & 0xff)]) <<
        16) ^
      ((PRODUCTS[productsA | (wordA >>> 24)] ^
        PRODUCTS[productsB | (wordB >>> 24)] ^
        PRODUCTS[productsC | (wordC >>> 24)] ^
        PRODUCTS[productsD | (wordD >>> 24)]) <<
        24);
  }
}
