/** Puts a clipboard's text together from its pieces. */

import { RemoteProtocolError } from "../errors.js";

const FIRST_BYTES = 4096;

/**
 * Holds one unfinished text: twice what came of it, 1 MiB at most. What a peer announces allocates nothing;
 * only bytes that came do. A newer text takes the place of one that is not whole.
 */
export class ClipboardReceiver {
  #transfer = null;
  #sizeBytes = 0;
  #text = new Uint8Array(0);
  #filledBytes = 0;

  /** Texts that were given up for newer ones. */
  drops = 0;

  /** Bytes that are held for the unfinished text. */
  get usedBytes() {
    return this.#text.length;
  }

  /**
   * Expect a text, and no other any more.
   *
   * @param {{transfer: number, sizeBytes: number}} offer
   * @returns {string | null} The text if it is empty, so whole already.
   */
  receiveOffer({ transfer, sizeBytes }) {
    this.cancel();
    if (sizeBytes === 0) {
      return "";
    }
    this.#transfer = transfer;
    this.#sizeBytes = sizeBytes;
    return null;
  }

  /**
   * Take a piece. A piece of another text than the expected is ignored.
   *
   * @param {{transfer: number, data: Uint8Array}} piece Borrowed until it returns.
   * @returns {string | null} The text once it is whole.
   * @throws {RemoteProtocolError} There is more than was offered, or it is not UTF-8.
   */
  receiveData({ transfer, data }) {
    if (transfer !== this.#transfer) {
      return null;
    }
    const filledBytes = this.#filledBytes + data.length;
    if (filledBytes > this.#sizeBytes) {
      throw new RemoteProtocolError(`a clipboard's text is longer than ${this.#sizeBytes} bytes, which were offered`);
    }
    if (filledBytes > this.#text.length) {
      this.#grow(filledBytes);
    }
    this.#text.set(data, this.#filledBytes);
    this.#filledBytes = filledBytes;
    if (filledBytes < this.#sizeBytes) {
      return null;
    }
    const text = this.#text.subarray(0, filledBytes);
    this.#forget();
    return decoded(text);
  }

  #grow(leastBytes) {
    const larger = new Uint8Array(Math.min(Math.max(2 * leastBytes, FIRST_BYTES), this.#sizeBytes));
    larger.set(this.#text.subarray(0, this.#filledBytes));
    this.#text = larger;
  }

  /** Give up the text that is not whole, if there is one. */
  cancel() {
    if (this.#transfer !== null) {
      this.drops += 1;
      this.#forget();
    }
  }

  #forget() {
    this.#transfer = null;
    this.#text = new Uint8Array(0);
    this.#filledBytes = 0;
  }
}

function decoded(text) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    throw new RemoteProtocolError("a clipboard's text is not UTF-8");
  }
}
