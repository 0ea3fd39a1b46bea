/**
 * Game pads: those of the browser's Gamepad API as up to four pads of the host, and rumble back to them.
 *
 * Browsers tell when a pad comes and goes, and have to be asked for the rest: with each picture of the
 * screen, while there is a pad, and not at all before.
 */

import { padAxes, padButtons, padPlugged, padUnplugged } from "./deeds.js";
import { MAX_PADS } from "../rift/input/messages.js";

/**
 * Buttons of SDL's game controllers by those of the standard mapping ("Gamepad", W3C, section 16): A, B, X,
 * Y, shoulders, back, start, sticks, the cross, guide, the touchpad. The two that are left out are the
 * triggers, axes for SDL.
 */
const SDL_BUTTONS = [0, 1, 2, 3, 9, 10, null, null, 4, 6, 7, 8, 11, 12, 13, 14, 5, 20];

const LEFT_TRIGGER = 6;
const RIGHT_TRIGGER = 7;
const MOST = 32_767;

/** One that can shake does so for no longer at once; the host says so again. */
const LONGEST_RUMBLE_MS = 5000;

/** Follows the pads. */
export class Pads {
  #post;
  #getGamepads;
  #requestFrame;
  /** Pads of the host by the browser's: `{number, buttons, axes}`, `MAX_PADS` at most. */
  #pads = new Map();
  #isLooking = false;

  /**
   * @param {(deed: import("./deeds.js").Deed) => void} post
   * @param {() => (Gamepad | null)[]} getGamepads
   * @param {(callback: () => void) => void} requestFrame
   */
  constructor(post, getGamepads, requestFrame) {
    this.#post = post;
    this.#getGamepads = getGamepads;
    this.#requestFrame = requestFrame;
  }

  /**
   * Note that a pad is there.
   *
   * @param {Gamepad} gamepad One that no mapping is known of is left out.
   */
  plug(gamepad) {
    const taken = new Set([...this.#pads.values()].map((each) => each.number));
    const number = [...Array(MAX_PADS).keys()].find((each) => !taken.has(each));
    if (number === undefined || gamepad.mapping !== "standard" || this.#pads.has(gamepad.index)) {
      return;
    }
    this.#pads.set(gamepad.index, { number, buttons: 0, axes: [0, 0, 0, 0, 0, 0] });
    this.#post(padPlugged(number, nameOf(gamepad)));
    if (!this.#isLooking) {
      this.#isLooking = true;
      this.#look();
    }
  }

  /**
   * Note that it is gone.
   *
   * @param {Gamepad} gamepad
   */
  unplug(gamepad) {
    const pad = this.#pads.get(gamepad.index);
    if (pad !== undefined) {
      this.#pads.delete(gamepad.index);
      this.#post(padUnplugged(pad.number));
    }
  }

  #look() {
    this.#isLooking = this.#pads.size > 0;
    if (!this.#isLooking) {
      return;
    }
    for (const gamepad of this.#getGamepads()) {
      const pad = gamepad === null ? undefined : this.#pads.get(gamepad.index);
      if (pad !== undefined) {
        this.#change(pad, buttonsOf(gamepad), axesOf(gamepad));
      }
    }
    this.#requestFrame(() => this.#look());
  }

  #change(pad, buttons, axes) {
    if (buttons !== pad.buttons) {
      pad.buttons = buttons;
      this.#post(padButtons(pad.number, buttons));
    }
    if (axes.some((value, axis) => value !== pad.axes[axis])) {
      pad.axes = axes;
      this.#post(padAxes(pad.number, axes));
    }
  }

  /**
   * Let go of what is down: nobody looks at pads while the page is hidden. They are told again when it is
   * not.
   */
  calm() {
    for (const pad of this.#pads.values()) {
      this.#change(pad, 0, [0, 0, 0, 0, 0, 0]);
    }
  }

  /**
   * Shake a pad; one that is not there, or can't, stays still.
   *
   * @param {{pad: number, low: number, high: number, durationMs: number}} wish
   */
  rumble({ pad, low, high, durationMs }) {
    for (const gamepad of this.#getGamepads()) {
      if (gamepad === null || this.#pads.get(gamepad.index)?.number !== pad) {
        continue;
      }
      const shaken = gamepad.vibrationActuator?.playEffect("dual-rumble", {
        duration: low === 0 && high === 0 ? 0 : Math.min(durationMs, LONGEST_RUMBLE_MS),
        strongMagnitude: low / 0xffff,
        weakMagnitude: high / 0xffff,
      });
      shaken?.catch(() => {}); // it may have been pulled out
    }
  }
}

/**
 * Browsers put what the system calls a pad in front of its numbers: "Pad (STANDARD GAMEPAD Vendor: 045e
 * ...)".
 */
function nameOf({ id }) {
  return id.replace(/\s*\(.*$/s, "") || id;
}

function buttonsOf(gamepad) {
  let buttons = 0;
  for (const [place, button] of SDL_BUTTONS.entries()) {
    if (button !== null && gamepad.buttons[place]?.pressed) {
      buttons |= 1 << button;
    }
  }
  return buttons;
}

function axesOf(gamepad) {
  const sticks = [0, 1, 2, 3].map((axis) => axisOf(gamepad.axes[axis] ?? 0));
  const pressed = (place) => Math.max(0, gamepad.buttons[place]?.value ?? 0);
  const triggers = [LEFT_TRIGGER, RIGHT_TRIGGER].map((place) => axisOf(pressed(place)));
  return [...sticks, ...triggers];
}

function axisOf(value) {
  return Math.round(Math.min(Math.max(value, -1), 1) * MOST) || 0;
}
