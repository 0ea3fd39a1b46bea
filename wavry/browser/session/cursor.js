/** Takes what the host says of its pointer, and tells the page. As `wavry/client/cursor.py`. */

import { imageOf, CURSOR_MESSAGES } from "../rift/cursor/messages.js";
import { CursorReceiver, CURSOR_STREAM } from "../rift/cursor/receiver.js";
import { RemoteProtocolError } from "../rift/errors.js";
import { Outbox } from "./outbox.js";
import { SessionPart } from "./part.js";

/**
 * The newest of everything: a shape that was not unpacked yet gives way to the next one, so one waits at
 * most, 27 kB.
 *
 * The page hears `shape`, a `CursorImage`, or null where the host does not say; `place`, a `CursorPlace`, or
 * null where it is not known. It answers each time with `{taken: true}`.
 */
export class CursorPart extends SessionPart {
  name = "cursor";
  hello = { cursor: true };
  datagramStreams = [CURSOR_STREAM];
  messageKinds = CURSOR_MESSAGES;

  #news = new Outbox((news) => this.tell(news));
  #receiver = new CursorReceiver();
  #waiting = null;
  #isUnpacking = false;
  #session = 0;

  /** Shapes that were skipped since their bytes are not as they should be. */
  skipped = 0;

  welcomed() {
    this.#receiver = new CursorReceiver();
    this.#session += 1;
  }

  messageReceived(kind, fields) {
    this.#waiting = fields;
    if (!this.#isUnpacking) {
      this.#unpack();
    }
  }

  async #unpack() {
    this.#isUnpacking = true;
    while (this.#waiting !== null) {
      const [fields, session] = [this.#waiting, this.#session];
      this.#waiting = null;
      try {
        const shape = await imageOf(fields);
        if (session === this.#session) {
          this.#news.put({ shape });
        }
      } catch (error) {
        if (!(error instanceof RemoteProtocolError)) {
          throw error;
        }
        this.skipped += 1; // and the one before stays
      }
    }
    this.#isUnpacking = false;
  }

  datagramReceived(bytes) {
    const place = this.#receiver.receiveDatagram(bytes);
    if (place !== null) {
      this.#news.put({ place });
    }
  }

  told() {
    this.#news.taken();
  }

  ended() {
    this.#session += 1;
    this.#waiting = null;
    this.#news.put({ shape: null, place: null });
  }
}
