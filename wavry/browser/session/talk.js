/**
 * Says messages on the streams they belong to, and hands what comes to whoever takes it, as `Talk` in
 * `wavry/session.py`.
 */

import { LocalProtocolError } from "../rift/errors.js";
import { MessageDecoder } from "../rift/framing.js";
import { CONTROL_MESSAGES } from "../rift/messages.js";
import { Channel } from "./channel.js";

export class Talk {
  /** What is taken, by channel. */
  #taken = new Map();
  #decoders = new Map();
  /** What is said: `{kind, channel}` by name. */
  #said = new Map();
  #parts = [];
  #byStream = new Map();
  #byMessage = new Map();

  /** @param {import("./connection.js").Connection} connection What carries it; not owned. */
  constructor(connection) {
    this.connection = connection;
    this.#take(Channel.CONTROL, CONTROL_MESSAGES);
    this.#say(Channel.CONTROL, CONTROL_MESSAGES);
  }

  /**
   * Have a part take what it names.
   *
   * @param {import("./part.js").SessionPart} part
   */
  add(part) {
    this.#parts.push(part);
    this.#take(part.channel, part.messageKinds);
    this.#say(part.channel, part.says);
    for (const stream of part.datagramStreams) {
      this.#byStream.set(stream, part);
    }
    for (const name of Object.keys(part.messageKinds)) {
      this.#byMessage.set(name, part);
    }
  }

  #take(channel, kinds) {
    if (!this.#taken.has(channel)) {
      const taken = Object.create(null);
      this.#taken.set(channel, taken);
      this.#decoders.set(channel, new MessageDecoder(taken));
    }
    Object.assign(this.#taken.get(channel), kinds);
  }

  #say(channel, kinds) {
    for (const [name, kind] of Object.entries(kinds)) {
      this.#said.set(name, { kind, channel });
    }
  }

  /**
   * Queue a message on its stream. It leaves by itself.
   *
   * @param {string} name Of its kind.
   * @param {object} [fields] In camelCase; those that have a default may be left out.
   * @throws {LocalProtocolError} No peer would take it, or nobody named its kind.
   */
  say(name, fields = {}) {
    const said = this.#said.get(name);
    if (said === undefined) {
      throw new LocalProtocolError(`nobody named ${name} among what is said`);
    }
    this.connection.sendStream(said.channel, said.kind.encode(name, fields));
  }

  /**
   * Send a datagram, unless too many wait: then it is dropped.
   *
   * @param {Uint8Array} bytes Not changed afterwards.
   */
  sendDatagram(bytes) {
    this.connection.sendDatagram(bytes);
  }

  /**
   * Return the messages that became whole with the next bytes of a stream; nothing where no part takes any.
   *
   * @param {number} channel
   * @param {Uint8Array} data
   * @returns {{kind: string, fields: object}[]}
   * @throws {RemoteProtocolError} See `MessageDecoder.receive`.
   */
  messages(channel, data) {
    const decoder = this.#decoders.get(channel);
    return decoder === undefined ? [] : decoder.receive(data);
  }

  /**
   * Hand a message to the part that takes it.
   *
   * @returns {boolean} Whether there is one.
   */
  messageReceived(kind, fields, now) {
    const part = this.#byMessage.get(kind);
    part?.messageReceived(kind, fields, now);
    return part !== undefined;
  }

  /**
   * Return the part that takes a datagram, if there is one.
   *
   * @param {Uint8Array} datagram
   * @returns {import("./part.js").SessionPart | undefined}
   */
  partOf(datagram) {
    return datagram.length > 1 ? this.#byStream.get(datagram[1]) : undefined;
  }

  /** Tell all parts. */
  welcomed(hello) {
    for (const part of this.#parts) {
      part.welcomed(this, hello);
    }
  }

  /** Tell all parts. */
  writable(now) {
    for (const part of this.#parts) {
      part.writable(now);
    }
  }

  /** Tell all parts. */
  ended() {
    for (const part of this.#parts) {
      part.ended();
    }
  }
}
