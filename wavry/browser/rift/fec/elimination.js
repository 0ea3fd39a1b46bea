/**
 * Gauss-Jordan elimination over GF(2^8), one equation at a time, on the factors alone.
 *
 * Unknowns and equations go by small integers, their slots; a vector has the factor of slot s in byte s. Each
 * row also holds its weights, by which equations it was added up; whoever knows the equations' right sides
 * gets the row's from these. So nothing large is touched until an unknown is determined.
 *
 * The rows are always reduced: each has a pivot, an unknown that occurs in no other row. An unknown is
 * determined exactly when a row holds nothing else.
 *
 * Bound: one row for each equation and one more, each as long as the unknowns and equations there may be;
 * rows that went are used again.
 */

import { PRODUCTS, inverse } from "./gf256.js";

/** A sum of equations: `factors` times the unknowns is `weights` times the right sides. */
class Row {
  pivot = 0;

  constructor(unknowns, equations) {
    this.factors = new Uint8Array(unknowns);
    this.weights = new Uint8Array(equations);
  }
}

/** The system of equations that are left. */
export class Elimination {
  /** In the order in which they were added. @type {Row[]} */
  rows = [];
  /** @type {Row[]} */
  #spare = [];
  #made = 0;
  /** No row has factors or weights from here on. */
  #unknownsEnd = 0;
  #equationsEnd = 0;

  /**
   * @param {number} maxUnknowns Slots of unknowns are below it.
   * @param {number} maxEquations Slots of equations are below it.
   */
  constructor(maxUnknowns, maxEquations) {
    this.maxUnknowns = maxUnknowns;
    this.maxEquations = maxEquations;
  }

  /** What the rows that were made take. */
  get usedBytes() {
    return this.#made * (this.maxUnknowns + this.maxEquations);
  }

  /** What they take at most. */
  get capBytes() {
    return (this.maxEquations + 1) * (this.maxUnknowns + this.maxEquations);
  }

  /**
   * Return an empty row, to be filled in and given to `add`.
   *
   * @returns {Row}
   */
  newRow() {
    const row = this.#spare.pop();
    if (row !== undefined) {
      return row;
    }
    this.#made += 1;
    return new Row(this.maxUnknowns, this.maxEquations);
  }

  /**
   * Add an equation. At most two additions for each row.
   *
   * @param {Row} row From `newRow`, with the factors of the unknowns in it.
   * @param {number} unknownsEnd One more than the highest slot of an unknown that is taken.
   * @param {number} equation The equation's slot, free so far.
   * @returns {boolean} Whether it says something new. If not, it is not in the system.
   */
  add(row, unknownsEnd, equation) {
    this.#unknownsEnd = Math.max(this.#unknownsEnd, unknownsEnd);
    this.#equationsEnd = Math.max(this.#equationsEnd, equation + 1);
    row.weights[equation] = 1;
    for (const each of this.rows) {
      const factor = row.factors[each.pivot];
      if (factor !== 0) {
        this.#add(row, each, factor);
      }
    }
    const lowest = this.#lowest(row);
    if (lowest < 0) {
      this.#recycle(row);
      return false;
    }
    this.#setPivot(row, lowest);
    this.rows.push(row);
    return true;
  }

  /**
   * Drop an unknown from all rows: its value has gone into the right sides.
   *
   * @param {number} unknown Its slot.
   */
  substitute(unknown) {
    for (const row of [...this.rows]) {
      if (row.factors[unknown] === 0) {
        continue;
      }
      row.factors[unknown] = 0;
      if (row.pivot !== unknown) {
        continue;
      }
      const lowest = this.#lowest(row);
      if (lowest >= 0) {
        this.#setPivot(row, lowest);
      } else {
        this.remove(row);
      }
    }
  }

  /**
   * Drop an unknown whose value will not be learned, and the one row that it costs.
   *
   * @param {number} unknown Its slot.
   */
  giveUp(unknown) {
    const row = this.rows.find((each) => each.factors[unknown] !== 0);
    if (row !== undefined) {
      this.#setPivot(row, unknown);
      this.remove(row);
    }
  }

  /**
   * Whether a row holds a single unknown, which then is its pivot, with the factor 1.
   *
   * @param {Row} row
   * @returns {boolean}
   */
  isDetermined(row) {
    const { factors, pivot } = row;
    for (let slot = 0; slot < this.#unknownsEnd; slot++) {
      if (factors[slot] !== 0 && slot !== pivot) {
        return false;
      }
    }
    return true;
  }

  /**
   * Take a row out.
   *
   * @param {Row} row One of `rows`; it may be used again.
   */
  remove(row) {
    this.rows.splice(this.rows.indexOf(row), 1);
    this.#recycle(row);
  }

  /**
   * Whether a row is made of an equation.
   *
   * @param {number} equation Its slot.
   * @returns {boolean}
   */
  uses(equation) {
    return this.rows.some((row) => row.weights[equation] !== 0);
  }

  /** Take note that the slots of both begin at 0 again; there is no row. */
  reset() {
    this.#unknownsEnd = this.#equationsEnd = 0;
  }

  #recycle(row) {
    row.factors.fill(0);
    row.weights.fill(0);
    this.#spare.push(row);
  }

  /** Make an unknown of a row its pivot, and clear it from the others. */
  #setPivot(pivotRow, pivot) {
    const factor = inverse(pivotRow.factors[pivot]);
    if (factor !== 1) {
      scale(pivotRow.factors, factor, this.#unknownsEnd);
      scale(pivotRow.weights, factor, this.#equationsEnd);
    }
    pivotRow.pivot = pivot;
    for (const row of this.rows) {
      if (row !== pivotRow && row.factors[pivot] !== 0) {
        this.#add(row, pivotRow, row.factors[pivot]);
      }
    }
  }

  /** Add another row to one, `factor` times. */
  #add(row, other, factor) {
    addScaled(row.factors, other.factors, factor, this.#unknownsEnd);
    addScaled(row.weights, other.weights, factor, this.#equationsEnd);
  }

  /** Return the lowest slot whose factor is not zero; -1 without one. */
  #lowest(row) {
    for (let slot = 0; slot < this.#unknownsEnd; slot++) {
      if (row.factors[slot] !== 0) {
        return slot;
      }
    }
    return -1;
  }
}

function scale(vector, factor, end) {
  const products = factor << 8;
  for (let at = 0; at < end; at++) {
    vector[at] = PRODUCTS[products | vector[at]];
  }
}

function addScaled(vector, other, factor, end) {
  const products = factor << 8;
  for (let at = 0; at < end; at++) {
    vector[at] ^= PRODUCTS[products | other[at]];
  }
}
