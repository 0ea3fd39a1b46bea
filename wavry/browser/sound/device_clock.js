/**
 * How far the sound card is, evenly.
 *
 * A sound card takes samples in bursts, of 10 ms for example. Of what it took, seen now and then, the most
 * that is ahead of an even beat is what counts, since that much has to be there in time.
 */

export const SAMPLE_RATE = 48_000;

/**
 * The most of so long a time counts, and of the one before it: after a stop the card's beat is another.
 * Seconds.
 */
const PERIOD_S = 0.25;

/** Follows the count of frames that the sound card took. */
export class DeviceClock {
  #taken = 0;
  #ahead = -Infinity; // frames taken beyond those of an even beat from time 0, the most of this period
  #aheadBefore = -Infinity; // and of the one before
  #periodEndsAt = -Infinity;

  /**
   * Take note of how far it is.
   *
   * @param {number} taken Frames that the card took, modulo 2^32.
   * @param {number} now Seconds.
   */
  note(taken, now) {
    this.#taken += (taken - this.#taken) | 0;
    if (now >= this.#periodEndsAt) {
      this.#periodEndsAt = now + PERIOD_S;
      this.#aheadBefore = this.#ahead;
      this.#ahead = -Infinity;
    }
    this.#ahead = Math.max(this.#ahead, this.#taken - now * SAMPLE_RATE);
  }

  /**
   * @param {number} now Seconds.
   * @returns {number} Frames that have to be there by now, unwrapped; `note` comes first.
   */
  needed(now) {
    return Math.max(this.#ahead, this.#aheadBefore) + now * SAMPLE_RATE;
  }
}
