/**
 * When a state that travels in datagrams is due: soon after it changed, and again until it must have come.
 */

/** Seconds between two datagrams of one state: at most 250 a second, more often than any screen shows. */
export const MIN_INTERVAL_S = 0.004;

/**
 * After the last change it is told again so much later, so that only a burst longer than that loses it for
 * good.
 */
export const REPEATS_S = Object.freeze([0.015, 0.04, 0.1, 0.2]);

/** A timer that fires so much early is on time; browsers round their clocks. */
const TOLERANCE_S = 1e-6;

/**
 * The schedule of one state. The owner says when it changed and when it was sent; four numbers, whatever
 * happens.
 */
export class Repetition {
  #isChanged = false;
  #changedAt = 0;
  #sentAt = -Infinity;
  #repeats = REPEATS_S.length;

  /** Whether what was sent last is not the present state. */
  get isChanged() {
    return this.#isChanged;
  }

  /** When it is due, in seconds; null while there is nothing to tell. */
  get dueAt() {
    if (this.#isChanged) {
      return this.#sentAt + MIN_INTERVAL_S;
    }
    if (this.#repeats < REPEATS_S.length) {
      return this.#changedAt + REPEATS_S[this.#repeats];
    }
    return null;
  }

  /**
   * Whether it is due.
   * @param {number} now Seconds.
   */
  isDue(now) {
    const dueAt = this.dueAt;
    return dueAt !== null && now >= dueAt - TOLERANCE_S;
  }

  /**
   * Note that the state is another one.
   * @param {number} now Seconds.
   */
  change(now) {
    this.#isChanged = true;
    this.#changedAt = now;
    this.#repeats = 0;
  }

  /** Have a change told now, however short ago the last one was told: something happens at that place. */
  hasten() {
    if (this.#isChanged) {
      this.#sentAt = -Infinity;
    }
  }

  /**
   * Note that the present state was sent.
   * @param {number} now Seconds.
   */
  sent(now) {
    this.#isChanged = false;
    this.#sentAt = now;
    const pastS = now + TOLERANCE_S - this.#changedAt;
    while (this.#repeats < REPEATS_S.length && REPEATS_S[this.#repeats] <= pastS) {
      this.#repeats += 1;
    }
  }

  /** Have nothing to tell any more. */
  stop() {
    this.#isChanged = false;
    this.#repeats = REPEATS_S.length;
  }
}
