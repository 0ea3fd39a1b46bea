/** The parity packets that wait, and what they say together of the packets that are not known. */

import { Elimination } from "./elimination.js";
import { Equation } from "./equation.js";
import { Words, addProducts } from "./kernel.js";
import { Slots } from "./slots.js";
import { payloadOf } from "./symbols.js";

/** Of an equation besides its symbol, and of each unknown: their objects and places in the tables. */
const EQUATION_OVERHEAD_BYTES = 256;
const UNKNOWN_BYTES = 64;

/**
 * Equations between places. What is known is taken out of their right sides only when these are needed, which
 * may be never.
 *
 * Bound: `maxEquations` symbols and the rows of the elimination, made when they are first needed and then
 * used again.
 */
export class EquationSystem {
  #symbols;
  #maxUnknowns;
  #maxEquations;
  #elimination;
  /** Places that occur in equations, known neither from the network nor by repair. @type {Slots<number>} */
  #unknowns = new Slots();
  /** @type {Slots<Equation>} */
  #equations = new Slots();
  /** @type {Equation[]} */
  #spare = [];
  #made = 0;
  /** Where the oldest window of an equation begins that is not reduced. */
  #unreducedFrom = Infinity;
  /** Of one sum at a time. */
  #terms = [];
  #factors;
  #sum;

  /**
   * @param {import("./symbols.js").SymbolRing} symbols What is known; borrowed.
   * @param {number} maxUnknowns Most places that are in question at a time.
   * @param {number} maxEquations Most parity packets that wait.
   */
  constructor(symbols, maxUnknowns, maxEquations) {
    this.#symbols = symbols;
    this.#maxUnknowns = maxUnknowns;
    this.#maxEquations = maxEquations;
    this.#elimination = new Elimination(maxUnknowns, maxEquations);
    this.#factors = new Uint8Array(Math.max(symbols.capacity, maxEquations));
    this.#sum = new Words(symbols.symbolBytes);
  }

  /** Whether no equation waits. */
  get isEmpty() {
    return this.#equations.size === 0;
  }

  /** Whether no more equations may be added. */
  get isFull() {
    return this.#equations.size >= this.#maxEquations;
  }

  /** Equations that wait. */
  get size() {
    return this.#equations.size;
  }

  /** Most it can hold. */
  get capBytes() {
    const equations = this.#maxEquations * (this.#symbols.symbolBytes + EQUATION_OVERHEAD_BYTES);
    return equations + this.#maxUnknowns * UNKNOWN_BYTES + this.#elimination.capBytes;
  }

  /** What it has made room for. */
  get usedBytes() {
    const equations = this.#made * (this.#symbols.symbolBytes + EQUATION_OVERHEAD_BYTES);
    return equations + this.#unknowns.capacity * UNKNOWN_BYTES + this.#elimination.usedBytes;
  }

  /**
   * Add what a parity packet says. There must be room.
   *
   * @param {import("./packets.js").ParityPacket} parity Copied.
   * @param {number} first Place of its window's first packet.
   * @param {number[]} unknown The places of the window that are not known.
   */
  add(parity, first, unknown) {
    const equation = this.#spare.pop() ?? this.#make();
    equation.fill(parity, first);
    const row = this.#elimination.newRow();
    for (const place of unknown) {
      row.factors[this.#unknowns.add(place)] = equation.factor(place);
    }
    if (this.#elimination.add(row, this.#unknowns.capacity, this.#equations.add(equation))) {
      this.#unreducedFrom = Math.min(this.#unreducedFrom, first);
    } else {
      this.#letGo(equation);
    }
  }

  /**
   * Take out what is determined.
   *
   * @param {number} newest Place of the newest packet that is known.
   * @returns {{place: number, payload: Uint8Array | null}[]} Ascending; null where what was computed is no
   *   packet.
   */
  takeDetermined(newest) {
    const found = [];
    const { rows } = this.#elimination;
    for (let at = 0; at < rows.length; at++) {
      if (this.#elimination.isDetermined(rows[at])) {
        const place = this.#unknowns.at(rows[at].pivot);
        found.push({ place, payload: this.#sumOf(rows[at].weights, newest) });
        this.#elimination.removeAt(at);
        at -= 1;
      }
    }
    return found.sort((one, other) => one.place - other.place);
  }

  /**
   * Take note that the packet at a place has become known; the ring has it.
   *
   * @param {number} place
   */
  substitute(place) {
    if (!this.#unknowns.has(place)) {
      return;
    }
    this.#elimination.substitute(this.#unknowns.remove(place));
    this.#terms[0] = this.#symbols.at(place);
    for (const equation of this.#equations) {
      if (equation.isReduced && place >= equation.first && place < equation.end) {
        this.#factors[0] = equation.factor(place);
        equation.subtract(this.#terms, this.#factors, 1, this.#symbols.sizeAt(place));
      }
    }
  }

  /**
   * Get ready for the packets before a place to be forgotten: take them out of the equations that need them.
   *
   * @param {number} oldest The first place that stays.
   * @param {number} newest Place of the newest packet that is known.
   */
  reduceBefore(oldest, newest) {
    if (oldest <= this.#unreducedFrom) {
      return;
    }
    this.#unreducedFrom = Infinity;
    for (const equation of this.#equations) {
      if (equation.first < oldest) {
        this.#reduce(equation, newest);
      } else if (!equation.isReduced) {
        this.#unreducedFrom = Math.min(this.#unreducedFrom, equation.first);
      }
    }
  }

  /**
   * Expect no more to learn what was before a place.
   *
   * @param {number} oldest
   */
  giveUpBefore(oldest) {
    for (const place of this.#unknowns) {
      if (place < oldest) {
        this.#elimination.giveUp(this.#unknowns.remove(place));
      }
    }
  }

  /** Expect no more to learn what is at the oldest unknown place; there is one. */
  giveUpOldest() {
    this.#elimination.giveUp(this.#unknowns.remove(Math.min(...this.#unknowns)));
  }

  /** Let go of the equations that have nothing more to say, because no row is made of them. */
  release() {
    for (const equation of this.#equations) {
      if (!this.#elimination.uses(this.#equations.slotOf(equation))) {
        this.#letGo(equation);
      }
    }
    if (this.isEmpty) {
      this.#unknowns.clear();
      this.#elimination.reset();
      this.#unreducedFrom = Infinity;
    }
  }

  #make() {
    this.#made += 1;
    return new Equation(this.#symbols.symbolBytes);
  }

  #letGo(equation) {
    this.#equations.remove(equation);
    this.#spare.push(equation);
  }

  /** Return the payload in the sum of the equations' right sides times their weights; null if it is none. */
  #sumOf(weights, newest) {
    const used = [];
    for (const equation of this.#equations) {
      if (weights[this.#equations.slotOf(equation)] !== 0) {
        this.#reduce(equation, newest);
        used.push(equation);
      }
    }
    let sizeBytes = 0;
    used.forEach((equation, at) => {
      this.#terms[at] = equation.rightSide;
      this.#factors[at] = weights[this.#equations.slotOf(equation)];
      sizeBytes = Math.max(sizeBytes, equation.sizeBytes);
    });
    this.#sum.words.fill(0);
    addProducts(this.#sum.words, this.#terms, this.#factors, used.length, sizeBytes);
    return payloadOf(this.#sum.bytes, sizeBytes);
  }

  /** Take what is known out of an equation, unless that was done. */
  #reduce(equation, newest) {
    if (equation.isReduced) {
      return;
    }
    let count = 0;
    let sizeBytes = 0;
    const last = Math.min(equation.end - 1, newest);
    for (let place = equation.first; place <= last; place++) {
      if (this.#symbols.has(place)) {
        this.#terms[count] = this.#symbols.at(place);
        this.#factors[count] = equation.factor(place);
        sizeBytes = Math.max(sizeBytes, this.#symbols.sizeAt(place));
        count += 1;
      }
    }
    equation.subtract(this.#terms, this.#factors, count, sizeBytes);
    equation.isReduced = true;
  }
}
