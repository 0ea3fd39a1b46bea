/**
 * Keys of the page: what the browser says of them, as HID usages and the text that the person's layout makes
 * of them.
 *
 * A key that should give text and gives none is part of something larger (a dead key, an input method): the
 * browser keeps it, and the host gets what comes of it (`text_entry.js`), and not the key. Text without a key
 * that has a usage is typed: from programs that bind spare keycodes for the characters they want. As
 * `wavry/client/hands/keyboard.py`.
 */

import { CAPS_LOCK, CONTROL_LEFT, META, USAGES, isModifier, isTyping } from "./codes.js";
import { keyPressed, keyReleased, textEntered } from "./deeds.js";
import { MAX_KEY_CHARACTERS } from "../rift/input/messages.js";

/** What a browser says as `keyCode` of a key that an input method has. */
const OF_INPUT_METHOD = 229;

/** The Ctrl that Windows makes up for AltGr comes this shortly before it, in ms. */
const MADE_UP_MS = 5;

/**
 * Turns events of keys into deeds. Knows which keys are down: as many as there are usages, at most.
 */
export class Keyboard {
  #post;
  #platform;
  #held = new Set();
  #controlAt = -Infinity;

  /** Whether keys give text: not while the pointer is locked, for games. */
  givesText = true;

  /**
   * @param {(deed: import("./deeds.js").Deed) => void} post
   * @param {"mac" | "windows" | "other"} [platform] Whose quirks there are.
   */
  constructor(post, platform = "other") {
    this.#post = post;
    this.#platform = platform;
  }

  /**
   * Take a key that goes down, or repeats.
   *
   * @param {KeyboardEvent} event
   * @returns {boolean} Whether it is dealt with; otherwise the browser has to go on with it.
   */
  keyDown(event) {
    if (event.isComposing || event.keyCode === OF_INPUT_METHOD) {
      return false;
    }
    const usage = USAGES.get(event.code);
    const isCommand = this.#isCommand(event);
    const text = isCommand || !this.givesText ? "" : textOf(event.key);
    if (usage === undefined || [...text].length > MAX_KEY_CHARACTERS) {
      if (text !== "") {
        this.#post(textEntered(text));
      }
      return text !== "";
    }
    if (text === "" && !isCommand && this.givesText && isTyping(usage)) {
      return false;
    }
    this.#press(usage, text, event);
    return true;
  }

  #press(usage, text, event) {
    if (this.#platform === "windows") {
      this.#undoMadeUpControl(usage, event);
    }
    this.#held.add(usage);
    this.#post(keyPressed(usage, text));
    if (usage === CAPS_LOCK && this.#platform === "mac") {
      this.#release(usage); // there it goes down when the lock goes on, and up when that goes off
    }
  }

  /** Windows has AltGr come with a left Ctrl that nobody pressed. */
  #undoMadeUpControl(usage, event) {
    if (usage === CONTROL_LEFT && !event.repeat) {
      this.#controlAt = event.timeStamp;
    } else if (event.key === "AltGraph" && event.timeStamp - this.#controlAt <= MADE_UP_MS) {
      this.#release(CONTROL_LEFT);
    }
  }

  /**
   * Take a key that goes up.
   *
   * @param {KeyboardEvent} event
   * @returns {boolean} Whether it is dealt with.
   */
  keyUp(event) {
    const usage = USAGES.get(event.code);
    if (usage === undefined) {
      return false;
    }
    if (this.#platform === "mac") {
      this.#keyUpOnMac(usage);
    }
    if (!this.#held.has(usage)) {
      return false;
    }
    this.#release(usage);
    return true;
  }

  /** macOS tells of no key that goes up while Command is down, and tells of Caps Lock as of a switch. */
  #keyUpOnMac(usage) {
    if (META.includes(usage)) {
      for (const each of [...this.#held]) {
        if (!isModifier(each)) {
          this.#release(each);
        }
      }
    } else if (usage === CAPS_LOCK) {
      this.#held.add(usage);
      this.#post(keyPressed(usage, ""));
    }
  }

  #release(usage) {
    this.#held.delete(usage);
    this.#post(keyReleased(usage));
  }

  /**
   * Press a key and let it go, for something that comes without a key.
   *
   * @param {number} usage
   */
  strike(usage) {
    this.#post(keyPressed(usage, ""));
    this.#post(keyReleased(usage));
  }

  /** Forget what is down: whoever asks has the host let go of it. */
  forget() {
    this.#held.clear();
  }

  /**
   * Whether a Ctrl key is down, and not only said to be.
   *
   * @returns {boolean}
   */
  get hasControl() {
    return this.#held.has(CONTROL_LEFT) || this.#held.has(USAGES.get("ControlRight"));
  }

  /** Whether a key is a command and not text, by the modifiers that are down. */
  #isCommand(event) {
    if (this.#platform === "mac") {
      return event.ctrlKey || event.metaKey; // Option makes characters
    }
    return (event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph");
  }
}

/**
 * Return the text of a `KeyboardEvent.key`; named keys have none.
 *
 * @param {string} key
 * @returns {string}
 */
export function textOf(key) {
  const isNamed = /^[A-Z][A-Za-z0-9]+$/.test(key);
  return isNamed ? "" : key.toWellFormed();
}

/**
 * Whether a key is that of pasting: Ctrl+V, with Shift or without, and Shift+Insert.
 *
 * @param {KeyboardEvent} event
 */
export function isPasteChord(event) {
  const isInsert = event.code === "Insert" && event.shiftKey && !event.ctrlKey;
  const isV = event.key.toLowerCase() === "v" && event.ctrlKey;
  return (isV || isInsert) && !event.altKey && !event.metaKey && !event.repeat;
}
