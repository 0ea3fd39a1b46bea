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
import { Pointer } from "./pointer.js";
import { TextEntry } from "./text_entry.js";
import { Touch } from "./touch.js";

/**
 * What the page gives.
 *
 * @typedef {object} Surroundings
 * @property {import("../session/link.js").WorkerLink} link To the session's worker.
 * @property {HTMLElement} surface What shows the picture, with what is beside it. It should have `touch-action: none`.
 * @property {() => import("./geometry.js").View | null} view Where the picture is in the page now; null while there is
 *   none, and nothing to point at.
 * @property {import("./hotkeys.js").HotKeys} hotkeys Gets those of the hands.
 * @property {(words: string) => void} say Tells the person something, in a sentence.
 * @property {(rights: string[] | null) => void} [onRights] Hears what the host allows; null: no session.
 * @property {(state: import("./clipboard.js").ClipboardState) => void} [onClipboard]
 */

/**
 * What the page gets.
 *
 * @typedef {object} Hands
 * @property {() => void} focus Gives the host the keyboard, for example when a menu closes.
 * @property {() => void} viewChanged Says that `view` returns something else.
 * @property {() => void} toggleLock Locks the pointer, for games, or lets it go.
 * @property {() => void} showKeyboard Shows the keyboard on the screen; to be called from a tap.
 * @property {() => Promise<void>} sendClipboard Sends what is on the clipboard; from a click.
 * @property {() => void} takeClipboard Puts the host's text that waits onto the clipboard; from a click.
 */

/**
 * Let the person's hands reach the host, from now on and as long as the page lives.
 *
 * @param {Surroundings} surroundings
 * @returns {Hands}
 */
export function attachHands({ link, surface, view, hotkeys, say, onRights = () => {}, onClipboard = () => {} }) {
  const hands = new PageHands(link, surface, view, say, onRights, onClipboard);
  hotkeys.add("Ctrl+Alt+M", "lock the pointer, for games; again to let it go", hands.toggleLock);
  return hands;
}

class PageHands {
  #surface;
  #say;
  #onRights;
  #handover;
  #keyboard;
  #entry;
  #pointer;
  #touch;
  #pads;
  #cursor;
  #clipboard;

  constructor(link, surface, view, say, onRights, onClipboard) {
    this.#surface = surface;
    this.#say = say;
    this.#onRights = onRights;
    const handsLink = link.part("hands");
    this.#handover = new Handover((deeds) => handsLink.tell({ deeds }));
    handsLink.told = (news) => this.#told(news);
    const post = (deed) => this.#handover.post(deed);
    const layer = surface.parentElement;
    this.#keyboard = new Keyboard(post, platformOf(navigator));
    this.#entry = new TextEntry(layer, post, this.#keyboard);
    this.#pointer = new Pointer(post, view);
    this.#touch = new Touch(post, view);
    this.#pads = new Pads(post, () => navigator.getGamepads(), (look) => requestAnimationFrame(look));
    this.#cursor = new HostCursor(surface, layer, view);
    link.part("cursor").told = (news) => this.#cursor.told(news);
    this.#clipboard = new Clipboard(link.part("clipboard"), onClipboard, say);
    link.part("rights").told = (news) => this.#hearRights(news);
    this.#listenToKeys();
    this.#listenToPointer();
    this.#listenToPads();
    this.#listenToLooks();
  }

  focus = () => this.#entry.focus();
  viewChanged = () => this.#cursor.settle();
  showKeyboard = () => this.#entry.showKeyboard();
  sendClipboard = () => this.#clipboard.sendNow();
  takeClipboard = () => this.#clipboard.noteGesture();

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

  #told({ taken, rumble }) {
    if (taken) {
      this.#handover.taken();
    } else {
      this.#pads.rumble(rumble);
    }
  }

  #hearRights({ granted, lack }) {
    if (lack !== undefined) {
      this.#say(lack);
    } else {
      this.#cursor.setControl(granted?.includes("pointer") ?? true);
      this.#onRights(granted);
    }
  }

  #listenToKeys() {
    const { field } = this.#entry;
    field.addEventListener("keydown", (event) => {
      this.#clipboard.noteGesture();
      const isPaste = this.#clipboard.state.maySend && isPasteChord(event);
      if (isPaste) {
        this.#handover.holdUntil(this.#clipboard.pasting());
      }
      if (this.#keyboard.keyDown(event) && !isPaste) {
        event.preventDefault();
      }
    });
    field.addEventListener("keyup", (event) => {
      if (this.#keyboard.keyUp(event)) {
        event.preventDefault();
      }
    });
    field.addEventListener("paste", (event) => {
      event.preventDefault();
      this.#clipboard.paste(event.clipboardData.getData("text/plain"));
    });
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
        if (event.button !== -1) {
          this.#handlePointer(event); // one button more, or less
        }
      });
    }
    surface.addEventListener("pointerleave", () => this.#cursor.setMouse(null));
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
