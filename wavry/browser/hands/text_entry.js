/**
 * A field that nobody sees, and that has the keyboard while the picture has it: only into a field do browsers
 * compose dead keys and input methods, paste, and type with a keyboard on the screen.
 *
 * It holds one word that is being composed, and one space so that there is always something to delete.
 */

import { BACKSPACE, DELETE, ENTER } from "./codes.js";
import { textEntered } from "./deeds.js";

const SENTINEL = " ";

/** What a keyboard on the screen says instead of pressing keys. */
const STRIKES = {
  deleteContentBackward: BACKSPACE,
  deleteWordBackward: BACKSPACE,
  deleteSoftLineBackward: BACKSPACE,
  deleteContentForward: DELETE,
  deleteWordForward: DELETE,
  insertLineBreak: ENTER,
  insertParagraph: ENTER,
};

/** Turns what is entered without a key of its own into deeds. */
export class TextEntry {
  #post;
  #keyboard;
  #composed = "";
  #isOnScreen = false;

  /**
   * @param {HTMLElement} parent Gets the field.
   * @param {(deed: import("./deeds.js").Deed) => void} post
   * @param {import("./keyboard.js").Keyboard} keyboard
   */
  constructor(parent, post, keyboard) {
    this.#post = post;
    this.#keyboard = keyboard;
    this.field = hiddenField(parent.ownerDocument);
    parent.append(this.field);
    this.#reset();
    this.#listen();
  }

  #listen() {
    const { field } = this;
    field.addEventListener("beforeinput", (event) => this.beforeInput(event));
    field.addEventListener("compositionupdate", (event) => this.compositionUpdate(event.data));
    field.addEventListener("compositionend", (event) => this.compositionEnd(event.data));
    field.addEventListener("input", (event) => {
      if (!event.isComposing) {
        this.#reset();
      }
    });
    field.addEventListener("blur", () => {
      this.#isOnScreen = false;
      field.inputMode = "none";
    });
  }

  /** Take the keyboard; one on the screen stays where it is. */
  focus() {
    this.field.focus({ preventScroll: true });
  }

  /** Have the device show its keyboard on the screen, where it has one; to be called from a tap. */
  showKeyboard() {
    this.field.blur();
    this.field.inputMode = "text";
    this.#isOnScreen = true;
    this.focus();
  }

  /**
   * Take what would be entered, before it is.
   *
   * @param {InputEvent} event
   */
  beforeInput(event) {
    if (event.inputType === "insertCompositionText") {
      return; // can't be cancelled
    }
    event.preventDefault();
    const usage = STRIKES[event.inputType];
    if (usage !== undefined) {
      this.#keyboard.strike(usage);
    } else if (event.inputType === "insertText" && event.data) {
      this.#post(textEntered(event.data));
    }
  }

  /**
   * Take how far a word is. Keyboards on the screen compose each word until its end, so the host gets it
   * letter by letter, and a correction as Backspace and what comes instead. Other input methods are waited
   * for.
   *
   * @param {string} data
   */
  compositionUpdate(data) {
    if (this.#isOnScreen) {
      this.#correct(data ?? "");
    }
  }

  /**
   * Take a word that is whole.
   *
   * @param {string} data
   */
  compositionEnd(data) {
    this.#correct(data ?? "");
    this.#composed = "";
    this.#reset();
  }

  #correct(data) {
    const [before, after] = [[...this.#composed], [...data]];
    let same = 0;
    while (same < before.length && before[same] === after[same]) {
      same += 1;
    }
    for (let count = before.length - same; count > 0; count -= 1) {
      this.#keyboard.strike(BACKSPACE);
    }
    if (after.length > same) {
      this.#post(textEntered(after.slice(same).join("")));
    }
    this.#composed = data;
  }

  #reset() {
    this.field.value = SENTINEL;
  }
}

function hiddenField(document) {
  const field = document.createElement("textarea");
  field.setAttribute("aria-label", "Keyboard of the host");
  field.autocapitalize = "none";
  field.autocomplete = "off";
  field.setAttribute("autocorrect", "off");
  field.spellcheck = false;
  field.inputMode = "none"; // until a keyboard on the screen is wanted
  Object.assign(field.style, {
    position: "fixed",
    left: "0",
    bottom: "0",
    width: "1px",
    height: "1em",
    padding: "0",
    border: "0",
    outline: "0",
    opacity: "0",
    resize: "none",
    overflow: "hidden",
    fontSize: "16px", // below that phones zoom in
    pointerEvents: "none",
  });
  return field;
}
