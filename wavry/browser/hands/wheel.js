/** The wheel: what browsers say of it, in 120ths of a notch. */

/** A notch, in what `deltaMode` 0, 1 and 2 count: CSS pixels, lines, pages. */
const NOTCH_DELTAS = [100, 3, 1];

const NOTCH = 120;

/** Adds up what turns of the wheel leave: less than 1/120 of a notch, in each direction. */
export class Wheel {
  #right = 0;
  #up = 0;

  /**
   * Take a turn.
   *
   * Chromium and Safari say in `wheelDelta` how the wheel itself turned, whatever the system makes of it in
   * pixels.
   *
   * @param {WheelEvent} event
   * @returns {[number, number]} Whole 120ths of a notch, right and up.
   */
  turn(event) {
    const notch = NOTCH_DELTAS[event.deltaMode] ?? NOTCH_DELTAS[0];
    // A wheel turned away gives a negative `deltaY` and a positive `wheelDeltaY`; to the right, the same for
    // X.
    this.#right += event.wheelDeltaX === undefined ? (event.deltaX * NOTCH) / notch : -event.wheelDeltaX;
    this.#up += event.wheelDeltaY === undefined ? (-event.deltaY * NOTCH) / notch : event.wheelDeltaY;
    const [right, up] = [whole(this.#right), whole(this.#up)];
    this.#right -= right;
    this.#up -= up;
    return [right, up];
  }
}

/** A sum of fractions that should be a whole number is one. */
function whole(value) {
  return Math.trunc(Math.round(value * 1000) / 1000) || 0;
}
