/** Small integers for things: the lowest that are free, given back when the thing goes. */

/**
 * Numbers things that are unique as keys of a map, from 0 up, leaving few holes.
 *
 * @template T
 */
export class Slots {
  /** @type {Map<T, number>} In the order in which they were added. */
  #slotOf = new Map();
  /** @type {(T | null)[]} */
  #things = [];
  #free = [];

  /**
   * Return the thing's slot, a new one if it had none.
   *
   * @param {T} thing
   * @returns {number}
   */
  add(thing) {
    const known = this.#slotOf.get(thing);
    if (known !== undefined) {
      return known;
    }
    const slot = this.#free.length > 0 ? this.#free.pop() : this.#things.length;
    this.#slotOf.set(thing, slot);
    this.#things[slot] = thing;
    return slot;
  }

  /**
   * Free the slot of a thing that has one, and return it.
   *
   * @param {T} thing
   * @returns {number}
   */
  remove(thing) {
    const slot = this.#slotOf.get(thing);
    this.#slotOf.delete(thing);
    this.#things[slot] = null;
    this.#free.push(slot);
    return slot;
  }

  /** Free all slots, and forget how many there were. */
  clear() {
    this.#slotOf.clear();
    this.#things.length = 0;
    this.#free.length = 0;
  }

  /**
   * Return the slot of a thing that has one.
   *
   * @param {T} thing
   * @returns {number}
   */
  slotOf(thing) {
    return this.#slotOf.get(thing);
  }

  /**
   * Return the thing of a slot that is taken.
   *
   * @param {number} slot
   * @returns {T}
   */
  at(slot) {
    return this.#things[slot];
  }

  /**
   * Whether a thing has a slot.
   *
   * @param {T} thing
   * @returns {boolean}
   */
  has(thing) {
    return this.#slotOf.has(thing);
  }

  /** All things, in the order in which they were added; they may be removed meanwhile. */
  [Symbol.iterator]() {
    return this.#slotOf.keys();
  }

  /** Slots, free or not; it shrinks only with `clear`. */
  get capacity() {
    return this.#things.length;
  }

  /** How many things have one. */
  get size() {
    return this.#slotOf.size;
  }
}
