/**
 * The sound packet: 16 bytes of header, then one Opus packet. WIRE.md section 5 is the definition; the twin
 * of `wavry/rift/sound/packet.py`.
 */

import { ErrorCode, RemoteProtocolError } from "../errors.js";
import { PROTOCOL_MAJOR, Stream } from "../packet.js";

export const SOUND_HEADER_BYTES = 16;

/** Largest Opus packet of one frame (RFC 6716, section 3.4). */
export const MAX_OPUS_BYTES = 1275;

/** Bits of the flags byte; unknown ones are ignored. */
export const SoundFlag = Object.freeze({
  /** Silence follows: until the next packet nothing is lost and nothing is to be heard. */
  SILENT: 1,
});

/** Times above 2**53 microseconds, 285 years, are no times of a clock, and no whole numbers here. */
const TIME_LIMIT_HIGH = 2 ** 21;

/** One block of sound, coded. */
export class SoundPacket {
  /**
   * @param {number} packetId u32 on the wire; a `SoundReceiver` gives it unwrapped, so that ids compare as
   *   numbers.
   * @param {number} captureUs When the first sample of the block was captured, microseconds on the host's
   *   monotonic clock.
   * @param {Uint8Array} opus One Opus packet; owned.
   * @param {number} [epoch] The `sound_config` it was coded with.
   * @param {number} [flags] Of `SoundFlag`.
   */
  constructor(packetId, captureUs, opus, epoch = 0, flags = 0) {
    this.packetId = packetId;
    this.captureUs = captureUs;
    this.opus = opus;
    this.epoch = epoch;
    this.flags = flags;
  }

  /** Whether silence follows. */
  get isSilent() {
    return (this.flags & SoundFlag.SILENT) !== 0;
  }

  /**
   * Read one datagram; the Opus packet is copied.
   *
   * @param {Uint8Array} data
   * @returns {SoundPacket}
   * @throws {RemoteProtocolError} Too short or too long, another major version (code UNSUPPORTED_VERSION) or
   *   stream, or a time that no clock shows.
   */
  static fromBytes(data) {
    const size = data.length;
    if (size <= SOUND_HEADER_BYTES || size > SOUND_HEADER_BYTES + MAX_OPUS_BYTES) {
      throw new RemoteProtocolError(`sound packet of ${size} bytes`);
    }
    if (data[0] !== PROTOCOL_MAJOR) {
      const text = `packet of RIFT ${data[0]}, this side speaks ${PROTOCOL_MAJOR}`;
      throw new RemoteProtocolError(text, ErrorCode.UNSUPPORTED_VERSION);
    }
    if (data[1] !== Stream.SOUND) {
      throw new RemoteProtocolError(`a packet of stream ${data[1]} where sound belongs`);
    }
    const timeHigh = u32At(data, 8);
    if (timeHigh >= TIME_LIMIT_HIGH) {
      throw new RemoteProtocolError(`sound captured at ${timeHigh} * 2^32 us`);
    }
    const captureUs = timeHigh * 2 ** 32 + u32At(data, 12);
    return new SoundPacket(u32At(data, 4), captureUs, data.slice(SOUND_HEADER_BYTES), data[3], data[2]);
  }
}

/**
 * @param {Uint8Array} data
 * @param {number} offset
 * @returns {number} Four bytes, big-endian.
 */
function u32At(data, offset) {
  return ((data[offset] << 24) | (data[offset + 1] << 16) | (data[offset + 2] << 8) | data[offset + 3]) >>> 0;
}
