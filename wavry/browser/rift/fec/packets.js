/**
 * What the code protects and what it adds. WIRE.md section 3 is the definition of the parity packet's bytes.
 */

import { MAX_WINDOW_PACKETS } from "../config.js";
import { ErrorCode, RemoteProtocolError } from "../errors.js";
import { PROTOCOL_MAJOR, Stream, readU32 } from "../packet.js";

const PARITY_HEADER_BYTES = 11;

/**
 * Each symbol begins with the length of its payload, big-endian, so that packets of unlike lengths share a
 * window.
 */
export const LENGTH_BYTES = 2;

/** How much larger than the largest source payload under it a parity packet is. */
export const PARITY_OVERHEAD_BYTES = PARITY_HEADER_BYTES + LENGTH_BYTES;

/** Source and parity packets that can tell each other apart: the elements of the field but zero. */
export const MAX_LABELS = 255;

/** Which coefficients a parity packet was made with. */
export const ParityFamily = Object.freeze({
  /** One of `parityCount` bytes that reedsolo appends to each column of the window. */
  BLOCK: 0,
  /** Windows overlap, and the packets of several flushes repair together. */
  SLIDING: 1,
});

/**
 * @typedef {{packetId: number, payload: Uint8Array}} SourcePacket One packet that is protected, its id a u32.
 */

/** A weighted sum of the packets of one window, from which one of them can be computed. */
export class ParityPacket {
  /** A `ParityFamily`. */
  family = 0;
  /** u32, the oldest source packet of the window. */
  firstPacketId = 0;
  /** Packets of the window, in the order of their ids. 1 to 200. */
  sourceCount = 0;
  /** Which of the window's parity packets this is, below `parityCount`. */
  index = 0;
  /** One more than the index of the last of them. Together with `sourceCount` at most 255. */
  parityCount = 0;
  /** How many of the window's oldest packets no later window covers. At most `sourceCount`. */
  retiringCount = 0;
  /**
   * As long as the longest symbol of the window: 2 bytes of length and the payload. A view on the datagram.
   */
  payload = NOTHING;

  /**
   * Read one datagram of a parity stream.
   *
   * @param {Uint8Array} data The whole datagram; the payload is a view on it.
   * @param {number} [of] The stream it must be of.
   * @returns {ParityPacket}
   * @throws {RemoteProtocolError} It is too short, of another major version (code UNSUPPORTED_VERSION) or
   *   stream, or its numbers contradict each other. That the payload is not too long is for the decoder to
   *   see.
   */
  static parse(data, of = Stream.PARITY) {
    if (data.length < PARITY_OVERHEAD_BYTES) {
      throw new RemoteProtocolError(`parity packet of ${data.length} bytes`);
    }
    const [version, stream, family, sources, index, parities, retiring] = data;
    if (version !== PROTOCOL_MAJOR) {
      const text = `packet of RIFT ${version}, this side speaks ${PROTOCOL_MAJOR}`;
      throw new RemoteProtocolError(text, ErrorCode.UNSUPPORTED_VERSION);
    }
    if (stream !== of || family > ParityFamily.SLIDING) {
      throw new RemoteProtocolError(`parity of family ${family} on stream ${stream}`);
    }
    if (sources < 1 || sources > MAX_WINDOW_PACKETS || retiring > sources) {
      throw new RemoteProtocolError(`parity over ${sources} packets, ${retiring} of them retiring`);
    }
    if (index >= parities || sources + parities > MAX_LABELS) {
      throw new RemoteProtocolError(`parity ${index} of ${parities} over ${sources} packets`);
    }
    const parity = new ParityPacket();
    parity.family = family;
    parity.firstPacketId = readU32(data, 7);
    parity.sourceCount = sources;
    parity.index = index;
    parity.parityCount = parities;
    parity.retiringCount = retiring;
    parity.payload = data.subarray(PARITY_HEADER_BYTES);
    return parity;
  }

  /** u32, the newest source packet of the window. */
  get lastPacketId() {
    return (this.firstPacketId + this.sourceCount - 1) >>> 0;
  }
}

const NOTHING = new Uint8Array(0);
