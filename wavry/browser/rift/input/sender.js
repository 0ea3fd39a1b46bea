/**
 * What a person holds and points at, as what is to be sent of it.
 *
 * Whoever owns an InputSender tells it what the hands do, then takes `messages` and `datagramsToSend`, and
 * calls `handleTimer` when `nextTimer` says so. It holds what is down, the newest state of pointer and pads,
 * and messages until they are taken: `CAP_BYTES` at most; what waits is dropped then, and everything let go.
 */

import { padDatagram, pointerDatagram } from "./datagrams.js";
import { MAX_HELD, MAX_PADS, MAX_TEXT_CHARACTERS } from "./messages.js";
import { Repetition } from "./repetition.js";

/** Seconds between two `held` while something is down. */
export const HELD_INTERVAL_S = 0.5;

const MAX_SCROLL = 12_000;
const MAX_NAME = 64;

/** Of a message in memory, its few fields included; text is counted beside. An estimate. */
const MESSAGE_BYTES = 400;

const MAX_MESSAGES = 256;
const MAX_WAITING_CHARACTERS = 16 * MAX_TEXT_CHARACTERS;

/** Most that messages may take until they are taken. */
export const CAP_BYTES = MAX_MESSAGES * MESSAGE_BYTES + 4 * MAX_WAITING_CHARACTERS;

/** One pad that is plugged in. */
class PadSender {
  buttons = 0;
  axes = [0, 0, 0, 0, 0, 0];
  sequence = 0;
  repetition = new Repetition();

  constructor(name) {
    this.name = name;
  }
}

/**
 * Something to be said: the name of a kind of message, and its fields in camelCase.
 * @typedef {{kind: string, fields: object}} Saying
 */

/**
 * One session's input at the client. One owner; `now` is monotonic seconds.
 *
 * Nothing of it fails: what the wire has no room for (a 65th key, a fifth pad) is left out, with what belongs
 * to it.
 */
export class InputSender {
  #messages = [];
  #messageBytes = 0;
  #keys = new Set();
  #buttons = new Set();
  #heldAt = 0;
  #sequence = 0;
  #padSequence = 0;
  #place = null;
  #isRelative = false;
  #totals = [0, 0];
  #pointer = new Repetition();
  #pads = new Map();

  /** Messages that were not taken in time. */
  drops = 0;

  /** Whether a key or a button is down. */
  get isHolding() {
    return this.#keys.size > 0 || this.#buttons.size > 0;
  }

  /** Bytes of what waits to be taken. */
  get usedBytes() {
    return this.#messageBytes;
  }

  // Keys.

  /**
   * Say that a key goes down, or repeats.
   * @param {number} usage Of the keyboard page of USB HID, 4 to 231.
   * @param {string} text What the person's layout makes of it, at most 8 characters.
   * @param {number} now Seconds.
   */
  pressKey(usage, text, now) {
    if (!this.#keys.has(usage)) {
      if (this.#keys.size >= MAX_HELD) {
        return;
      }
      this.#hold(this.#keys, usage, now);
    }
    this.#say("key", { usage, isDown: true, text });
  }

  /**
   * Say that a key goes up; one whose press was not said has nothing to say.
   * @param {number} usage
   */
  releaseKey(usage) {
    if (this.#keys.delete(usage)) {
      this.#say("key", { usage, isDown: false });
    }
  }

  /**
   * Have text typed, whatever keys it takes.
   * @param {string} text Of any length; what can't be UTF-8 of it is replaced.
   */
  typeText(text) {
    const characters = [...text.toWellFormed()];
    for (let start = 0; start < characters.length; start += MAX_TEXT_CHARACTERS) {
      this.#say("text", { text: characters.slice(start, start + MAX_TEXT_CHARACTERS).join("") });
    }
  }

  // Pointer.

  /**
   * Point at a place of the stream.
   * @param {number} x Share of its width, 0 to 65_535.
   * @param {number} y Share of its height.
   * @param {number} now Seconds.
   */
  moveTo(x, y, now) {
    if (!this.#isRelative && this.#place !== null && this.#place[0] === x && this.#place[1] === y) {
      return;
    }
    this.#isRelative = false;
    this.#place = [x, y];
    this.#pointer.change(now);
  }

  /**
   * Move a locked pointer by counts of the mouse.
   * @param {number} dx To the right; whole.
   * @param {number} dy Down.
   * @param {number} now Seconds.
   */
  moveBy(dx, dy, now) {
    this.#isRelative = true;
    this.#totals = [(this.#totals[0] + dx) | 0, (this.#totals[1] + dy) | 0];
    this.#pointer.change(now);
  }

  /**
   * Say that a button goes down where the pointer is.
   * @param {number} button 1 left, 2 middle, 3 right, 4 back, 5 forward.
   * @param {number} now Seconds.
   */
  pressButton(button, now) {
    this.#hold(this.#buttons, button, now);
    this.#sayButton(button, true, now);
  }

  /**
   * Say that it goes up; one whose press was not said has nothing to say.
   * @param {number} button
   * @param {number} now Seconds.
   */
  releaseButton(button, now) {
    if (this.#buttons.delete(button)) {
      this.#sayButton(button, false, now);
    }
  }

  // A message carries the newest place, whether or not it was sent: so it need not be sent again. Where the
  // pointer is locked there is no place to carry, and what is under way of its motion has to come under a new
  // number, since older states have no effect any more.
  #sayButton(button, isDown, now) {
    let [x, y] = [null, null];
    if (!this.#isRelative) {
      this.#pointer.stop();
      [x, y] = this.#place ?? [null, null];
    } else if (this.#pointer.dueAt !== null) {
      this.#pointer.change(now);
    }
    this.#say("button", { button, isDown, sequence: this.#sequence, x, y });
  }

  /**
   * Say that the wheel turned where the pointer is.
   * @param {number} horizontal 120ths of a notch, to the right; whole.
   * @param {number} vertical Up.
   */
  scroll(horizontal, vertical) {
    if (!horizontal && !vertical) {
      return;
    }
    this.#pointer.hasten();
    this.#say("scroll", {
      horizontal: within(horizontal, MAX_SCROLL),
      vertical: within(vertical, MAX_SCROLL),
    });
  }

  // Pads.

  /**
   * Say that a pad is there.
   * @param {number} pad 0 to 3.
   * @param {string} name For people.
   */
  plugPad(pad, name) {
    if (pad < 0 || pad >= MAX_PADS) {
      return;
    }
    this.#pads.set(pad, new PadSender([...name.toWellFormed()].slice(0, MAX_NAME).join("")));
    this.#sayPad(pad);
  }

  /**
   * Say that it is gone.
   * @param {number} pad
   */
  unplugPad(pad) {
    if (this.#pads.delete(pad)) {
      this.#say("pad", { pad, isThere: false });
    }
  }

  /**
   * Say which buttons of a pad are down.
   * @param {number} pad
   * @param {number} buttons Bit n: button n of SDL's game controllers.
   */
  pressPad(pad, buttons) {
    const known = this.#pads.get(pad);
    if (known === undefined || known.buttons === buttons) {
      return;
    }
    known.buttons = buttons;
    this.#sayPad(pad);
  }

  /**
   * Take where all six axes of a pad are.
   * @param {number} pad
   * @param {readonly number[]} axes See `padDatagram`.
   * @param {number} now Seconds.
   */
  movePad(pad, axes, now) {
    const known = this.#pads.get(pad);
    if (known === undefined || known.axes.every((value, axis) => value === axes[axis])) {
      return;
    }
    known.axes = [...axes];
    known.repetition.change(now);
  }

  #sayPad(pad) {
    const { name, buttons } = this.#pads.get(pad);
    this.#say("pad", { pad, isThere: true, name, buttons });
  }

  /** Say again which pads there are, to a host that did not want to know before. */
  repeatPads() {
    for (const pad of this.#pads.keys()) {
      this.#sayPad(pad);
    }
  }

  // Letting go.

  /** Let go of every key and button, if one is down. */
  releaseAll() {
    if (!this.isHolding) {
      return;
    }
    this.#keys.clear();
    this.#buttons.clear();
    this.#say("release_all", {});
  }

  // What is to be sent.

  /**
   * Take what is to be said, in order.
   * @returns {Saying[]}
   */
  messages() {
    const taken = this.#messages;
    this.#messages = [];
    this.#messageBytes = 0;
    return taken;
  }

  /**
   * Take the states that are due, one datagram each.
   * @param {number} now Seconds.
   * @returns {Uint8Array[]}
   */
  datagramsToSend(now) {
    const datagrams = [];
    for (const [number, pad] of this.#pads) {
      if (!pad.repetition.isDue(now)) {
        continue;
      }
      if (pad.repetition.isChanged) {
        this.#padSequence = pad.sequence = (this.#padSequence + 1) >>> 0;
      }
      pad.repetition.sent(now);
      datagrams.push(padDatagram(pad.sequence, number, pad.axes));
    }
    if (this.#pointer.isDue(now)) {
      if (this.#pointer.isChanged) {
        this.#sequence = (this.#sequence + 1) >>> 0;
      }
      this.#pointer.sent(now);
      datagrams.push(this.#pointerDatagram());
    }
    return datagrams;
  }

  #pointerDatagram() {
    const [x, y] = this.#place ?? [0, 0];
    const [dx, dy] = this.#totals;
    return pointerDatagram({ sequence: this.#sequence, isRelative: this.#isRelative, x, y, dx, dy });
  }

  /**
   * When `handleTimer` is due, in seconds; null while nothing is.
   * @returns {number | null}
   */
  nextTimer() {
    const times = [this.#pointer.dueAt, this.isHolding ? this.#heldAt + HELD_INTERVAL_S : null];
    for (const pad of this.#pads.values()) {
      times.push(pad.repetition.dueAt);
    }
    const due = times.filter((each) => each !== null);
    return due.length > 0 ? Math.min(...due) : null;
  }

  /**
   * Say what is down, where that is due; states that are due come with `datagramsToSend`.
   * @param {number} now Seconds.
   */
  handleTimer(now) {
    if (!this.isHolding || now < this.#heldAt + HELD_INTERVAL_S - 1e-6) {
      return;
    }
    this.#heldAt = now;
    this.#say("held", { keys: [...this.#keys], buttons: [...this.#buttons] });
  }

  // Inside.

  #hold(kind, number, now) {
    if (!this.isHolding) {
      this.#heldAt = now;
    }
    kind.add(number);
  }

  // Where messages are not taken, everything is let go instead.
  #say(kind, fields) {
    let message = { kind, fields };
    if (this.#messageBytes + sizeBytes(message) > CAP_BYTES) {
      this.drops += this.#messages.length + 1;
      this.#messages = [];
      this.#keys.clear();
      this.#buttons.clear();
      message = { kind: "release_all", fields: {} };
      this.#messageBytes = 0;
    }
    this.#messages.push(message);
    this.#messageBytes += sizeBytes(message);
  }
}

function sizeBytes({ fields }) {
  return MESSAGE_BYTES + 4 * (fields.text?.length ?? 0);
}

function within(value, bound) {
  return Math.max(-bound, Math.min(bound, value));
}
