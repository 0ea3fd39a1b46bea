/**
 * The last times that something took, in arrays that are made once.
 */

/** A ring of numbers; the newest takes the place of the oldest once it is full. */
export class RecentTimes {
  #times;
  #ordered;
  #next = 0;
  #size = 0;

  /** @param {number} capacity Most numbers that are kept; 16 bytes each, from the start. */
  constructor(capacity) {
    this.#times = new Float64Array(capacity);
    this.#ordered = new Float64Array(capacity);
  }

  /** How many there are. */
  get size() {
    return this.#size;
  }

  /** Bytes it holds, always. */
  get bytes() {
    return this.#times.byteLength + this.#ordered.byteLength;
  }

  /** @param {number} time Seconds. */
  push(time) {
    this.#times[this.#next] = time;
    this.#next = (this.#next + 1) % this.#times.length;
    this.#size = Math.min(this.#size + 1, this.#times.length);
  }

  /** Forget all. */
  clear() {
    this.#next = this.#size = 0;
  }

  /** @returns {Float64Array} All of them, the least first; a view that is valid until the next call. */
  sorted() {
    const ordered = this.#ordered.subarray(0, this.#size);
    ordered.set(this.#times.subarray(0, this.#size)); // before it is full it begins at 0
    return ordered.sort();
  }

  /** @returns {number} Their sum, added up from the oldest on. */
  sum() {
    const oldest = this.#next - this.#size + this.#times.length;
    let sum = 0;
    for (let place = 0; place < this.#size; place += 1) {
      sum += this.#times[(oldest + place) % this.#times.length];
    }
    return sum;
  }

  /** @returns {number} The least of them; Infinity where there is none. */
  least() {
    let least = Infinity;
    for (let place = 0; place < this.#size; place += 1) {
      least = Math.min(least, this.#times[place]);
    }
    return least;
  }
}
