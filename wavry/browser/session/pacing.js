/**
 * Has the host take its pictures when the screen here has a use for them: once in each refresh, at the point where they wait
 * least (`video/screen_wait.js`).
 *
 * Both look 60 times a second, at points that have nothing to do with each other, and stay as far apart as they began.
 * `wavry/server/pacing.py` is the host's end.
 */

import { bestShift } from "../video/screen_wait.js";
import { SessionPart } from "./part.js";

/** So many pictures are looked at together, which come within `RECENT_MS`: fewer are no steady stream. */
const PICTURES = 90;
const RECENT_MS = 3000;

/** A wish costs a late picture, and what is less than this share of a refresh is chance. */
const WORTH = 1 / 12;

/** When all is well it is looked at again after this time: clocks drift. */
const CALM_MS = 5000;

/** A second wish that is still worth it comes at once, the next after this time, then twice as much, and so on. */
const PATIENCE_MS = 4000;
const MOST_PATIENCE_MS = 256_000;

/**
 * The page is asked by `{}` how its screen is drawn, and answers with `{at, interval}`: ms since 1970 when it was drawn once,
 * and ms from one time to the next.
 *
 * Bound: the times of 90 pictures.
 */
export class PacingPart extends SessionPart {
  name = "pacing";

  /** How often it was looked whether pictures wait, and how often the host was asked to shift them. */
  looks = 0;
  shifts = 0;

  #ready = [];
  #isImmediate = false;
  #talk = null;
  #wishes = 0;
  #notBefore = 0;
  #isAsked = false;

  welcomed(talk) {
    this.#talk = talk;
    this.#ready = [];
    this.#wishes = this.#notBefore = 0;
  }

  /**
   * Note that a picture is on the canvas, which the browser takes from there.
   *
   * @param {number} at ms since 1970, as exactly as browsers tell.
   * @param {boolean} isSoftware Whether it got there without a GPU.
   */
  pictureDrawn(at, isSoftware) {
    this.#isImmediate = isSoftware;
    this.#ready.push(at);
    if (this.#ready.length > PICTURES) {
      this.#ready.shift();
    }
    if (this.#talk !== null && !this.#isAsked && at >= this.#notBefore && this.#isSteady(at)) {
      this.#isAsked = true;
      this.tell({});
    }
  }

  #isSteady(now) {
    return this.#ready.length === PICTURES && now - this.#ready[0] <= RECENT_MS;
  }

  told({ at, interval }) {
    this.#isAsked = false;
    if (this.#talk === null || !this.#isSteady(at)) {
      return; // nobody has seen the page for a while
    }
    const { laterMs, gainMs } = bestShift(this.#ready, { at, interval, isImmediate: this.#isImmediate });
    this.#ready = [];
    this.looks += 1;
    this.#wishes = gainMs >= WORTH * interval ? this.#wishes + 1 : 0;
    this.#notBefore = at + this.#pauseMs();
    if (this.#wishes > 0) {
      this.shifts += 1;
      this.#talk.say("capture_shift", { laterUs: Math.round(laterMs * 1000) });
    }
  }

  #pauseMs() {
    switch (this.#wishes) {
      case 0:
        return CALM_MS;
      case 1:
        return 0;
      default:
        return Math.min(MOST_PATIENCE_MS, PATIENCE_MS * 2 ** (this.#wishes - 2));
    }
  }

  ended() {
    this.#talk = null;
  }
}
