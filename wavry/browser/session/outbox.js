/**
 * News for the page: the newest of each kind. One telling is under way at a time, and what comes until the
 * page has taken it waits here: so whatever a host says how often, a page that is busy has one of each kind
 * before it and no more.
 */
export class Outbox {
  #tell;
  #waiting = {};
  #isUnderWay = false;

  /** @param {(news: object) => void} tell Sends news to the page, which answers with what calls `taken`. */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @returns {object} What waits; not to be changed. */
  get waiting() {
    return this.#waiting;
  }

  /**
   * Have something told.
   *
   * @param {object} news By kind; a newer one takes the place of one that waits.
   */
  put(news) {
    Object.assign(this.#waiting, news);
    this.#next();
  }

  /** Note that the page has taken what was under way. */
  taken() {
    this.#isUnderWay = false;
    this.#next();
  }

  #next() {
    if (this.#isUnderWay || Object.keys(this.#waiting).length === 0) {
      return;
    }
    const news = this.#waiting;
    this.#waiting = {};
    this.#isUnderWay = true;
    this.#tell(news);
  }
}
