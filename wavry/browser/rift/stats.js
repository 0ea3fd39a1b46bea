/** What a receiver counts, and what feedback says besides. */

/** Totals since the receiver was made. */
export class ReceiverStats {
  /** All, of any stream, also malformed ones. */
  datagramsReceived = 0;
  /** Their bytes. */
  bytesReceived = 0;
  datagramsMalformed = 0;
  /** Of streams that are not ours. */
  datagramsSkipped = 0;
  /** By themselves, each once. */
  packetsReceived = 0;
  /** Before any repair. */
  packetsLost = 0;
  /** Of the lost ones, those that are here all the same. */
  packetsRepaired = 0;
  packetsDuplicate = 0;
  /** How often a packet was asked for. */
  packetsRequested = 0;
  /** That came because they were asked for. */
  packetsRetransmitted = 0;
  parityReceived = 0;
  /** Delivered. */
  framesReceived = 0;
  /** Of those, the ones in which a packet was repaired. */
  framesRecovered = 0;
  /** Never whole, or never seen. */
  framesLost = 0;
  /** Whole, but not delivered because what they refer to was lost. */
  framesUndecodable = 0;
  jitterUs = 0;
}

/**
 * Where the time of a picture went, whole microseconds that fit a u32; null where it is not known.
 *
 * @typedef {object} PictureTimes
 * @property {number | null} networkUs From the host's encoder to the whole unit here.
 * @property {number | null} playoutUs From there to the decoder.
 * @property {number | null} decodeUs In the decoder.
 * @property {number | null} captureToDecodedUs All the way.
 */

/** None was decoded since the last report. @type {PictureTimes} */
export const NO_PICTURE = Object.freeze({
  networkUs: null,
  playoutUs: null,
  decodeUs: null,
  captureToDecodedUs: null,
});
