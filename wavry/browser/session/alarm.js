/** One timer that is set anew as often as one likes. */

export class Alarm {
  #ring;
  #timer = null;

  /** @param {(now: number) => void} ring Called when it is time. */
  constructor(ring) {
    this.#ring = ring;
  }

  /**
   * Ring at a time instead of any that was set before.
   *
   * @param {number | null} dueAt Seconds; null: not at all.
   * @param {number} now Seconds.
   */
  set(dueAt, now) {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (dueAt !== null) {
      this.#timer = setTimeout(() => this.#ring(performance.now() / 1000), Math.max(0, (dueAt - now) * 1000));
    }
  }
}
