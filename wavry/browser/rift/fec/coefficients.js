/**
 * The code: by which factor each packet of a window enters each parity packet. WIRE.md section 3 defines it,
 * and `wavry/rift/fec/coefficients.py` says why it repairs what it does.
 *
 *     factor(d, j) = 1 / (1 + 2^(d + j + 1))
 *
 * for a packet that is d before the newest of its window, in the parity packet of index j.
 *
 * A block has reedsolo's factors, which are these with rows and columns scaled.
 */

import { EXP, LOG, ORDER, inverse, multiply } from "./gf256.js";
import { MAX_LABELS, ParityFamily } from "./packets.js";

/** Of a sliding window, `factor(d, j)` at `d + j`, 0 to 253. */
export const FACTORS = new Uint8Array(MAX_LABELS - 1);
for (let n = 0; n < FACTORS.length; n++) {
  FACTORS[n] = inverse(1 ^ EXP[n + 1]);
}

/** The logarithm of (1 + 2)(1 + 4)...(1 + 2^n) at n. */
const LOG_SUMS = [0];
for (let n = 1; n < ORDER; n++) {
  LOG_SUMS.push(LOG_SUMS[n - 1] + LOG[1 ^ EXP[n]]);
}

/**
 * Of the source packets by their distance from the newest, and of the parity packets by their index.
 *
 * @typedef {{sources: Uint8Array, parities: Uint8Array}} BlockScales
 */

/** By the number of parity packets; 255 bytes each. @type {(BlockScales | undefined)[]} */
const SCALES = new Array(MAX_LABELS);

/**
 * Return by what reedsolo's factors differ from `FACTORS`.
 *
 * @param {number} parityCount r of the block, 1 to 254.
 * @returns {BlockScales} The same object each time.
 */
function blockScales(parityCount) {
  const known = SCALES[parityCount];
  if (known !== undefined) {
    return known;
  }
  // A polynomial of degree < r follows from its values at the r parity places 1, 2, 4... by Lagrange's
  // formula: the factor of a source at place y in the parity at place x is g(y) / ((y + x) g'(x)), where g(y)
  // is the product of all (y + x).
  const r = parityCount;
  const sources = new Uint8Array(MAX_LABELS - r);
  for (let d = 0; d < sources.length; d++) {
    sources[d] = power((r * (r - 1)) / 2 + LOG_SUMS[d + r] - LOG_SUMS[d]);
  }
  // reedsolo's first parity byte stands at the highest place.
  const parities = new Uint8Array(r);
  for (let q = 0; q < r; q++) {
    parities[r - 1 - q] = power((q * (q + 1)) / 2 - q * r - LOG_SUMS[q] - LOG_SUMS[r - 1 - q]);
  }
  return (SCALES[parityCount] = { sources, parities });
}

/** Return 2 to any whole number. */
function power(exponent) {
  const rest = exponent % ORDER;
  return EXP[rest < 0 ? rest + ORDER : rest];
}

/**
 * Return by what a source packet is multiplied in a parity packet.
 *
 * @param {number} family A `ParityFamily`.
 * @param {number} distance How many packets before the newest of its window it is.
 * @param {number} index Of the parity packet.
 * @param {number} parityCount Of its window.
 * @returns {number}
 */
export function factorOf(family, distance, index, parityCount) {
  const factor = FACTORS[distance + index];
  if (family === ParityFamily.SLIDING) {
    return factor;
  }
  const { sources, parities } = blockScales(parityCount);
  return multiply(multiply(sources[distance], parities[index]), factor);
}
