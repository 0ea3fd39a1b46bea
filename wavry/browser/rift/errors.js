/**
 * Who broke the protocol, and the codes that travel in `bye` and in QUIC's CONNECTION_CLOSE (WIRE.md section
 * 13).
 */

/** Why a session ended. Unknown codes are taken as `INTERNAL_ERROR`. */
export const ErrorCode = Object.freeze({
  /** Left on purpose. */
  NO_ERROR: 0,
  /** The peer sent bytes that WIRE.md forbids. */
  PROTOCOL_VIOLATION: 1,
  /** The peer speaks another major version. */
  UNSUPPORTED_VERSION: 2,
  /** The peer is not allowed in, or there is no room. */
  REFUSED: 3,
  /** A fault of our own. */
  INTERNAL_ERROR: 4,
  /** The peer said nothing in time. */
  TIMEOUT: 5,
  /** The process ends. */
  SHUTTING_DOWN: 6,
});

/** The peer broke the protocol. Its bytes can cause no other exception. */
export class RemoteProtocolError extends Error {
  /**
   * @param {string} message For people.
   * @param {number} [code] An `ErrorCode`.
   */
  constructor(message, code = ErrorCode.PROTOCOL_VIOLATION) {
    super(message);
    this.name = "RemoteProtocolError";
    this.code = code;
  }
}

/** We misused an interface; nothing was sent. */
export class LocalProtocolError extends Error {
  /** @param {string} message For people. */
  constructor(message) {
    super(message);
    this.name = "LocalProtocolError";
  }
}
