/** Settings of the receiving end; meanings, ranges and defaults are those of `wavry/rift/config.py`. */

/**
 * Most source packets under one parity packet; with 55 parity packets they use up the labels of the field.
 */
export const MAX_WINDOW_PACKETS = 200;

/** Each field with its default and the least and the most it may be. */
const FIELDS = {
  /** Ids the reorder window spans. Costs 16 bytes each. */
  windowPackets: [2048, 16, 65_536],
  /** Most memory of the reorder window, overhead included, bytes. */
  windowBytes: [2_000_000, 64_000, 64_000_000],
  /**
   * How long packets behind a hole wait for it to be filled where only reordering can fill it, milliseconds.
   */
  gapDeadlineMs: [12, 0, 1000],
  /** How long a hole is waited for while parity that covers it may still come, milliseconds. */
  parityDeadlineMs: [100, 0, 1000],
  /**
   * Longest wait for a packet that was asked for; where an answer takes longer nothing is asked for,
   * milliseconds.
   */
  repairLimitMs: [500, 0, 2000],
  /** Packets kept as known terms for parity that covers them, delivered or not. */
  fecWindowPackets: [MAX_WINDOW_PACKETS, 1, MAX_WINDOW_PACKETS],
  /**
   * Largest packet that parity is read for; the memory of the FEC decoder is this times its window, bytes.
   */
  fecSymbolBytes: [1500, 512, 65_535],
  /** How long a unit that was begun may see no packet at all before it is given up, milliseconds. */
  unitDeadlineMs: [250, 20, 10_000],
  /** Time between two requests for a keyframe while the need lasts, milliseconds. */
  keyframeRequestIntervalMs: [250, 10, 10_000],
  /** Whose packets are read; those of other streams are counted and skipped. */
  stream: [0, 0, 255],
  /**
   * Where packet ids begin, so that a loss or swap at the very start is seen; null takes the first that
   * comes.
   */
  firstPacketId: [0, 0, 0xffff_ffff],
};

/**
 * @typedef {object} ReceiverConfig
 * @property {number} windowPackets
 * @property {number} windowBytes
 * @property {number} gapDeadlineMs
 * @property {number} parityDeadlineMs
 * @property {number} repairLimitMs
 * @property {number} fecWindowPackets
 * @property {number} fecSymbolBytes
 * @property {number} unitDeadlineMs
 * @property {number} keyframeRequestIntervalMs
 * @property {number} stream
 * @property {number | null} firstPacketId
 */

/**
 * Return the settings of a receiver, those that are not given at their defaults.
 *
 * @param {Partial<ReceiverConfig>} [given]
 * @returns {Readonly<ReceiverConfig>}
 * @throws {RangeError} A setting is unknown or out of its range.
 */
export function makeReceiverConfig(given = {}) {
  const config = {};
  for (const [name, [usual]] of Object.entries(FIELDS)) {
    config[name] = usual;
  }
  for (const [name, value] of Object.entries(given)) {
    const field = FIELDS[name];
    if (field === undefined) {
      throw new RangeError(`${name} is no setting of a receiver`);
    }
    const isOpen = name === "firstPacketId" && value === null;
    if (!isOpen && !(value >= field[1] && value <= field[2])) {
      throw new RangeError(`${name} is ${value}, allowed is ${field[1]} to ${field[2]}`);
    }
    config[name] = value;
  }
  return Object.freeze(config);
}
