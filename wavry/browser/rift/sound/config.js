/**
 * Settings of the viewer's end of sound; the twin of `wavry/rift/sound/config.py`.
 */

/** How far sound packets are looked back on. */
export class SoundReceiverConfig {
  /**
   * @param {object} [options]
   * @param {number} [options.fecWindowPackets] Packets kept as known terms for parity, and the longest hole
   *   after which nothing begins anew: 160 ms at 5 ms a packet. Range 8 to 200, packets.
   * @param {number} [options.firstPacketId] Where packet ids begin; WIRE.md says 0, tests of the wrap say
   *   otherwise. Range 0 to 2**32 - 1.
   * @throws {RangeError} A field is out of its range.
   */
  constructor({ fecWindowPackets = 32, firstPacketId = 0 } = {}) {
    this.fecWindowPackets = checked("fecWindowPackets", fecWindowPackets, 8, 200);
    this.firstPacketId = checked("firstPacketId", firstPacketId, 0, 2 ** 32 - 1);
    Object.freeze(this);
  }
}

/** How sound is held until it is played. */
export class SoundPlayoutConfig {
  /**
   * @param {object} [options]
   * @param {number} [options.frameUs] Length of one packet's block, and of what one pull plays. Range 2_500
   *   to 60_000, microseconds.
   * @param {number} [options.minHoldMs] Smallest hold beyond the quickest packets, on a link without jitter:
   *   what a late wake-up of either program costs. Range 0 to 100, milliseconds.
   * @param {number} [options.maxHoldMs] Longest hold for jitter; what comes later than that is concealed.
   *   Range 10 to 1000, milliseconds.
   * @param {number} [options.lateLimitMs] Sound that is so much later than it should be is dropped until it
   *   is not; less is made up bit by bit, 20 ms a second. Range 10 to 1000, milliseconds.
   * @param {number} [options.limitPackets] Most packets that wait, 640 ms at 5 ms a packet; the oldest give
   *   way. Range 8 to 1024, packets.
   * @throws {RangeError} A field is out of its range.
   */
  constructor({ frameUs = 5000, minHoldMs = 5, maxHoldMs = 200, lateLimitMs = 60, limitPackets = 128 } = {}) {
    this.frameUs = checked("frameUs", frameUs, 2500, 60_000);
    this.minHoldMs = checked("minHoldMs", minHoldMs, 0, 100);
    this.maxHoldMs = checked("maxHoldMs", maxHoldMs, 10, 1000);
    this.lateLimitMs = checked("lateLimitMs", lateLimitMs, 10, 1000);
    this.limitPackets = checked("limitPackets", limitPackets, 8, 1024);
    Object.freeze(this);
  }
}

/**
 * @param {string} field
 * @param {number} value
 * @param {number} lowest
 * @param {number} highest
 * @returns {number} The value.
 */
function checked(field, value, lowest, highest) {
  if (!(lowest <= value && value <= highest)) {
    throw new RangeError(`${field} is ${value}, allowed is ${lowest} to ${highest}`);
  }
  return value;
}
