/**
 * What happened, for the owner of a `Receiver` to act on. Drained with `events()`; told apart with
 * `instanceof`.
 */

/** Why an access unit did not come to be. The value is for logs. */
export const LossReason = Object.freeze({
  INCOMPLETE: "fragments of it did not arrive in time",
  MISSING: "no fragment of it was seen",
  MALFORMED: "its fragments contradict each other",
});

/**
 * One coded picture.
 *
 * @typedef {object} AccessUnit
 * @property {Uint8Array} data In memory of its own; whoever gets the unit owns it.
 * @property {boolean} isKeyframe
 * @property {number} frameId u32
 * @property {number} epoch 0 to 255; which `stream_config` it belongs to.
 * @property {number} captureUs Microseconds on the host's clock.
 * @property {UnitTimings} timings
 */

/**
 * What became of a picture at the host, microseconds after `captureUs`.
 *
 * @typedef {object} UnitTimings
 * @property {number} capturedUs The frame was whole in its buffer.
 * @property {number} encodeStartedUs An encoder took it.
 * @property {number} encodedUs The unit was ready.
 */

/** A unit is whole, and everything it refers to was delivered before it. */
export class AccessUnitReceived {
  /**
   * @param {AccessUnit} unit
   * @param {number} firstArrivalAt Monotonic seconds at which the first of its packets arrived.
   * @param {number} completedAt Monotonic seconds at which it was handed on.
   */
  constructor(unit, firstArrivalAt, completedAt) {
    this.unit = unit;
    this.firstArrivalAt = firstArrivalAt;
    this.completedAt = completedAt;
  }
}

/** Frames that will never be shown. */
export class FrameLost {
  /**
   * @param {number} frameId The first of them.
   * @param {string} reason A `LossReason`.
   * @param {number} [count] How many in a row, modulo 2^32.
   */
  constructor(frameId, reason, count = 1) {
    this.frameId = frameId;
    this.reason = reason;
    this.count = count;
  }
}

/**
 * Nothing can be delivered before the next keyframe; tell the sender with `keyframe_request`.
 *
 * Comes at once and then again while the need lasts, `keyframeRequestIntervalMs` apart.
 */
export class KeyframeNeeded {
  /**
   * @param {number} epoch
   * @param {number} afterFrameId The newest frame known of; a keyframe after it will do.
   */
  constructor(epoch, afterFrameId) {
    this.epoch = epoch;
    this.afterFrameId = afterFrameId;
  }
}
