/**
 * The mouse or pen over the page: points to places of the stream, buttons, wheel, and the lock for games.
 * Touches are `touch.js`'s.
 */

import { buttonPressed, buttonReleased, pointerAt, pointerMoved, scrolled } from "./deeds.js";
import { shareOf } from "./geometry.js";
import { Wheel } from "./wheel.js";

/** Buttons of the wire by the bits of `MouseEvent.buttons`: left, right, middle, back, forward. */
const BUTTONS = [1, 3, 2, 4, 5];

/** `PointerEvent.button` of motion alone. */
export const NO_BUTTON = -1;

/**
 * Turns events of the pointer into deeds.
 *
 * A drag that leaves the page goes on: the surface captures the pointer while a button is down.
 */
export class Pointer {
  #post;
  #view;
  #buttons = 0;
  #wheel = new Wheel();
  #moved = [0, 0];
  #at = null;

  /** Whether the mouse moves the host's pointer by what it moves itself. */
  isLocked = false;

  /**
   * @param {(deed: import("./deeds.js").Deed) => void} post
   * @param {() => import("./geometry.js").View | null} view Where the picture is; null while there is none.
   */
  constructor(post, view) {
    this.#post = post;
    this.#view = view;
  }

  /**
   * Take any event of a pointer that is no touch: the buttons that changed come after the place where they
   * did.
   *
   * @param {PointerEvent} event
   */
  handle(event) {
    const hasMoved = this.isLocked || this.#point(event.clientX, event.clientY);
    if (this.isLocked && event.button === NO_BUTTON) {
      this.#moveBy(event); // what a button tells of motion was told before
    }
    this.#press(event.buttons, hasMoved);
  }

  /** Point where the pointer is: it may be another place of the stream now. */
  pointAgain() {
    if (this.#at !== null && !this.isLocked) {
      this.#point(...this.#at);
    }
  }

  /** Note that the pointer is elsewhere. */
  leave() {
    this.#at = null;
  }

  #point(x, y) {
    this.#at = [x, y];
    const view = this.#view();
    if (view !== null) {
      this.#post(pointerAt(...shareOf(x, y, view)));
    }
    return view !== null;
  }

  /** Fractions wait until they are a whole count. */
  #moveBy({ movementX, movementY }) {
    this.#moved[0] += movementX;
    this.#moved[1] += movementY;
    const [dx, dy] = this.#moved.map((each) => Math.trunc(each) || 0);
    if (dx !== 0 || dy !== 0) {
      this.#moved[0] -= dx;
      this.#moved[1] -= dy;
      this.#post(pointerMoved(dx, dy));
    }
  }

  #press(buttons, mayPress) {
    for (const [bit, button] of BUTTONS.entries()) {
      const mask = 1 << bit;
      if (((buttons ^ this.#buttons) & mask) === 0) {
        continue;
      }
      if ((buttons & mask) === 0) {
        this.#buttons &= ~mask;
        this.#post(buttonReleased(button));
      } else if (mayPress) {
        this.#buttons |= mask;
        this.#post(buttonPressed(button));
      }
    }
  }

  /**
   * Take a turn of the wheel.
   *
   * @param {WheelEvent} event
   */
  turn(event) {
    const [right, up] = this.#wheel.turn(event);
    if (right !== 0 || up !== 0) {
      this.#post(scrolled(right, up));
    }
  }

  /** Forget what is down: whoever asks has the host let go of it. */
  forget() {
    this.#buttons = 0;
  }
}
