/**
 * One thing that a session does beside the stream of pictures, as `SessionPart` in `wavry/session.py`.
 *
 * It lives in the session's worker, outlives sessions, and is in one at a time: `welcomed` begins it, `ended`
 * ends it. What it needs of the page it gets by messages: `told` and `tell` are the worker's ends, `PartLink`
 * (`link.js`) is the page's. Nothing of it may block.
 */

import { Channel } from "./channel.js";

/** Subclasses name what they take and override what they need. */
export class SessionPart {
  /** Its name between the worker and the page; empty: the two have nothing to say to each other. */
  name = "";

  /** Says something to the page, `tell(data, transfer)`; set by the worker before anything else happens. */
  tell = (data, transfer = []) => {};

  /** What it adds to the page's hello: `{sound: true}` and the like. */
  hello = {};

  /** @type {number[]} Second bytes of the datagrams it takes. */
  datagramStreams = [];

  /** Where its messages travel. */
  channel = Channel.CONTROL;

  /** @type {Record<string, import("../rift/framing.js").MessageKind>} Messages that it takes, by name. */
  messageKinds = {};

  /** @type {Record<string, import("../rift/framing.js").MessageKind>} Messages that it sends, by name. */
  says = {};

  /**
   * Note that the host has said hello; from now on things can be said with `talk`.
   *
   * @param {import("./talk.js").Talk} talk
   * @param {object} hello The fields of the host's.
   */
  welcomed(talk, hello) {}

  /**
   * Take a datagram.
   *
   * @param {Uint8Array} bytes Borrowed until it returns.
   * @param {number} now Seconds.
   * @throws {RemoteProtocolError} It is malformed; it is counted and skipped.
   */
  datagramReceived(bytes, now) {}

  /**
   * Take a message.
   *
   * @param {string} kind
   * @param {object} fields
   * @param {number} now Seconds.
   * @throws {RemoteProtocolError} It can't be said now; the session ends.
   */
  messageReceived(kind, fields, now) {}

  /**
   * Note that something that waited may have left.
   *
   * @param {number} now Seconds.
   */
  writable(now) {}

  /**
   * Take what the page's side said, whether there is a session or not.
   *
   * @param {any} data As the page gave it to `PartLink.tell`.
   * @param {number} now Seconds.
   */
  told(data, now) {}

  /** Note that the session has ended; nothing more can be said. */
  ended() {}
}
