/** The browser's clipboard and the host's, one session after the other. As `wavry/clipboard/session.py`. */

import { TO_CLIENT, TO_HOST } from "../rift/clipboard/messages.js";
import { ClipboardReceiver } from "../rift/clipboard/receiver.js";
import { ClipboardSender } from "../rift/clipboard/sender.js";
import { Timer } from "./timer.js";
import { Channel } from "./channel.js";
import { Outbox } from "./outbox.js";
import { SessionPart } from "./part.js";
import { Right } from "./rights.js";

/** Nothing else of size goes to the host; 1 MiB takes 2 s. */
const RATE_BPS = 4_000_000;

/**
 * Sends texts and takes them, where the host goes along.
 *
 * The page hears `ways`, `{maySend, mayReceive}`, after every change, `text`, the host's newest, and `sent`,
 * the number of the newest text that has left or is not wanted; it answers each time with `{taken: true}`. It
 * says `{offer: Uint8Array, number}`: UTF-8, at most `MAX_TEXT_BYTES`; a newer one takes the place of one
 * that has not left.
 */
export class ClipboardPart extends SessionPart {
  name = "clipboard";
  /** Whether anything goes over is for the host to say: its `--clipboard`, its rights. */
  hello = { clipboardSend: true, clipboardReceive: true };
  channel = Channel.BULK;
  messageKinds = TO_CLIENT;
  says = TO_HOST;

  #news = new Outbox((news) => this.tell(news));
  #rights;
  #talk = null;
  #hello = { clipboardSend: false, clipboardReceive: false };
  #sender = new ClipboardSender(RATE_BPS);
  #receiver = new ClipboardReceiver();
  #timer = new Timer(() => this.#goOn(performance.now() / 1000));
  #number = 0;
  #told = "";

  /** @param {import("./rights.js").RightsPart} rights What the host allows. */
  constructor(rights) {
    super();
    this.#rights = rights;
    rights.listen((now) => this.#changed(now));
  }

  /** Whether text goes to the host. */
  get maySend() {
    return this.#talk !== null && this.#hello.clipboardReceive && this.#rights.mayTry(Right.CLIPBOARD);
  }

  /** Whether the host's text comes. */
  get mayReceive() {
    return this.#talk !== null && this.#hello.clipboardSend;
  }

  welcomed(talk, hello) {
    this.#talk = talk;
    this.#hello = hello;
    if (hello.clipboardReceive || hello.clipboardSend) {
      talk.say("clipboard_ready");
    }
  }

  ended() {
    this.#talk = null;
    this.#sender.cancel();
    this.#receiver.cancel();
    this.#changed(0);
  }

  #changed(now) {
    this.#goOn(now);
    const { maySend, mayReceive } = this;
    if (this.#told !== `${maySend} ${mayReceive}`) {
      this.#told = `${maySend} ${mayReceive}`;
      this.#news.put({ ways: { maySend, mayReceive } });
    }
  }

  // To the host.

  told({ offer, number, taken }, now) {
    if (taken) {
      this.#news.taken();
      return;
    }
    this.#number = number;
    this.#sender.offer(offer);
    this.#goOn(now);
  }

  writable(now) {
    if (!this.#sender.isIdle) {
      this.#goOn(now);
    }
  }

  /** Say what may be said now, and wake up for more. */
  #goOn(now) {
    const sender = this.#sender;
    const wasIdle = sender.isIdle;
    if (!this.maySend) {
      sender.cancel();
    }
    while (!sender.isIdle) {
      const message = sender.nextMessage(this.#talk.connection.streamBacklogBytes(Channel.BULK), now);
      if (message === null) {
        break;
      }
      this.#talk.say(message.kind, message.fields);
    }
    if (sender.isIdle && !wasIdle) {
      this.#news.put({ sent: this.#number });
    }
    this.#timer.set(sender.nextTimer, now);
  }

  // From the host.

  messageReceived(kind, fields) {
    if (!this.mayReceive) {
      return;
    }
    const isOffer = kind === "clipboard_offer";
    const text = isOffer ? this.#receiver.receiveOffer(fields) : this.#receiver.receiveData(fields);
    if (text !== null) {
      this.#news.put({ text });
    }
  }
}
