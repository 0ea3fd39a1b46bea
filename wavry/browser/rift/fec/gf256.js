/**
 * Arithmetic in GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), that of reedsolo and RFC 8681.
 *
 * Bytes are the elements; addition is xor. The tables take 67 kB, once for the program.
 */

const POLYNOMIAL = 0x11d;

/** Elements but zero; all are powers of 2. */
export const ORDER = 255;

/** Powers of 2; exponents from 0 to 764, so that sums of two logarithms need no modulo. */
export const EXP = new Uint8Array(3 * ORDER);

/** The exponent of each element; that of zero does not exist, its place is taken by a 0. */
export const LOG = new Uint8Array(256);

/** `PRODUCTS[(factor << 8) | element]` is the product of the two. */
export const PRODUCTS = new Uint8Array(256 * 256);

let power = 1;
for (let exponent = 0; exponent < ORDER; exponent++) {
  EXP[exponent] = EXP[exponent + ORDER] = EXP[exponent + 2 * ORDER] = power;
  LOG[power] = exponent;
  power = (power << 1) ^ (power & 0x80 ? POLYNOMIAL : 0);
}
for (let factor = 1; factor < 256; factor++) {
  for (let element = 1; element < 256; element++) {
    PRODUCTS[(factor << 8) | element] = EXP[LOG[factor] + LOG[element]];
  }
}

/**
 * Return the product of two elements.
 *
 * @param {number} one
 * @param {number} other
 * @returns {number}
 */
export function multiply(one, other) {
  return PRODUCTS[(one << 8) | other];
}

/**
 * Return what gives 1 when multiplied by `element`.
 *
 * @param {number} element Not zero.
 * @returns {number}
 */
export function inverse(element) {
  return EXP[ORDER - LOG[element]];
}
