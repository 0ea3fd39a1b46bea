/**
 * Round as Python does, halves to the even neighbour, so that both report the same bytes.
 *
 * @param {number} value
 * @returns {number}
 */
export function roundHalfToEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
