/**
 * States of pointer and pads, one datagram each: the newest wins. WIRE.md section 8 is the definition.
 */

import { PROTOCOL_MAJOR } from "../messages.js";

/** The number of the pointer's stream. */
export const POINTER_STREAM = 6;

/** The number of the pads' stream. */
export const PADS_STREAM = 8;

const STATE_BYTES = 20;
const IS_RELATIVE = 1;

/**
 * Where the pointer is, or how far it has gone.
 * @typedef {object} PointerState
 * @property {number} sequence Counts the states of a session, modulo 2^32.
 * @property {boolean} isRelative Whether the pointer is locked: then `dx` and `dy` count, otherwise `x` and
 *   `y`.
 * @property {number} x Share of the stream's width, 0 to 65_535: 0 is the middle of its first pixel.
 * @property {number} y Share of its height.
 * @property {number} dx Counts of the mouse since the session began, to the right, modulo 2^32: what a lost
 *   datagram would have told is in the next one.
 * @property {number} dy The same, down.
 */

/**
 * Return the datagram of a pointer's state.
 * @param {PointerState} state
 * @returns {Uint8Array} The caller's.
 */
export function pointerDatagram(state) {
  const [bytes, view] = begin(POINTER_STREAM, state.isRelative ? IS_RELATIVE : 0, state.sequence);
  view.setUint16(8, state.x);
  view.setUint16(10, state.y);
  view.setInt32(12, state.dx);
  view.setInt32(16, state.dy);
  return bytes;
}

/**
 * Return the datagram of a pad's axes.
 * @param {number} sequence Counts the states of all pads of a session, modulo 2^32.
 * @param {number} pad 0 to 3.
 * @param {readonly number[]} axes Six, as SDL has them: sticks -32_768 to 32_767 (left right, left down,
 *   right right, right down), triggers 0 to 32_767.
 * @returns {Uint8Array} The caller's.
 */
export function padDatagram(sequence, pad, axes) {
  const [bytes, view] = begin(PADS_STREAM, pad, sequence);
  for (let axis = 0; axis < 6; axis += 1) {
    view.setInt16(8 + 2 * axis, axes[axis]);
  }
  return bytes;
}

function begin(stream, third, sequence) {
  const bytes = new Uint8Array(STATE_BYTES);
  bytes.set([PROTOCOL_MAJOR, stream, third, 0]);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, sequence);
  return [bytes, view];
}
