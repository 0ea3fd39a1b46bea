/**
 * What hands have done, as it goes from the page to the session's worker: plain objects, since they are
 * cloned on the way. Each kind knows what to tell an `InputSender`.
 *
 * @typedef {{deed: string}} Deed
 */

/** @returns {Deed} A key went down, or repeats; with what the layout makes of it. */
export const keyPressed = (usage, text) => ({ deed: "keyPressed", usage, text });

/** @returns {Deed} A key went up. */
export const keyReleased = (usage) => ({ deed: "keyReleased", usage });

/** @returns {Deed} Text came without a key of its own. */
export const textEntered = (text) => ({ deed: "textEntered", text });

/** @returns {Deed} The pointer is at a place of the stream, in shares of 65_535. */
export const pointerAt = (x, y) => ({ deed: "pointerAt", x, y });

/** @returns {Deed} The mouse of a locked pointer moved, in counts, right and down. */
export const pointerMoved = (dx, dy) => ({ deed: "pointerMoved", dx, dy });

/** @returns {Deed} A button went down where the pointer is. */
export const buttonPressed = (button) => ({ deed: "buttonPressed", button });

/** @returns {Deed} A button went up where the pointer is. */
export const buttonReleased = (button) => ({ deed: "buttonReleased", button });

/** @returns {Deed} The wheel turned, by 120ths of a notch, right and up. */
export const scrolled = (horizontal, vertical) => ({ deed: "scrolled", horizontal, vertical });

/** @returns {Deed} The page has lost the keyboard, or goes. */
export const lookedAway = () => ({ deed: "lookedAway" });

/** @returns {Deed} A pad is there. */
export const padPlugged = (pad, name) => ({ deed: "padPlugged", pad, name });

/** @returns {Deed} A pad is gone. */
export const padUnplugged = (pad) => ({ deed: "padUnplugged", pad });

/** @returns {Deed} Other buttons of a pad are down. */
export const padButtons = (pad, buttons) => ({ deed: "padButtons", pad, buttons });

/** @returns {Deed} The axes of a pad are elsewhere. */
export const padAxes = (pad, axes) => ({ deed: "padAxes", pad, axes });

const TELL = {
  keyPressed: (sender, { usage, text }, now) => sender.pressKey(usage, text, now),
  keyReleased: (sender, { usage }) => sender.releaseKey(usage),
  textEntered: (sender, { text }) => sender.typeText(text),
  pointerAt: (sender, { x, y }, now) => sender.moveTo(x, y, now),
  pointerMoved: (sender, { dx, dy }, now) => sender.moveBy(dx, dy, now),
  buttonPressed: (sender, { button }, now) => sender.pressButton(button, now),
  buttonReleased: (sender, { button }, now) => sender.releaseButton(button, now),
  scrolled: (sender, { horizontal, vertical }) => sender.scroll(horizontal, vertical),
  lookedAway: (sender) => sender.releaseAll(),
  padPlugged: (sender, { pad, name }) => sender.plugPad(pad, name),
  padUnplugged: (sender, { pad }) => sender.unplugPad(pad),
  padButtons: (sender, { pad, buttons }) => sender.pressPad(pad, buttons),
  padAxes: (sender, { pad, axes }, now) => sender.movePad(pad, axes, now),
};

/**
 * Pass a deed on.
 *
 * @param {import("../rift/input/sender.js").InputSender} sender
 * @param {Deed} deed
 * @param {number} now Seconds.
 */
export function tell(sender, deed, now) {
  TELL[deed.deed](sender, deed, now);
}

/**
 * Return what stands for both of two that follow each other.
 *
 * @param {Deed} older
 * @param {Deed} newer
 * @returns {Deed | null} Null where each has to be told.
 */
export function merged(older, newer) {
  if (older.deed !== newer.deed) {
    return null;
  }
  switch (newer.deed) {
    case "pointerAt": return newer;
    case "pointerMoved": return pointerMoved(older.dx + newer.dx, older.dy + newer.dy);
    case "padAxes": return older.pad === newer.pad ? newer : null;
    default: return null;
  }
}

/**
 * Whether a deed says which pads there are: that has to stay known, whatever else is dropped.
 *
 * @param {Deed} deed
 */
export function isAboutPlugs(deed) {
  return deed.deed === "padPlugged" || deed.deed === "padUnplugged";
}
