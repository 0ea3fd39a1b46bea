/**
 * The packet: 24 bytes of header, then a fragment of one access unit. WIRE.md section 2 is the definition.
 */

import { ErrorCode, RemoteProtocolError } from "./errors.js";

/** First byte of every packet. Another value means that nothing can be understood. */
export const PROTOCOL_MAJOR = 1;

export const HEADER_BYTES = 24;

/** Of the timings at the head of the first fragment's payload. */
export const UNIT_HEADER_BYTES = 12;

/** Largest access unit. */
export const MAX_UNIT_BYTES = 1_500_000;

/** What a datagram carries. Each stream has a packet id space of its own; unknown ones are skipped. */
export const Stream = Object.freeze({
  VIDEO: 0,
  /** Repairs the video stream. */
  PARITY: 1,
  /** From client to host: requests for packets of `VIDEO`. */
  NACK: 2,
  /** From client to host: when packets arrived. */
  ARRIVALS: 3,
  /** Opus packets, with ids of their own. */
  SOUND: 4,
  /** Repairs `SOUND`. */
  SOUND_PARITY: 5,
  /** From client to host: where the pointer is; the newest wins. */
  POINTER: 6,
  /** From host to client: where the pointer is; the newest wins. */
  CURSOR: 7,
  /** From client to host: the axes of a game pad; the newest wins. */
  PADS: 8,
});

/** Bit of the flags byte: the fragment belongs to a keyframe. The same on every fragment of a unit. */
export const KEYFRAME_BIT = 1;

/** Bit of the flags byte: the packet was asked for and is sent again. Apart from this bit it is the same. */
export const RETRANSMITTED_BIT = 2;

const FLAGS_AT = 2;

/** 2^21: above it the upper half of a u64 leaves the integers that a Number holds. */
const UPPER_LIMIT = 0x20_0000;

/**
 * One parsed packet. An object may be read into again and again, so that a packet in order leaves no garbage.
 */
export class Packet {
  stream = 0;
  flags = 0;
  epoch = 0;
  packetId = 0;
  frameId = 0;
  fragmentIndex = 0;
  fragmentCount = 1;
  /** Microseconds on the host's clock, below 2^53. */
  captureUs = 0;
  /** The whole datagram, by reference; the payload is what follows its header. @type {Uint8Array} */
  datagram = EMPTY;

  /**
   * Return a new packet of one datagram.
   *
   * @param {Uint8Array} datagram Kept by reference.
   * @returns {Packet}
   * @throws {RemoteProtocolError} As `read`.
   */
  static parse(datagram) {
    return new Packet().read(datagram);
  }

  /**
   * Become the packet of one datagram.
   *
   * @param {Uint8Array} datagram The whole of it. Kept by reference.
   * @returns {Packet} This.
   * @throws {RemoteProtocolError} Too short, another major version (code UNSUPPORTED_VERSION), a fragment
   *   index that is not below the fragment count, or a time beyond 2^53 µs, which is 285 years. Nothing
   *   changed.
   */
  read(datagram) {
    if (datagram.length < HEADER_BYTES) {
      throw new RemoteProtocolError(`packet of ${datagram.length} bytes`);
    }
    if (datagram[0] !== PROTOCOL_MAJOR) {
      const text = `packet of RIFT ${datagram[0]}, this side speaks ${PROTOCOL_MAJOR}`;
      throw new RemoteProtocolError(text, ErrorCode.UNSUPPORTED_VERSION);
    }
    const index = (datagram[12] << 8) | datagram[13];
    const count = (datagram[14] << 8) | datagram[15];
    if (index >= count) {
      throw new RemoteProtocolError(`fragment ${index} of ${count}`);
    }
    const upper = readU32(datagram, 16);
    if (upper >= UPPER_LIMIT) {
      throw new RemoteProtocolError("a time of capture beyond 2^53 µs");
    }
    this.stream = datagram[1];
    this.flags = datagram[2];
    this.epoch = datagram[3];
    this.packetId = readU32(datagram, 4);
    this.frameId = readU32(datagram, 8);
    this.fragmentIndex = index;
    this.fragmentCount = count;
    this.captureUs = upper * 0x1_0000_0000 + readU32(datagram, 20);
    this.datagram = datagram;
    return this;
  }

  /** Whether the fragment belongs to a keyframe. */
  get isKeyframe() {
    return (this.flags & KEYFRAME_BIT) !== 0;
  }

  /** Bytes that follow the header. */
  get payloadBytes() {
    return this.datagram.length - HEADER_BYTES;
  }

  /** What follows the header, a view on the datagram. */
  get payload() {
    return this.datagram.subarray(HEADER_BYTES);
  }
}

const EMPTY = new Uint8Array(0);

/**
 * Return a packet that was sent again as it was the first time, in memory of its own.
 *
 * @param {Uint8Array} datagram
 * @returns {Uint8Array}
 */
export function unmarkRetransmitted(datagram) {
  const copy = datagram.slice();
  copy[FLAGS_AT] &= ~RETRANSMITTED_BIT;
  return copy;
}

/**
 * Return the u32 at a place, big-endian.
 *
 * @param {Uint8Array} bytes With four bytes from there on.
 * @param {number} at
 * @returns {number}
 */
export function readU32(bytes, at) {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/**
 * Write a u32 at a place, big-endian.
 *
 * @param {Uint8Array} bytes With four bytes from there on.
 * @param {number} at
 * @param {number} value Taken modulo 2^32.
 */
export function writeU32(bytes, at, value) {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/**
 * Write a u16 at a place, big-endian.
 *
 * @param {Uint8Array} bytes With two bytes from there on.
 * @param {number} at
 * @param {number} value Taken modulo 2^16.
 */
export function writeU16(bytes, at, value) {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
