/**
 * Fingers as a pointer: a tap is a click of the left button, a long press one of the right, a finger that
 * moves drags, two fingers scroll.
 *
 * What is touched is what is meant, so the pointer goes to the finger. It is seen there as a small arrow
 * (`cursor.js`).
 */

import { buttonPressed, buttonReleased, pointerAt, scrolled } from "./deeds.js";
import { shareOf } from "./geometry.js";

const LEFT = 1;
const RIGHT = 3;

/** CSS pixels that a finger which only taps may move. */
const SLOP = 10;

const LONG_PRESS_S = 0.5;

/** CSS pixels of two fingers for a notch of the wheel. */
const NOTCH_PIXELS = 40;

const NOTCH = 120;

/** What the fingers are about. */
const Gesture = Object.freeze({
  NONE: "none",
  /** One finger, which has not moved yet. */
  TOUCH: "touch",
  /** One finger with the left button. */
  DRAG: "drag",
  /** Two fingers. */
  SCROLL: "scroll",
  /** Nothing more, until all fingers are gone. */
  DONE: "done",
});

/** Turns touches into deeds. Knows where the fingers are; what comes beyond two has no effect. */
export class Touch {
  #post;
  #view;
  #setTimer;
  #gesture = Gesture.NONE;
  /** Where the fingers are, by the id of their pointer: ten at most. */
  #fingers = new Map();
  #begin = null;
  #turned = [0, 0];
  #cancelLongPress = () => {};

  /**
   * @param {(deed: import("./deeds.js").Deed) => void} post
   * @param {() => import("./geometry.js").View | null} view Where the picture is; null while there is none.
   * @param {(callback: () => void, seconds: number) => () => void} setTimer Returns what cancels it.
   */
  constructor(post, view, setTimer = timer) {
    this.#post = post;
    this.#view = view;
    this.#setTimer = setTimer;
  }

  /**
   * Take an event of a touch.
   *
   * @param {PointerEvent} event
   */
  handle(event) {
    switch (event.type) {
      case "pointerdown": return this.#down(event);
      case "pointerup": return this.#up(event);
      case "pointercancel": return this.#cancel(event);
      default: return this.#move(event);
    }
  }

  #down(event) {
    if (this.#fingers.size >= 10) {
      return;
    }
    const at = [event.clientX, event.clientY];
    this.#fingers.set(event.pointerId, at);
    if (this.#gesture === Gesture.NONE && this.#point(at)) {
      this.#gesture = Gesture.TOUCH;
      this.#begin = at;
      this.#cancelLongPress = this.#setTimer(() => this.#pressLong(), LONG_PRESS_S);
    } else if (this.#gesture === Gesture.TOUCH) {
      this.#cancelLongPress();
      this.#gesture = Gesture.SCROLL;
      this.#turned = [0, 0];
    }
  }

  #move(event) {
    const before = this.#fingers.get(event.pointerId);
    if (before === undefined) {
      return;
    }
    const at = [event.clientX, event.clientY];
    this.#fingers.set(event.pointerId, at);
    if (this.#gesture === Gesture.TOUCH && distance(at, this.#begin) > SLOP) {
      this.#cancelLongPress();
      this.#gesture = Gesture.DRAG;
      this.#post(buttonPressed(LEFT)); // where the finger came down
    }
    if (this.#gesture === Gesture.DRAG) {
      this.#point(at);
    } else if (this.#gesture === Gesture.SCROLL) {
      this.#scroll(at[0] - before[0], at[1] - before[1]);
    }
  }

  /**
   * The content goes with the fingers: down is what a wheel that turns away does. Each finger counts for its
   * share.
   */
  #scroll(dx, dy) {
    this.#turned[0] -= (dx * NOTCH) / NOTCH_PIXELS / this.#fingers.size;
    this.#turned[1] += (dy * NOTCH) / NOTCH_PIXELS / this.#fingers.size;
    const [right, up] = this.#turned.map((each) => Math.trunc(each) || 0);
    if (right !== 0 || up !== 0) {
      this.#turned[0] -= right;
      this.#turned[1] -= up;
      this.#post(scrolled(right, up));
    }
  }

  #up(event) {
    if (!this.#fingers.delete(event.pointerId)) {
      return;
    }
    this.#cancelLongPress();
    if (this.#gesture === Gesture.TOUCH) {
      this.#click(LEFT);
    } else if (this.#gesture === Gesture.DRAG) {
      this.#post(buttonReleased(LEFT));
    }
    this.#gesture = this.#fingers.size === 0 ? Gesture.NONE : Gesture.DONE;
  }

  #cancel(event) {
    if (this.#gesture === Gesture.TOUCH) {
      this.#gesture = Gesture.DONE;
    }
    this.#up(event);
  }

  #pressLong() {
    this.#gesture = Gesture.DONE;
    this.#click(RIGHT);
  }

  #click(button) {
    this.#post(buttonPressed(button));
    this.#post(buttonReleased(button));
  }

  #point([x, y]) {
    const view = this.#view();
    if (view !== null) {
      this.#post(pointerAt(...shareOf(x, y, view)));
    }
    return view !== null;
  }

  /** Forget what is down: whoever asks has the host let go of it. */
  forget() {
    this.#cancelLongPress();
    this.#gesture = this.#fingers.size === 0 ? Gesture.NONE : Gesture.DONE;
  }
}

function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

function timer(callback, seconds) {
  const handle = setTimeout(callback, seconds * 1000);
  return () => clearTimeout(handle);
}
