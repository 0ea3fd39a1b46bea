/**
 * Tells a decoder that is too slow for what comes from one that a burst has reached, as
 * `wavry/decode/backlog.py`.
 */

/** What waits for a decoder that keeps up: nothing, or one unit while it has another in its hands. */
const FEW = 2;

/**
 * A burst after a hiccup of the network is worked off by then: 15 units at 60 a second, and 16 wait at most.
 */
const PATIENCE_S = 0.25;

/**
 * Looks at how many units the decoder has not given back.
 *
 * A decoder that keeps up is found empty again and again, so some look sees it so. One that does not has more
 * waiting at every look, until something is given up.
 */
export class BacklogWatch {
  #waitingSince = null;

  /**
   * Take note of what waits as the next unit comes, or a while later.
   *
   * @param {number} waitingUnits That went into the decoder and have not come out.
   * @param {number} now Seconds.
   * @returns {boolean} Whether it is too much for too long.
   */
  isBehind(waitingUnits, now) {
    if (waitingUnits <= FEW) {
      this.#waitingSince = null;
    } else {
      this.#waitingSince ??= now;
    }
    return this.#waitingSince !== null && now - this.#waitingSince >= PATIENCE_S;
  }

  /** Forget what was seen: the decoder begins anew. */
  restart() {
    this.#waitingSince = null;
  }
}
