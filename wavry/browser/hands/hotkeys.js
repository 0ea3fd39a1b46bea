/**
 * The hot-keys of the page: one table of keys, what they do, and the action behind. As
 * `wavry/client/window/hotkeys.py`.
 *
 * All other keys belong to the host, so this listens before anybody else: what it takes nobody sees, repeats
 * and the release of the key included. The modifiers of a chord are not taken; the host sees Ctrl and Alt go
 * down and up, which does nothing by itself.
 */

/**
 * One line of the table.
 *
 * @typedef {object} HotKey
 * @property {string} keys As a person reads it: `F10`, `Ctrl+Alt+M`.
 * @property {string} text What it does, in a few words.
 * @property {() => void} action
 */

/** The table, and who acts on it. */
export class HotKeys {
  #table = [];
  #held = new Set();

  /** @returns {readonly HotKey[]} All hot-keys, in the order of the menu. */
  get table() {
    return [...this.#table];
  }

  /**
   * Have one more.
   *
   * @param {string} keys
   * @param {string} text
   * @param {() => void} action
   */
  add(keys, text, action) {
    if (this.#table.some((each) => each.keys === keys)) {
      throw new Error(`${keys} is taken`);
    }
    this.#table.push({ keys, text, action });
  }

  /**
   * Listen, before all others that begin to later.
   *
   * @param {EventTarget} target The window.
   */
  listen(target) {
    for (const kind of ["keydown", "keyup"]) {
      target.addEventListener(kind, (event) => {
        if (this.handle(event)) {
          event.preventDefault();
          event.stopImmediatePropagation();
        }
      }, { capture: true });
    }
    target.addEventListener("blur", () => this.#held.clear());
  }

  /**
   * Act on a hot-key.
   *
   * @param {KeyboardEvent} event
   * @returns {boolean} Whether it is nobody else's.
   */
  handle(event) {
    if (event.type === "keyup") {
      return this.#held.delete(event.code);
    }
    if (event.repeat) {
      return this.#held.has(event.code);
    }
    const hotkey = this.#table.find((each) => matches(each.keys, event));
    if (hotkey === undefined) {
      return false;
    }
    this.#held.add(event.code);
    hotkey.action();
    return true;
  }
}

/** Whether a key is this one with exactly these modifiers. Where it has no Latin letter its place counts. */
function matches(keys, event) {
  const words = keys.split("+");
  const name = words.pop();
  const modifiers = { Ctrl: event.ctrlKey, Alt: event.altKey, Shift: event.shiftKey, Meta: event.metaKey };
  if (Object.entries(modifiers).some(([word, isDown]) => isDown !== words.includes(word))) {
    return false;
  }
  if (event.key.toUpperCase() === name.toUpperCase()) {
    return true;
  }
  const isForeign = event.key.length === 1 && event.key > "\x7f";
  return isForeign && event.code === `Key${name.toUpperCase()}`;
}
