/**
 * The chain of references: every unit but a keyframe needs the one before it.
 *
 * After a break nothing but a keyframe mends it, and an epoch begins with a keyframe.
 */

import { serialDistance } from "./sequence.js";

/** A larger jump of frame ids is a new numbering rather than a loss: 16 seconds at 60 frames per second. */
const MAX_MISSING_FRAMES = 1000;

/** Follows the frame ids of one stream and knows whether the next unit can be decoded. */
export class ReferenceChain {
  /** Whether all that the next unit in order refers to is there. False until the first keyframe. */
  isIntact = false;
  /** Epoch of the newest unit known of; null before the first. @type {number | null} */
  epoch = null;
  /** The newest unit known of, passed or lost. */
  newestFrameId = 0;

  /**
   * Return how many units lie between the newest known one and this; 0 across epochs and new numberings.
   *
   * @param {number} epoch
   * @param {number} frameId A u32.
   * @returns {number}
   */
  missingBefore(epoch, frameId) {
    if (epoch !== this.epoch) {
      return 0;
    }
    const missing = serialDistance(frameId, this.newestFrameId) - 1;
    return missing > 0 && missing <= MAX_MISSING_FRAMES ? missing : 0;
  }

  /**
   * Return whether the unit can be decoded after all that was admitted before.
   *
   * @param {import("./events.js").AccessUnit} unit
   * @returns {boolean}
   */
  accepts(unit) {
    if (unit.isKeyframe) {
      return true;
    }
    const follows = unit.epoch === this.epoch && serialDistance(unit.frameId, this.newestFrameId) === 1;
    return this.isIntact && follows;
  }

  /**
   * Take note of a whole unit and return whether it can be decoded.
   *
   * @param {import("./events.js").AccessUnit} unit
   * @returns {boolean}
   */
  admit(unit) {
    this.isIntact = this.accepts(unit);
    this.epoch = unit.epoch;
    this.newestFrameId = unit.frameId;
    return this.isIntact;
  }

  /**
   * Take note of a unit that nobody will get.
   *
   * @param {number} epoch
   * @param {number} frameId A u32.
   */
  lose(epoch, frameId) {
    this.isIntact = false;
    this.epoch = epoch;
    this.newestFrameId = frameId;
  }
}
