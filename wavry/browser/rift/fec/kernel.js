/**
 * The bulk arithmetic: many symbols times their factors, added to a sum.
 *
 * Four symbols at a time, each byte looked up in the products of its symbol's factor: the sum is read and written once
 * for the four.
 */

import { PRODUCTS } from "./gf256.js";

/**
 * Add symbols times their factors to a sum.
 *
 * @param {Uint8Array} sum At least `sizeBytes` long.
 * @param {Uint8Array[]} symbols At least `count`, each at least `sizeBytes` long, with zeros behind what is theirs.
 * @param {Uint8Array} factors Of the symbols.
 * @param {number} count How many symbols.
 * @param {number} sizeBytes Bytes of the longest symbol.
 */
export function addProducts(sum, symbols, factors, count, sizeBytes) {
  let at = 0;
  for (; at + 4 <= count; at += 4) {
    addFour(
      sum, sizeBytes,
      symbols[at], factors[at] << 8,
      symbols[at + 1], factors[at + 1] << 8,
      symbols[at + 2], factors[at + 2] << 8,
      symbols[at + 3], factors[at + 3] << 8,
    );
  }
  for (; at < count; at++) {
    addOne(sum, sizeBytes, symbols[at], factors[at] << 8);
  }
}

function addOne(sum, sizeBytes, symbol, products) {
  for (let at = 0; at < sizeBytes; at++) {
    sum[at] ^= PRODUCTS[products | symbol[at]];
  }
}

function addFour(sum, sizeBytes, a, productsA, b, productsB, c, productsC, d, productsD) {
  for (let at = 0; at < sizeBytes; at++) {
    sum[at] ^=
      PRODUCTS[productsA | a[at]] ^ PRODUCTS[productsB | b[at]] ^ PRODUCTS[productsC | c[at]] ^ PRODUCTS[productsD | d[at]];
  }
}
