/** What the host lets this client do, and what it has refused; as `wavry/client/rights.py`. */

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { Outbox } from "./outbox.js";
import { SessionPart } from "./part.js";

/** What a client may be allowed, as it stands on the wire. */
export const Right = Object.freeze({
  VIEW: "view",
  AUDIO: "audio",
  POINTER: "pointer",
  KEYS: "keys",
  PADS: "pads",
  CLIPBOARD: "clipboard",
});

const KNOWN = new Set(Object.values(Right));

/** What a person reads of a right that was used and is not there. */
const LACKS = {
  [Right.POINTER]: "the host does not let this client point",
  [Right.KEYS]: "the host does not let this client type",
  [Right.PADS]: "the host takes no game pads from this client",
  [Right.CLIPBOARD]: "the host does not share its clipboard with this client",
};

/**
 * Listens to what the host says of rights. Stands before the parts that ask it.
 *
 * The page hears `granted`, an array of rights, after every change, null without a session and before the
 * host has said so, and `lack`, words for people, once for each right that was used in vain. It answers each
 * time with `{taken: true}`.
 */
export class RightsPart extends SessionPart {
  name = "rights";
  messageKinds = { rights_granted: CONTROL_MESSAGES.rights_granted, denied: CONTROL_MESSAGES.denied };

  #news = new Outbox((news) => this.tell(news));
  #granted = null;
  #denied = new Set();
  #listeners = [];

  /**
   * @returns {ReadonlySet<string> | null} What this client may do; null without a session, and before it is
   *   said.
   */
  get granted() {
    return this.#granted;
  }

  /**
   * Whether there is sense in sending what needs a right. The first of what is not allowed is sent as well,
   * so that both sides hear of it; after that nothing is.
   *
   * @param {string} right
   */
  mayTry(right) {
    return this.#granted !== null && !this.#denied.has(right);
  }

  /**
   * Have a function called after every change.
   *
   * @param {(now: number) => void} callback
   */
  listen(callback) {
    this.#listeners.push(callback);
  }

  messageReceived(kind, fields, now) {
    if (kind === "rights_granted") {
      this.#granted = new Set(fields.rights.filter((each) => KNOWN.has(each)));
      this.#denied.clear();
    } else {
      this.#refuse(fields.right);
    }
    this.#changed(now);
  }

  #refuse(right) {
    if (KNOWN.has(right) && !this.#denied.has(right)) {
      this.#denied.add(right);
      this.#news.put({ lack: LACKS[right] ?? `this client has no right to ${right}` });
    }
  }

  told() {
    this.#news.taken();
  }

  ended() {
    this.#granted = null;
    this.#denied.clear();
    this.#changed(performance.now() / 1000);
  }

  #changed(now) {
    this.#news.put({ granted: this.#granted === null ? null : [...this.#granted] });
    for (const callback of this.#listeners) {
      callback(now);
    }
  }
}
