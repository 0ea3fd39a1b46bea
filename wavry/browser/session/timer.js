/** A timer that is set to a moment, and may be set again before that. */
export class Timer {
  #callback;
  #handle = null;
  #dueAt = null;

  /** @param {() => void} callback Called when the moment has come. */
  constructor(callback) {
    this.#callback = callback;
  }

  /**
   * Fire at a moment instead of at any other that was set.
   *
   * @param {number | null} dueAt Seconds; null is never.
   * @param {number} now Seconds.
   */
  set(dueAt, now) {
    if (dueAt === this.#dueAt) {
      return;
    }
    clearTimeout(this.#handle);
    this.#dueAt = dueAt;
    if (dueAt !== null) {
      this.#handle = setTimeout(() => {
        this.#dueAt = null;
        this.#callback();
      }, Math.max(0, (dueAt - now) * 1000));
    }
  }

  /** Never fire. */
  cancel() {
    this.set(null, 0);
  }

  /** @returns {boolean} Whether it will fire. */
  get isSet() {
    return this.#dueAt !== null;
  }
}
