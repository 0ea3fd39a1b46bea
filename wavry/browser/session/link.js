/** The page's end of the worker: one link to the worker itself, and one to each of its parts. */

/** What the page's side of a `SessionPart` talks through. */
export class PartLink {
  #worker;
  #name;

  /**
   * @param {Worker} worker
   * @param {string} name Of the part.
   */
  constructor(worker, name) {
    this.#worker = worker;
    this.#name = name;
    /** Gets what the part tells. */
    this.told = (data) => {};
  }

  /**
   * Say something to the part.
   *
   * @param {any} data Cloned.
   * @param {Transferable[]} [transfer]
   */
  tell(data, transfer = []) {
    this.#worker.postMessage({ to: this.#name, data }, transfer);
  }
}

/** The worker, seen from the page. */
export class WorkerLink {
  #worker;
  #links = new Map();

  /** @param {Worker} worker */
  constructor(worker) {
    this.#worker = worker;
    worker.onmessage = ({ data: { from, data } }) => this.#links.get(from)?.told(data);
  }

  /**
   * Return the link to a part; "" is the worker itself.
   *
   * @param {string} name
   * @returns {PartLink}
   */
  part(name) {
    if (!this.#links.has(name)) {
      this.#links.set(name, new PartLink(this.#worker, name));
    }
    return this.#links.get(name);
  }
}
