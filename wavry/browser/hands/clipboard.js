/**
 * The browser's clipboard and the host's. A browser does not let a page look at the clipboard, or change it,
 * whenever it likes: so text goes to the host when the person pastes, or presses the page's button; where
 * they have allowed the page to look, also when they come back to it. The host's text goes to the clipboard
 * at once where the browser lets it, and otherwise with the next key or click, or the button.
 */

import { MAX_TEXT_BYTES } from "../rift/clipboard/messages.js";

/** The browser tells within so long what is pasted. */
const PASTE_S = 0.3;

/** The worker takes so long at most to send what is pasted; with more the key goes in front of the text. */
const SENDING_S = 2.5;

/**
 * The host's programs find a text on its clipboard so long after it has left here; nothing on the wire tells
 * when.
 */
const LANDING_S = 0.08;

/**
 * How things are, for the page's menu.
 *
 * @typedef {object} ClipboardState
 * @property {boolean} maySend Whether text goes to the host.
 * @property {boolean} mayReceive Whether the host's text comes.
 * @property {boolean} isWaiting Whether a text of the host's waits for the person to let it onto the
 *   clipboard.
 */

/**
 * Shares text. Holds the last text that both had, and one of the host's that waits: each 1 MiB of UTF-8 at
 * most, and a newer one takes its place.
 */
export class Clipboard {
  #link;
  #say;
  #state = { maySend: false, mayReceive: false, isWaiting: false };
  #shared = null;
  #waiting = null;
  #number = 0;
  #onSent = () => {};
  #onPasted = () => {};

  /**
   * @param {import("../session/link.js").PartLink} link To `ClipboardPart`.
   * @param {(words: string) => void} say Tells the person something.
   */
  constructor(link, say) {
    this.#link = link;
    this.#say = say;
    link.told = (news) => this.#told(news);
  }

  /** @returns {ClipboardState} */
  get state() {
    return { ...this.#state };
  }

  #told({ ways, text, sent }) {
    this.#link.tell({ taken: true });
    if (ways !== undefined) {
      this.#state = { ...this.#state, ...ways };
      this.#look();
    }
    if (text !== undefined) {
      this.#waiting = text;
      this.#put();
    }
    if (sent === this.#number) {
      this.#onSent();
    }
  }

  // From the host.

  /** Note that the person did something, or came back: a browser may allow more now. */
  noteGesture() {
    if (this.#waiting !== null) {
      this.#put();
    }
  }

  /** Put the text that waits onto the clipboard; one that the browser does not take waits on. */
  async #put() {
    const text = this.#waiting;
    try {
      await navigator.clipboard.writeText(text);
      this.#shared = text;
      this.#waiting = this.#waiting === text ? null : this.#waiting;
    } catch {
      // Not without a gesture of the person, or not while they are elsewhere.
    }
    const isWaiting = this.#waiting !== null;
    if (isWaiting && !this.#state.isWaiting) {
      this.#say("text from the host waits: the next key or click puts it on the clipboard");
    }
    this.#state = { ...this.#state, isWaiting };
  }

  // To the host.

  /** Note that the person came back to the page. */
  returned() {
    this.noteGesture();
    this.#look();
  }

  /** Offer what is on the clipboard, where the person has allowed the page to look whenever it likes. */
  async #look() {
    if (!this.#state.maySend || !document.hasFocus() || this.#waiting !== null) {
      return;
    }
    try {
      const { state } = await navigator.permissions.query({ name: "clipboard-read" });
      if (state === "granted") {
        this.offer(await navigator.clipboard.readText());
      }
    } catch {
      // Not every browser knows that permission, and the clipboard may hold no text.
    }
  }

  /** Send what is on the clipboard: for a button of the page. The browser may ask the person first. */
  async sendNow() {
    try {
      this.offer(await navigator.clipboard.readText());
    } catch {
      this.#say("the browser does not let this page read the clipboard; paste with Ctrl+V instead");
    }
  }

  /**
   * Send a text to the host, unless it has it.
   *
   * @param {string} text
   * @returns {boolean} Whether it is on its way.
   */
  offer(text) {
    const unixText = text.replaceAll("\r\n", "\n");
    if (!this.#state.maySend || unixText === "" || unixText === this.#shared) {
      return false;
    }
    const bytes = new TextEncoder().encode(unixText);
    if (bytes.length > MAX_TEXT_BYTES) {
      this.#say("the text on the clipboard is too long for the host: more than 1 MiB");
      return false;
    }
    this.#shared = unixText;
    this.#number += 1;
    this.#link.tell({ offer: bytes, number: this.#number }, [bytes.buffer]);
    return true;
  }

  /**
   * Return what a key that pastes has to wait for: `paste` with what the browser hands out, and that it
   * reaches the host.
   *
   * @returns {Promise<void>} Comes to an end in any case.
   */
  async pasting() {
    const isOffered = await soon(new Promise((resolve) => { this.#onPasted = resolve; }), PASTE_S);
    if (isOffered) {
      await soon(new Promise((resolve) => { this.#onSent = resolve; }), SENDING_S);
      await soon(new Promise(() => {}), LANDING_S);
    }
  }

  /**
   * Take what the person pastes.
   *
   * @param {string} text
   */
  paste(text) {
    this.#onPasted(this.offer(text));
  }
}

/** Return what a promise gives, or undefined after so many seconds. */
function soon(promise, seconds) {
  return Promise.race([promise, new Promise((resolve) => { setTimeout(resolve, seconds * 1000); })]);
}
