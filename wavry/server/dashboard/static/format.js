// Numbers as people read them. Each function returns `[number, unit]`; what is not known is `["–", ""]`.

/** @typedef {[string, string]} Written */

/** @type {Written} */
const UNKNOWN = ["–", ""];

/**
 * @param {number} value
 * @param {number} digits After the point.
 */
const fixed = (value, digits) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/**
 * @param {?number} value Megabytes, of 10^6 bytes.
 * @returns {Written}
 */
export function megabytes(value) {
  return value == null ? UNKNOWN : [fixed(value, 1), "MB"];
}

/**
 * @param {?number} value
 * @returns {Written} kB below a megabyte, then MB.
 */
export function bytes(value) {
  if (value == null) return UNKNOWN;
  if (value < 1000) return [fixed(value, 0), "B"];
  return value < 999_500
    ? [fixed(value / 1000, value < 99_950 ? 1 : 0), "kB"]
    : [fixed(value / 1e6, 1), "MB"];
}

/**
 * @param {?number} value Bits per second.
 * @returns {Written}
 */
export function bits(value) {
  if (value == null) return UNKNOWN;
  return value < 999_500 ? [fixed(value / 1000, 0), "kbit/s"] : [fixed(value / 1e6, 2), "Mbit/s"];
}

/**
 * @param {?number} value Of one.
 * @returns {Written}
 */
export function percent(value) {
  if (value == null) return UNKNOWN;
  const shown = value * 100;
  return [fixed(shown, shown > 0 && shown < 10 ? 2 : 1), "%"];
}

/**
 * @param {?number} value
 * @returns {Written}
 */
export function milliseconds(value) {
  return value == null ? UNKNOWN : [fixed(value, value < 100 ? 1 : 0), "ms"];
}

/**
 * @param {?number} value
 * @returns {Written}
 */
export function frames(value) {
  return value == null ? UNKNOWN : [fixed(value, 1), "fps"];
}

/**
 * @param {?number} value
 * @returns {Written}
 */
export function whole(value) {
  return value == null ? UNKNOWN : [fixed(value, 0), ""];
}

/**
 * @param {number} seconds
 * @returns {string} `41 s`, `3 min 20 s`, `5 h 12 min`, `2 d 4 h`.
 */
export function span(seconds) {
  const s = Math.floor(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

/**
 * @param {Written} written
 * @returns {string} With a space that does not break.
 */
export function joined([number, unit]) {
  return unit ? `${number}\u00a0${unit}` : number;
}

/**
 * @param {number} unixSeconds
 * @returns {string} The time of day here.
 */
export function clock(unixSeconds) {
  return new Date(unixSeconds * 1000).toLocaleTimeString("en-GB");
}
