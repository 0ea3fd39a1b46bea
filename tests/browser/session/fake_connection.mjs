/** A connection of which the test is the other end. */

import { MessageDecoder } from "../../../wavry/browser/rift/framing.js";
import { CONTROL_MESSAGES } from "../../../wavry/browser/rift/messages.js";

export class FakeConnection {
  said = [];
  datagrams = [];
  closed = null;
  rttS = null;
  #decoder = new MessageDecoder(CONTROL_MESSAGES);
  #observer = null;

  observe(observer) {
    this.#observer = observer;
  }

  sendStream(channel, bytes) {
    this.said.push(...this.#decoder.receive(bytes));
  }

  sendDatagram(bytes) {
    this.datagrams.push(bytes);
  }

  async measure() {}

  close(code, reason) {
    this.closed ??= { code, reason };
    this.#observer.connectionLost({ code, reason, wasLocal: true });
  }

  /** What was said of a kind. */
  of(kind) {
    return this.said.filter((each) => each.kind === kind).map(({ fields }) => fields);
  }

  /** Say something as the host. */
  hear(kind, fields, now = 0) {
    this.#observer.streamReceived(0, CONTROL_MESSAGES[kind].encode(kind, fields), now);
  }

  /** Send bytes as the host. */
  hearBytes(bytes, now = 0) {
    this.#observer.streamReceived(0, bytes, now);
  }

  /** Send datagrams as the host. */
  arrive(datagrams, now) {
    for (const each of datagrams) {
      this.#observer.datagramReceived(each, now);
    }
    this.#observer.datagramsEnd(now);
  }
}
