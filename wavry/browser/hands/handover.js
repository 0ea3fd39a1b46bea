/** Deeds on their way from the page to the session's worker: in order, bounded, motion merged. */

import { isAboutPlugs, lookedAway, merged } from "./deeds.js";

const MAX_DEEDS = 256;

/**
 * A queue with the worker at its end. One batch is under way at a time, and what the hands do until the
 * worker has taken it waits here, where motion is merged: so a worker that is busy is never more than one
 * batch behind, and what waits is bounded.
 *
 * It holds `MAX_DEEDS` deeds, and as many are under way at most. When it is full what waits is dropped, and
 * everything let go.
 */
export class Handover {
  #send;
  #deeds = [];
  #isUnderWay = false;
  #holds = 0;

  /** Deeds that were dropped. */
  drops = 0;

  /**
   * @param {(deeds: import("./deeds.js").Deed[]) => void} send Gets each batch; `taken` is called for each.
   */
  constructor(send) {
    this.#send = send;
  }

  /**
   * Hand over a deed.
   *
   * @param {import("./deeds.js").Deed} deed
   */
  post(deed) {
    this.#add(deed);
    this.#next();
  }

  /** Note that the worker has taken the batch that was under way. */
  taken() {
    this.#isUnderWay = false;
    this.#next();
  }

  /**
   * Let nothing through until something has happened; the order stays.
   *
   * @param {Promise<any>} happened Must come to an end by itself.
   */
  async holdUntil(happened) {
    this.#holds += 1;
    try {
      await happened;
    } finally {
      this.#holds -= 1;
      this.#next();
    }
  }

  #next() {
    if (this.#isUnderWay || this.#holds > 0 || this.#deeds.length === 0) {
      return;
    }
    const deeds = this.#deeds;
    this.#deeds = [];
    this.#isUnderWay = true;
    this.#send(deeds);
  }

  #add(deed) {
    const deeds = this.#deeds;
    const both = deeds.length > 0 ? merged(deeds.at(-1), deed) : null;
    if (both !== null) {
      deeds[deeds.length - 1] = both;
      return;
    }
    if (deeds.length >= MAX_DEEDS) {
      this.drops += deeds.length;
      this.#deeds = [...deeds.filter(isAboutPlugs).slice(-MAX_DEEDS / 2), lookedAway()];
    }
    this.#deeds.push(deed);
  }
}
