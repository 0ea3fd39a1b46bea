/** The client's end of the cursor's datagrams: only what is newer than the last counts. WIRE.md section 9. */

import { ErrorCode, RemoteProtocolError } from "../errors.js";
import { PROTOCOL_MAJOR } from "../messages.js";

/** The number of the cursor's stream. */
export const CURSOR_STREAM = 7;

/** The share of the last pixel. */
export const MAX_SHARE = 0xffff;

const STATE_BYTES = 12;
const IS_INSIDE = 1;

/**
 * Where the pointer is on the host's screen.
 *
 * @typedef {object} CursorPlace
 * @property {boolean} isInside Whether it is in the captured part; otherwise `x` and `y` are where it left.
 * @property {number} x Share of the stream's width, 0 to 65_535: 0 is the middle of the first pixel.
 * @property {number} y Share of its height.
 * @property {number} warps Counts how often a program of the host moved the pointer, modulo 256.
 */

/** Knows which state was the last. Sans-IO. */
export class CursorReceiver {
  #sequence = null;

  /**
   * Take a state.
   *
   * @param {Uint8Array} bytes Borrowed until it returns.
   * @returns {CursorPlace | null} Where the pointer is; null for a state that was repeated or overtaken.
   * @throws {RemoteProtocolError} It has another size or version.
   */
  receiveDatagram(bytes) {
    if (bytes.length !== STATE_BYTES) {
      throw new RemoteProtocolError(`cursor datagram of ${bytes.length} bytes, ${STATE_BYTES} expected`);
    }
    if (bytes[0] !== PROTOCOL_MAJOR) {
      throw new RemoteProtocolError(`cursor datagram of version ${bytes[0]}`, ErrorCode.UNSUPPORTED_VERSION);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const sequence = view.getUint32(4);
    if (this.#sequence !== null && ((sequence - this.#sequence) | 0) <= 0) {
      return null;
    }
    this.#sequence = sequence;
    return {
      isInside: (bytes[2] & IS_INSIDE) !== 0,
      x: view.getUint16(8),
      y: view.getUint16(10),
      warps: bytes[3],
    };
  }
}
