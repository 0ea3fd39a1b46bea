/**
 * The page's side of being let in: from its knock to the host's welcome (WIRE.md section 11, browsers). Does
 * no I/O but signing.
 */

import { ErrorCode, RemoteProtocolError } from "../rift/errors.js";
import { NONCE_BYTES } from "../rift/messages.js";

const PROOF_LABEL = new TextEncoder().encode("wavry browser proof 1\0");

/** Takes the host's messages until it is open. One for each connection. */
export class ClientGate {
  #identity;
  #certificates;
  #pin;
  #name;
  #nonce;
  #isChallenged = false;

  /**
   * @param {import("./identity.js").ClientIdentity} identity The page's key.
   * @param {string[]} certificateHashes SHA-256 in hex: one of these is the host's certificate.
   * @param {{pin: string | null, name: string, newNonce?: (size: number) => Uint8Array}} options `pin`: what
   *   the person typed, null for a page that was paired before. `name`: what it calls itself.
   */
  constructor(identity, certificateHashes, { pin, name, newNonce = randomBytes }) {
    this.#identity = identity;
    this.#certificates = certificateHashes;
    this.#pin = pin;
    this.#name = name;
    this.#nonce = newNonce(NONCE_BYTES);
    /** Whether the host has said welcome. */
    this.isOpen = false;
  }

  /** @returns {{kind: string, fields: object}} What is said first. */
  knock() {
    return { kind: "knock", fields: { publicKey: this.#identity.publicKey, nonce: this.#nonce } };
  }

  /**
   * Take a message.
   *
   * @param {string} kind
   * @param {object} fields
   * @returns {Promise<{kind: string, fields: object} | null>} The answer, if there is one.
   * @throws {RemoteProtocolError} It is not to be said now, or the host is another one.
   */
  async receive(kind, fields) {
    if (kind === "challenge" && !this.#isChallenged && !this.isOpen) {
      this.#isChallenged = true;
      return this.#answer(fields);
    }
    if (kind === "welcome" && !this.isOpen) {
      this.isOpen = true;
      return null;
    }
    throw new RemoteProtocolError(`${kind} is not to be said now`);
  }

  async #answer({ nonce, certificate }) {
    if (certificate === null || !this.#certificates.includes(toHex(certificate))) {
      const reason = "the certificate is not the one that the page was given";
      throw new RemoteProtocolError(reason, ErrorCode.REFUSED);
    }
    const text = join(PROOF_LABEL, certificate, this.#identity.publicKey, nonce, this.#nonce);
    const signature = await this.#identity.sign(text);
    if (this.#pin === null) {
      return { kind: "proof", fields: { signature } };
    }
    return { kind: "pair_pin", fields: { pin: this.#pin, signature, name: this.#name } };
  }
}

function randomBytes(size) {
  return crypto.getRandomValues(new Uint8Array(size));
}

function join(...pieces) {
  const joined = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let begin = 0;
  for (const piece of pieces) {
    joined.set(piece, begin);
    begin += piece.length;
  }
  return joined;
}

function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
