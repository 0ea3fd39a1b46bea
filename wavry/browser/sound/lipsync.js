/**
 * Keeps sound and picture together: whichever is early waits. The twin of `wavry/client/sound/lipsync.py`.
 *
 * Both carry the time of their capture on the host's one clock, and both tell when they reached the person,
 * on ours. The difference of the two ways needs no agreement between the clocks: it is exact even while their
 * distance is not known.
 *
 * Sound that is early waits for the picture, up to 40 ms: nobody steers by ear. A picture that is early waits
 * only for what a person would notice, and 20 ms at most, because it is what hands wait for.
 */

export const MAX_SOUND_HOLD_S = 0.04;
export const MAX_PICTURE_HOLD_S = 0.02;

/**
 * Sound may lag the picture by so much before the picture waits: half of what television allows (ITU-R
 * BT.1359).
 */
export const UNNOTICED_LAG_S = 0.02;

/** Holds change by so much a turn, so that neither jumps; sound follows 4 ms a second. */
const STEP_S = 0.002;

const PICTURE_WEIGHT = 1 / 16;
const SOUND_WEIGHT = 1 / 64;

/** Notes how long sound and pictures take, and says what to hold. Call `adjust` twice a second. */
export class LipSync {
  constructor() {
    this.restart();
  }

  /** Forget how long things took: another connection, and maybe another clock. */
  restart() {
    /** Hold sound for so much longer, 0 to 0.04 seconds. */
    this.soundHoldS = 0;
    /** Hold pictures for so much longer, 0 to 0.02 seconds. */
    this.pictureHoldS = 0;
    /** @type {?number} From capture on the host's clock to hearing on ours, seconds. */
    this.soundS = null;
    /** @type {?number} From capture on the host's clock to seeing on ours, seconds. */
    this.pictureS = null;
  }

  /**
   * Take note of a block: its capture on the host's clock, and when it is heard on ours; microseconds.
   *
   * @param {number} captureUs
   * @param {number} heardUs
   */
  noteSound(captureUs, heardUs) {
    this.soundS = smooth(this.soundS, (heardUs - captureUs) / 1e6, SOUND_WEIGHT);
  }

  /**
   * Take note of a picture: its capture on the host's clock, and when it was seen on ours; microseconds.
   *
   * @param {number} captureUs
   * @param {number} seenUs
   */
  notePicture(captureUs, seenUs) {
    this.pictureS = smooth(this.pictureS, (seenUs - captureUs) / 1e6, PICTURE_WEIGHT);
  }

  /** @returns {?number} How much later sound reaches the person than the picture of the same moment. */
  get offsetMs() {
    return this.soundS === null || this.pictureS === null ? null : (this.soundS - this.pictureS) * 1000;
  }

  /** Bring the holds closer to what they should be. */
  adjust() {
    const offsetMs = this.offsetMs;
    if (offsetMs === null) {
      return;
    }
    const lagS = offsetMs / 1000 - this.soundHoldS + this.pictureHoldS; // without any hold
    this.soundHoldS = towards(this.soundHoldS, clamp(-lagS, MAX_SOUND_HOLD_S));
    this.pictureHoldS = towards(this.pictureHoldS, clamp(lagS - UNNOTICED_LAG_S, MAX_PICTURE_HOLD_S));
  }
}

function smooth(before, value, weight) {
  return before === null ? value : before + (value - before) * weight;
}

function clamp(value, highest) {
  return Math.min(Math.max(value, 0), highest);
}

function towards(now, wanted) {
  return now + Math.min(Math.max(wanted - now, -STEP_S), STEP_S);
}
