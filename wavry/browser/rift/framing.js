/**
 * Messages on an ordered stream: how they are framed (WIRE.md section 6).
 *
 * Decoding goes in three steps, so that no field of the peer sizes an allocation: the length is checked
 * before a byte of the body is kept, the envelope is split without looking into it, and only a known kind of
 * bounded size is read.
 */

import { LocalProtocolError, RemoteProtocolError } from "./errors.js";
import { MessagePackReader, MessagePackWriter } from "./msgpack.js";
import { struct } from "./schema.js";

/** Largest body on a stream. Room for kinds that are not invented yet. */
export const MAX_MESSAGE_BYTES = 32 * 1024;

const MAX_KIND_BYTES = 64;
const LENGTH_BYTES = 4;
const DEFAULT_MAX_BYTES = 8 * 1024;

/** Something that can be said. */
export class MessageKind {
  #fields;

  /**
   * @param {Record<string, import("./schema.js").FieldType>} fields By name in camelCase.
   * @param {{maxBytes?: number}} [options] `maxBytes`: most of the fields together, as MessagePack.
   */
  constructor(fields, { maxBytes = DEFAULT_MAX_BYTES } = {}) {
    this.#fields = struct(fields);
    this.maxBytes = maxBytes;
  }

  /**
   * Read the fields.
   *
   * @param {Uint8Array} payload
   * @returns {object} All fields; those that were left out have their defaults.
   * @throws {RemoteProtocolError} Too many bytes, or a field is missing, of another type or out of its
   *   bounds.
   */
  decode(payload) {
    if (payload.length > this.maxBytes) {
      throw new RemoteProtocolError(`more than ${this.maxBytes} bytes`);
    }
    return this.#fields.read(new MessagePackReader(payload));
  }

  /**
   * Return the message as it stands on its stream, length in front.
   *
   * @param {string} name Of the kind.
   * @param {object} fields Those that have a default may be left out.
   * @returns {Uint8Array}
   * @throws {LocalProtocolError} No peer would take it.
   */
  encode(name, fields) {
    const payload = new MessagePackWriter();
    this.#fields.write(payload, fields);
    const bytes = payload.finish();
    if (bytes.length > this.maxBytes) {
      throw new LocalProtocolError(`${name} of ${bytes.length} bytes, ${this.maxBytes} allowed`);
    }
    const writer = new MessagePackWriter();
    writer.raw(new Uint8Array(LENGTH_BYTES));
    writer.arrayHeader(2);
    writer.text(name);
    writer.raw(bytes);
    const message = writer.finish();
    new DataView(message.buffer).setUint32(0, message.length - LENGTH_BYTES);
    return message;
  }
}

/**
 * Return kinds as a table to look them up in.
 *
 * @param {Record<string, Record<string, import("./schema.js").FieldType> | MessageKind>} described Fields by
 *   the name of the kind, or the kind itself.
 * @returns {Record<string, MessageKind>} Without a prototype, so that a peer's names find nothing else in it.
 */
export function messageKinds(described) {
  const kinds = Object.create(null);
  for (const [name, each] of Object.entries(described)) {
    kinds[name] = each instanceof MessageKind ? each : new MessageKind(each);
  }
  return Object.freeze(kinds);
}

/**
 * Cuts the peer's half of a stream into messages.
 *
 * Holds at most one unfinished message, 32 KiB. After an error the stream has no meaning any more: every
 * further call throws the same.
 */
export class MessageDecoder {
  #kinds;
  #length = new Uint8Array(LENGTH_BYTES);
  #buffer = this.#length;
  #filled = 0;
  #error = null;

  /** @param {Record<string, MessageKind>} kinds What may be said there; looked at anew for every message. */
  constructor(kinds) {
    this.#kinds = kinds;
    /** Messages of kinds we do not know. */
    this.messagesSkipped = 0;
  }

  /**
   * Take the next bytes of the stream.
   *
   * @param {Uint8Array} data Any cut of the stream; not kept.
   * @returns {{kind: string, fields: object}[]} The messages that became whole, in order.
   * @throws {RemoteProtocolError} The peer broke the framing or a bound. Messages before the fault in the
   *   same `data` are not returned; the stream must be closed with `code`.
   */
  receive(data) {
    if (this.#error === null) {
      try {
        return this.#receive(data);
      } catch (error) {
        this.#error = error;
        this.#expect(this.#length);
      }
    }
    throw this.#error;
  }

  #receive(data) {
    const messages = [];
    for (let begin = 0; begin < data.length; ) {
      const piece = data.subarray(begin, begin + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      begin += piece.length;
      if (this.#filled < this.#buffer.length) {
        break;
      }
      if (this.#buffer === this.#length) {
        this.#expect(new Uint8Array(this.#bodyBytes()));
      } else {
        const body = this.#buffer;
        this.#expect(this.#length);
        this.#decode(body, messages);
      }
    }
    return messages;
  }

  #bodyBytes() {
    const size = new DataView(this.#length.buffer).getUint32(0);
    if (size < 1 || size > MAX_MESSAGE_BYTES) {
      throw new RemoteProtocolError(`message of ${size} bytes, 1 to ${MAX_MESSAGE_BYTES} allowed`);
    }
    return size;
  }

  #expect(buffer) {
    this.#buffer = buffer;
    this.#filled = 0;
  }

  #decode(body, messages) {
    let kind = "an unreadable message";
    try {
      const reader = new MessagePackReader(body);
      if (reader.arrayHeader() !== 2) {
        throw new RemoteProtocolError("not an array of two");
      }
      kind = reader.text(MAX_KIND_BYTES);
      const begin = reader.offset;
      reader.skip();
      if (!reader.isAtEnd) {
        throw new RemoteProtocolError("bytes after its end");
      }
      const known = this.#kinds[kind];
      if (known === undefined) {
        this.messagesSkipped += 1;
      } else {
        messages.push({ kind, fields: known.decode(body.subarray(begin)) });
      }
    } catch (error) {
      if (error instanceof RemoteProtocolError) {
        error.message = `message ${kind}: ${error.message}`;
      }
      throw error;
    }
  }
}
