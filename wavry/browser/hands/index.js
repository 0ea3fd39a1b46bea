/**
 * The hands of the page: keyboard, pointer, fingers, pads, clipboard and the host's pointer, in one call.
 *
 *     page                                                    session's worker
 *     events ─► Keyboard, Pointer, Touch, Pads ─deeds─► Handover ─► HandsPart ─► InputSender ═► host
 *     HostCursor ◄────────────────────────────────────────────────  CursorPart ◄═ host
 *     Clipboard ◄────────────────────────────────────────────────► ClipboardPart ◄═► host
 *
 * The worker has `handsParts()` of `session/hands_parts.js` among its parts.
 */

import { Clipboard } from "./clipboard.js";
import { HostCursor } from "./cursor.js";
import { lookedAway } from "./deeds.js";
import { Handover } from "./handover.js";
import { Keyboard, isPasteChord } from "./keyboard.js";
import { Pads } from "./pads.js";
import { NO_BUTTON, Pointer } from "./pointer.js";
import { TextEntry } from "./text_entry.js";
import { Touch } from "./touch.js";

/**
 * What the page gives.
 *
 * @typedef {object} Surroundings
 * @property {import("../session/link.js").WorkerLink} link To the session's worker.
 * @property {HTMLElement} surface What shows the picture, with what is beside it. It should have
 *   `touch-action: none`.
 * @property {() => import("./geometry.js").View | null} view Where the picture is in the page now; null while
 *   there is none, and nothing to point at.
 * @property {import("./hotkeys.js").HotKeys} hotkeys Gets those of the hands.
 * @property {(words: string) => void} say Tells the person something, in a sentence.
 */

/**
 * Something for the page's menu.
 *
 * @typedef {object} Choice
 * @property {string} keys Those that do the same; here none.
 * @property {string} text What it does, in a few words.
 * @property {() => void} action To be called from a click.
 */

/**
 * What the page gets.
 *
 * @typedef {object} Hands
 * @property {() => void} focus Gives the host the keyboard, for example when a menu closes.
 * @property {() => void} viewChanged Says that `view` returns something else.
 * @property {() => void} toggleLock Locks the pointer, for games, or lets it go.
 * @property {() => Choice[]} choices What can be chosen now.
 */

/**
 * Let the person's hands reach the host, from now on and as long as the page lives.
 *
 * @param {Surroundings} surroundings
 * @returns {Hands}
 */
export function attachHands({ link, surface, view, hotkeys, say }) {
  const hands = new PageHands(link, surface, view, say);
  hotkeys.add("Ctrl+Alt+M", "lock the pointer, for games; again to let it go", hands.toggleLock);
  return hands;
}

class PageHands {
  #surface;
  #say;
  #handover;
  #keyboard;
  #entry;
  #pointer;
  #touch;
  #pads;
  #cursor;
  #clipboard;
  #hasHost = false;

  constructor(link, surface, view, say) {
    this.#surface = surface;
    this.#say = say;
    const handsLink = link.part("hands");
    this.#handover = new Handover((deeds) => handsLink.tell({ deeds }));
    handsLink.told = (news) => this.#told(news, handsLink);
    const post = (deed) => this.#handover.post(deed);
    this.#keyboard = new Keyboard(post, platformOf(navigator));
    this.#entry = new TextEntry(surface, post, this.#keyboard);
    this.#pointer = new Pointer(post, view);
    this.#touch = new Touch(post, view);
    this.#pads = new Pads(post, () => navigator.getGamepads(), (look) => requestAnimationFrame(look));
    this.#cursor = new HostCursor(surface, surface, view);
    listen(link.part("cursor"), (news) => this.#cursor.told(news));
    this.#clipboard = new Clipboard(link.part("clipboard"), say);
    listen(link.part("rights"), (news) => this.#hearRights(news));
    this.#listenToKeys();
    this.#listenToPointer();
    this.#listenToPads();
    this.#listenToLooks();
  }

  focus = () => this.#entry.focus();

  viewChanged = () => {
    this.#cursor.settle();
    this.#pointer.pointAgain();
  };

  choices = () => {
    const { maySend, isWaiting } = this.#clipboard.state;
    const hasFingers = matchMedia("(any-pointer: coarse)").matches;
    const choices = [
      [hasFingers, "keyboard on the screen", () => this.#entry.showKeyboard()],
      [maySend, "give the host what is on the clipboard", () => this.#clipboard.sendNow()],
      [isWaiting, "take what is on the host's clipboard", () => this.#clipboard.noteGesture()],
    ];
    return choices.filter(([isThere]) => isThere).map(([, text, action]) => ({ keys: "", text, action }));
  };

  toggleLock = async () => {
    const { ownerDocument: document } = this.#surface;
    if (document.pointerLockElement === this.#surface) {
      document.exitPointerLock();
      return;
    }
    try {
      await lockPointer(this.#surface);
    } catch {
      this.#say("the browser does not let this page lock the pointer now");
    }
  };

  #told({ hasTaken, rumbles }, link) {
    if (hasTaken) {
      this.#handover.taken();
      return;
    }
    link.tell({ taken: true });
    Object.values(rumbles).forEach((wish) => this.#pads.rumble(wish));
  }

  #hearRights({ granted, lack }) {
    if (lack !== undefined) {
      this.#say(lack);
    }
    if (granted !== undefined) {
      this.#hasHost = granted !== null;
      this.#cursor.setControl(granted?.includes("pointer") ?? true);
    }
  }

  #listenToKeys() {
    const { ownerDocument: document } = this.#surface;
    document.addEventListener("keydown", (event) => {
      if (!this.#isOurs(event)) {
        return;
      }
      this.#clipboard.noteGesture();
      const isPaste = this.#clipboard.state.maySend && isPasteChord(event);
      if (isPaste) {
        this.#handover.holdUntil(this.#clipboard.pasting());
      }
      if (this.#keyboard.keyDown(event) && !isPaste) {
        event.preventDefault();
      }
    });
    document.addEventListener("keyup", (event) => {
      if (this.#isOurs(event) && this.#keyboard.keyUp(event)) {
        event.preventDefault();
      }
    });
    this.#entry.field.addEventListener("paste", (event) => {
      event.preventDefault();
      this.#clipboard.paste(event.clipboardData.getData("text/plain"));
    });
  }

  /** Whether a key is for a host: not while a button or a field of the page has the keyboard. */
  #isOurs({ target }) {
    const { ownerDocument: document } = this.#surface;
    if (!this.#hasHost) {
      return false; // F5 is the browser's then
    }
    if (target === document.body || (target !== this.#entry.field && this.#surface.contains(target))) {
      this.#entry.focus();
      return true;
    }
    return target === this.#entry.field;
  }

  #listenToPointer() {
    const surface = this.#surface;
    // Chromium tells `pointermove` once per picture of the screen, and this at once.
    const move = "onpointerrawupdate" in surface ? "pointerrawupdate" : "pointermove";
    for (const kind of [move, "pointerdown", "pointerup", "pointercancel"]) {
      surface.addEventListener(kind, (event) => this.#handlePointer(event));
    }
    if (move !== "pointermove") {
      surface.addEventListener("pointermove", (event) => {
        if (event.button !== NO_BUTTON) {
          this.#handlePointer(event); // one button more, or less
        }
      });
    }
    surface.addEventListener("pointerleave", () => {
      this.#cursor.setMouse(null);
      this.#pointer.leave();
    });
    surface.addEventListener("wheel", (event) => {
      event.preventDefault();
      // Two fingers that pinch on a pad come as a wheel with a Ctrl that nobody pressed.
      if (!event.ctrlKey || this.#keyboard.hasControl) {
        this.#pointer.turn(event);
      }
    }, { passive: false });
    // Menus, selections, and the way back in the history.
    for (const kind of ["mousedown", "mouseup", "auxclick", "contextmenu", "dragstart", "selectstart"]) {
      surface.addEventListener(kind, (event) => event.preventDefault());
    }
    const { ownerDocument: document } = surface;
    document.addEventListener("pointerlockchange", () => {
      const isLocked = document.pointerLockElement === surface;
      this.#pointer.isLocked = isLocked;
      this.#keyboard.givesText = !isLocked;
      this.#cursor.setLock(isLocked);
    });
  }

  #handlePointer(event) {
    if (event.type === "pointerdown") {
      this.#clipboard.noteGesture();
      this.#entry.focus();
      this.#capture(event.pointerId);
    }
    if (event.pointerType === "touch") {
      event.preventDefault();
      this.#cursor.setMouse(null);
      this.#touch.handle(event);
      return;
    }
    this.#pointer.handle(event);
    this.#cursor.setMouse([event.clientX, event.clientY]);
  }

  #capture(pointerId) {
    try {
      this.#surface.setPointerCapture(pointerId);
    } catch {
      // It is gone already, or locked.
    }
  }

  #listenToPads() {
    window.addEventListener("gamepadconnected", ({ gamepad }) => this.#pads.plug(gamepad));
    window.addEventListener("gamepaddisconnected", ({ gamepad }) => this.#pads.unplug(gamepad));
  }

  /** Nothing stays down that the page would not hear the end of. */
  #listenToLooks() {
    const { ownerDocument: document } = this.#surface;
    const letGo = () => this.#letGo();
    this.#entry.field.addEventListener("blur", letGo);
    window.addEventListener("blur", letGo);
    window.addEventListener("pagehide", letGo);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) {
        letGo();
        this.#pads.calm();
      }
    });
    window.addEventListener("focus", () => this.#clipboard.returned());
    document.addEventListener("fullscreenchange", () => {
      // In full screen the system's chords belong to the host too, where the browser can have that.
      if (document.fullscreenElement === null) {
        navigator.keyboard?.unlock?.();
      } else {
        navigator.keyboard?.lock?.().catch(() => {});
      }
    });
  }

  #letGo() {
    this.#keyboard.forget();
    this.#pointer.forget();
    this.#touch.forget();
    this.#handover.post(lookedAway());
  }
}

/** Hear what a part tells, and tell it to go on: see `Outbox`. */
function listen(link, hear) {
  link.told = (news) => {
    hear(news);
    link.tell({ taken: true });
  };
}

/** Have the mouse's own counts, where the browser has them, and otherwise what the system makes of them. */
async function lockPointer(surface) {
  try {
    await surface.requestPointerLock({ unadjustedMovement: true });
  } catch (error) {
    if (error.name !== "NotSupportedError") {
      throw error;
    }
    await surface.requestPointerLock();
  }
}

function platformOf({ userAgentData, platform }) {
  const name = (userAgentData?.platform ?? platform ?? "").toLowerCase();
  if (name.startsWith("mac")) {
    return "mac";
  }
  return name.startsWith("win") ? "windows" : "other";
}
