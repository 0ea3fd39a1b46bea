/** The parity packets that wait, and what they say together of the packets that are not known. */

import { Elimination } from "./elimination.js";
import { Equation } from "./equation.js";
import { Words, addProducts } from "./kernel.js";
import { Lanes, MAX_LANES, MIN_LANES } from "./lanes.js";
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
  /** What is added up at a time. */
  #terms = [];
  #factors;
  #lanes;
  /** @type {Words[]} */
  #sums;

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
    this.#lanes = new Lanes(symbols.symbolBytes);
    this.#sums = Array.from({ length: MAX_LANES }, () => Words.alone(symbols.symbolBytes));
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
    return this.#ownBytes + equations + this.#maxUnknowns * UNKNOWN_BYTES + this.#elimination.capBytes;
  }

  /** What it has made room for. */
  get usedBytes() {
    const equations = this.#made * (this.#symbols.symbolBytes + EQUATION_OVERHEAD_BYTES);
    return this.#ownBytes + equations + this.#unknowns.capacity * UNKNOWN_BYTES + this.#elimination.usedBytes;
  }

  get #ownBytes() {
    return this.#lanes.usedBytes + MAX_LANES * this.#symbols.symbolBytes;
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
    const determined = this.#elimination.rows.filter((row) => this.#elimination.isDetermined(row));
    if (determined.length === 0) {
      return [];
    }
    const used = [...this.#equations].filter((equation) => {
      const slot = this.#equations.slotOf(equation);
      return determined.some((row) => row.weights[slot] !== 0);
    });
    this.#reduce(used, newest);
    const found = [];
    for (let at = 0; at < determined.length; at += MAX_LANES) {
      found.push(...this.#compute(determined.slice(at, at + MAX_LANES), used));
    }
    determined.forEach((row) => this.#elimination.remove(row));
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
    this.#terms[0] = this.#symbols.at(place).words;
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
    this.#reduce([...this.#equations].filter((equation) => equation.first < oldest), newest);
    this.#unreducedFrom = Infinity;
    for (const equation of this.#equations) {
      if (!equation.isReduced) {
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

  /** Return what some rows say, at most `MAX_LANES`: sums of the right sides of reduced equations. */
  #compute(rows, equations) {
    const slots = equations.map((equation) => this.#equations.slotOf(equation));
    const sizesBytes = rows.map(({ weights }) => {
      return Math.max(...equations.map(({ sizeBytes }, at) => (weights[slots[at]] !== 0 ? sizeBytes : 0)));
    });
    const rightSides = equations.map((equation) => equation.rightSide);
    const weightOf = (term, lane) => rows[lane].weights[slots[term]];
    const sums = this.#sums.slice(0, rows.length);
    sums.forEach((sum) => sum.words.fill(0));
    this.#add(sums, rightSides, weightOf, Math.max(...sizesBytes));
    return rows.map((row, lane) => {
      return { place: this.#unknowns.at(row.pivot), payload: payloadOf(sums[lane].bytes, sizesBytes[lane]) };
    });
  }

  /** Take what is known out of those equations that are not reduced, some of one window at a time. */
  #reduce(equations, newest) {
    const waiting = equations.filter((equation) => !equation.isReduced);
    while (waiting.length > 0) {
      const [first] = waiting;
      const group = waiting.filter((equation) => equation.isBeside(first)).slice(0, MAX_LANES);
      this.#reduceGroup(group, newest);
      waiting.splice(0, waiting.length, ...waiting.filter((equation) => !equation.isReduced));
    }
  }

  #reduceGroup(group, newest) {
    const { first, end } = group[0];
    const places = [];
    let sizeBytes = 0;
    for (let place = first; place < Math.min(end, newest + 1); place++) {
      if (this.#symbols.has(place)) {
        places.push(place);
        sizeBytes = Math.max(sizeBytes, this.#symbols.sizeAt(place));
      }
    }
    const known = places.map((place) => this.#symbols.at(place));
    const factorOf = (term, lane) => group[lane].factor(places[term]);
    this.#add(group.map((equation) => equation.rightSide), known, factorOf, sizeBytes);
    for (const equation of group) {
      equation.sizeBytes = Math.max(equation.sizeBytes, sizeBytes);
      equation.isReduced = true;
    }
  }

  /** Add terms times their factors to each of some sums. */
  #add(sums, terms, factorOf, sizeBytes) {
    if (sums.length >= MIN_LANES) {
      const bytes = terms.map((term) => term.bytes);
      this.#lanes.add(sums.map((sum) => sum.bytes), bytes, factorOf, terms.length, sizeBytes);
      return;
    }
    sums.forEach((sum, lane) => {
      terms.forEach((term, at) => {
        this.#terms[at] = term.words;
        this.#factors[at] = factorOf(at, lane);
      });
      addProducts(sum.words, this.#terms, this.#factors, terms.length, sizeBytes);
    });
  }
}
