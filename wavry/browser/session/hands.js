/**
 * The input of a session: deeds become messages and datagrams, and leave at once. As
 * `wavry/client/hands/session.py`.
 */

import { tell } from "../hands/deeds.js";
import { PADS_STREAM, POINTER_STREAM } from "../rift/input/datagrams.js";
import { TO_CLIENT, TO_HOST } from "../rift/input/messages.js";
import { InputSender } from "../rift/input/sender.js";
import { Timer } from "./timer.js";
import { Channel } from "./channel.js";
import { Outbox } from "./outbox.js";
import { SessionPart } from "./part.js";
import { Right } from "./rights.js";

const RIGHTS = {
  key: Right.KEYS,
  text: Right.KEYS,
  button: Right.POINTER,
  scroll: Right.POINTER,
  pad: Right.PADS,
};
const STREAM_RIGHTS = { [POINTER_STREAM]: Right.POINTER, [PADS_STREAM]: Right.PADS };

/**
 * Sends what hands do, from the moment on when the host has said what they may.
 *
 * The page says `{deeds}` and hears `hasTaken` for each; and `rumbles`, the fields of the host's newest
 * message for each pad, which it answers with `{taken: true}`.
 */
export class HandsPart extends SessionPart {
  name = "hands";
  hello = { input: true };
  channel = Channel.INPUT;
  messageKinds = TO_CLIENT;
  says = TO_HOST;

  #news = new Outbox((news) => this.tell(news));
  #rights;
  #talk = null;
  #sender = new InputSender();
  #timer = new Timer(() => this.#due(performance.now() / 1000));
  /** Pads that are there, for the next session: four at most. */
  #plugged = new Map();
  #isReady = false;
  #hadPads = false;

  /** @param {import("./rights.js").RightsPart} rights What the host allows; stands before this. */
  constructor(rights) {
    super();
    this.#rights = rights;
    rights.listen((now) => this.#rightsChanged(now));
  }

  welcomed(talk) {
    this.#talk = talk;
    this.#sender = new InputSender();
  }

  ended() {
    this.#talk = null;
    this.#timer.cancel();
  }

  // From the hands.

  told({ deeds, taken }, now) {
    if (taken) {
      this.#news.taken();
      return;
    }
    for (const deed of deeds) {
      if (deed.deed === "padPlugged") {
        this.#plugged.set(deed.pad, deed);
      } else if (deed.deed === "padUnplugged") {
        this.#plugged.delete(deed.pad);
      }
    }
    this.#do(deeds, now);
    this.tell({ hasTaken: true });
  }

  /** Pass on what hands have done; without a host that takes it, it is over. */
  #do(deeds, now) {
    if (this.#talk === null || this.#rights.granted === null) {
      return;
    }
    for (const deed of deeds) {
      tell(this.#sender, deed, now);
    }
    this.#send(now);
  }

  /** Tell a host that has become ready for it which pads there are. */
  #rightsChanged(now) {
    const granted = this.#rights.granted;
    const wasReady = this.#isReady;
    const hadPads = this.#hadPads;
    this.#isReady = granted !== null;
    this.#hadPads = granted?.has(Right.PADS) ?? false;
    if (this.#isReady && !wasReady) {
      this.#do([...this.#plugged.values()], now);
    } else if (this.#hadPads && !hadPads) {
      this.#sender.repeatPads();
      this.#send(now);
    }
  }

  // Towards the host.

  /** Send what there is to send, and wake up for what is next. */
  #send(now) {
    const talk = this.#talk;
    if (talk === null) {
      return;
    }
    for (const { kind, fields } of this.#sender.messages()) {
      const permitted = this.#permitted(kind, fields);
      if (permitted !== null) {
        talk.say(kind, permitted);
      }
    }
    for (const datagram of this.#sender.datagramsToSend(now)) {
      if (this.#rights.mayTry(STREAM_RIGHTS[datagram[1]])) {
        talk.sendDatagram(datagram);
      }
    }
    this.#timer.set(this.#sender.nextTimer(), now);
  }

  /** Return what may be said of a message; null for nothing. */
  #permitted(kind, fields) {
    if (kind === "held") {
      const keys = this.#rights.mayTry(Right.KEYS) ? fields.keys : [];
      const buttons = this.#rights.mayTry(Right.POINTER) ? fields.buttons : [];
      return keys.length > 0 || buttons.length > 0 ? { keys, buttons } : null;
    }
    const right = RIGHTS[kind];
    return right === undefined || this.#rights.mayTry(right) ? fields : null;
  }

  #due(now) {
    this.#sender.handleTimer(now);
    this.#send(now);
  }

  // From the host.

  messageReceived(kind, fields) {
    this.#news.put({ rumbles: { ...this.#news.waiting.rumbles, [fields.pad]: fields } });
  }
}
