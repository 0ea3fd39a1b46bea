/**
 * Serial numbers: 32-bit counters that wrap (RFC 1982).
 *
 * On the wire an id is a u32. Inside, whoever keeps a state unwraps ids to plain integers once, where they
 * enter, and from there on `<` and `-` mean what they say. Bit operations of JavaScript take a Number modulo
 * 2^32, which is just what is wanted of an unwrapped id as well.
 */

/**
 * Return how far `later` is ahead of `earlier`, from -2^31 to 2^31 - 1; negative when it is behind.
 *
 * Ids exactly half the space apart count as behind, one of the two answers RFC 1982 leaves open.
 *
 * @param {number} later May already be unwrapped.
 * @param {number} earlier May already be unwrapped.
 * @returns {number}
 */
export function serialDistance(later, earlier) {
  return (later - earlier) | 0;
}

/**
 * Return the integer closest to `near` whose lower 32 bits are `serial`. May be negative near zero.
 *
 * @param {number} serial A u32.
 * @param {number} near An integer.
 * @returns {number}
 */
export function unwrap(serial, near) {
  return near + ((serial - near) | 0);
}
