/** The way into a host: an observer of a new connection until the host says welcome. */

import { ErrorCode, RemoteProtocolError } from "../rift/errors.js";
import { MessageDecoder } from "../rift/framing.js";
import { ENTRANCE_MESSAGES } from "../rift/messages.js";
import { Channel } from "./channel.js";

const PATIENCE_S = 5;

/** The host does not let us in, or the connection has ended before. */
export class NotLetInError extends Error {
  /** @param {import("./connection.js").Ending} ending */
  constructor({ code, reason }) {
    super(reason);
    this.name = "NotLetInError";
    /** An `ErrorCode`; REFUSED is the host's own word. */
    this.code = code;
  }
}

/**
 * Be let in.
 *
 * @param {import("./connection.js").Connection} connection New. Its next observer is handed what comes
 *   afterwards.
 * @param {import("./gate.js").ClientGate} gate
 * @returns {Promise<void>}
 * @throws {NotLetInError}
 */
export async function passThrough(connection, gate) {
  const knocking = new Knocking(connection, gate);
  const giveUp = () => connection.close(ErrorCode.TIMEOUT, "the host does not answer");
  const timer = setTimeout(giveUp, PATIENCE_S * 1000);
  try {
    await knocking.done;
  } finally {
    clearTimeout(timer);
  }
}

class Knocking {
  #connection;
  #gate;
  #decoder = new MessageDecoder(ENTRANCE_MESSAGES);
  /** Messages are answered one after the other; signing takes a moment. */
  #answered = Promise.resolve();
  #resolve;
  #reject;

  constructor(connection, gate) {
    this.#connection = connection;
    this.#gate = gate;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    connection.observe(this);
    this.#say(gate.knock());
  }

  #say({ kind, fields }) {
    this.#connection.sendStream(Channel.CONTROL, ENTRANCE_MESSAGES[kind].encode(kind, fields));
  }

  streamReceived(channel, bytes) {
    if (channel !== Channel.CONTROL) {
      return;
    }
    try {
      for (const { kind, fields } of this.#decoder.receive(bytes)) {
        this.#answered = this.#answered.then(() => this.#take(kind, fields));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  async #take(kind, fields) {
    try {
      if (kind === "bye") {
        throw new RemoteProtocolError(fields.reason, fields.code);
      }
      const answer = await this.#gate.receive(kind, fields);
      if (answer !== null) {
        this.#say(answer);
      }
    } catch (error) {
      this.#fail(error);
    }
    if (this.#gate.isOpen) {
      this.#resolve();
    }
  }

  #fail(error) {
    const ending = { code: error.code ?? ErrorCode.INTERNAL_ERROR, reason: error.message };
    this.#reject(new NotLetInError(ending));
    this.#connection.close(ending.code, ending.reason);
  }

  datagramReceived() {}

  datagramsEnd() {}

  writable() {}

  connectionLost(ending) {
    this.#reject(new NotLetInError(ending));
  }
}
