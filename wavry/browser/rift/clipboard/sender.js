/**
 * Sends a clipboard's text, slowly enough that nothing else waits for it.
 *
 * A stream of low priority leaves after what waits here, but in the network all packets are equal: what is in
 * front there delays the picture. So little of the text is under way at a time, at a rate that its owner
 * sets.
 */

import { MAX_DATA_BYTES } from "./messages.js";

/** Most of the stream that may wait or be under way. */
export const MAX_BACKLOG_BYTES = 16 * 1024;

/** A piece is what the rate gives in so long. */
const PIECE_S = 0.01;

const MIN_PIECE_BYTES = 1000;

/** So late a timer may be without the rate suffering. */
const LATE_S = 0.03;

/** What an offer counts for. */
const OFFER_BYTES = 64;

/**
 * Offers the newest text and sends it piece by piece. What is replaced by a newer one is not finished. Holds
 * one text, `MAX_TEXT_BYTES` at most, until it has been sent.
 */
export class ClipboardSender {
  #text = null;
  #isOffered = false;
  #sentBytes = 0;
  #transfer = 0;
  #nextAt = 0;
  #isBlocked = false;

  /** @param {number} rateBps Bits per second, text only. May be changed at any time. */
  constructor(rateBps) {
    this.rateBps = rateBps;
  }

  /** Whether there is nothing to send. */
  get isIdle() {
    return this.#text === null;
  }

  /**
   * Send this text from now on.
   *
   * @param {Uint8Array} text UTF-8, at most `MAX_TEXT_BYTES`; not changed until it has been sent.
   */
  offer(text) {
    this.#text = text;
    this.#isOffered = false;
    this.#sentBytes = 0;
    this.#isBlocked = false;
  }

  /** Send nothing more. What the peer has of it never becomes whole. */
  cancel() {
    this.#text = null;
  }

  /**
   * Return what to say now.
   *
   * @param {number} backlogBytes What of the stream waits or is under way.
   * @param {number} now Seconds.
   * @returns {{kind: string, fields: object} | null} Null: `nextTimer` tells when to ask again, or the
   *   backlog must shrink.
   */
  nextMessage(backlogBytes, now) {
    if (this.#text === null || now < this.#nextAt) {
      return null;
    }
    const wanted = Math.max(Math.round((this.rateBps / 8) * PIECE_S), MIN_PIECE_BYTES);
    const pieceBytes = Math.min(wanted, MAX_DATA_BYTES);
    this.#isBlocked = backlogBytes > 0 && backlogBytes + pieceBytes > MAX_BACKLOG_BYTES;
    if (this.#isBlocked) {
      return null;
    }
    return this.#isOffered ? this.#piece(pieceBytes, now) : this.#offer(now);
  }

  #offer(now) {
    const sizeBytes = this.#text.length;
    this.#isOffered = true;
    this.#transfer = (this.#transfer + 1) >>> 0;
    this.#pace(OFFER_BYTES, now);
    if (sizeBytes === 0) {
      this.#text = null;
    }
    return { kind: "clipboard_offer", fields: { transfer: this.#transfer, sizeBytes } };
  }

  #piece(pieceBytes, now) {
    const data = this.#text.subarray(this.#sentBytes, this.#sentBytes + pieceBytes);
    this.#sentBytes += data.length;
    this.#pace(data.length, now);
    if (this.#sentBytes === this.#text.length) {
      this.#text = null;
    }
    return { kind: "clipboard_data", fields: { transfer: this.#transfer, data } };
  }

  #pace(sizeBytes, now) {
    this.#nextAt = Math.max(this.#nextAt, now - LATE_S) + (sizeBytes * 8) / this.rateBps;
  }

  /** When there is something to say again, in seconds; null while nothing waits, or waits for the peer. */
  get nextTimer() {
    return this.#text === null || this.#isBlocked ? null : this.#nextAt;
  }
}
