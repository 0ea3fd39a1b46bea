/**
 * A way to the host: datagrams and three streams of one WebTransport session.
 *
 * Bounds: the browser keeps at most 2048 datagrams that came (2.5 MB; the oldest give way) and 64 that are to
 * leave (further ones are dropped and counted), and 512 KiB wait on the streams: a host that takes nothing
 * for so long is given up.
 */

import { ErrorCode } from "../rift/errors.js";

/** Largest RIFT packet that a page takes: what fits in any UDP packet that a path will carry. */
export const LARGEST_DATAGRAM_BYTES = 1452;

const INCOMING_DATAGRAMS = 2048;
const OUTGOING_DATAGRAMS = 64;
const MAX_BACKLOG_BYTES = 512 * 1024;
const CHANNELS = 3;
const MAX_REASON_BYTES = 256;

/** A session that ends takes its streams with it; why it has ended is known by then. */
const FAREWELL_S = 0.5;

/**
 * Why a connection has ended.
 *
 * @typedef {{code: number, reason: string, wasLocal: boolean}} Ending
 */

/**
 * Who hears of it. None of these may throw, but by a fault of ours.
 *
 * @typedef {{datagramReceived: (bytes: Uint8Array, now: number) => void,
 *            datagramsEnd: (now: number) => void,
 *            streamReceived: (channel: number, bytes: Uint8Array, now: number) => void,
 *            writable: (now: number) => void,
 *            connectionLost: (ending: Ending) => void}} ConnectionObserver
 */

/** An open connection. */
export class Connection {
  #transport;
  #streams;
  #datagramWriter;
  #waitingDatagrams = 0;
  #backlogs = new Array(CHANNELS).fill(0);
  #observer = null;
  #hasEnded = false;
  #isWritableTold = false;
  #burstEnd = new NextTurn(() => this.#observer.datagramsEnd(seconds()));

  /**
   * Connect.
   *
   * @param {string} url
   * @param {string[]} certificateHashes SHA-256 in hex of the certificates that the host may show.
   * @param {number} timeoutS
   * @returns {Promise<Connection>}
   * @throws {Error} It did not come about; the message says why.
   */
  static async open(url, certificateHashes, timeoutS) {
    const transport = new WebTransport(url, {
      serverCertificateHashes: certificateHashes.map((hash) => {
        return { algorithm: "sha-256", value: fromHex(hash) };
      }),
      congestionControl: "low-latency",
      requireUnreliable: true,
    });
    transport.closed.catch(() => {}); // told of through `ready` here, and through the observer later
    const timer = setTimeout(() => transport.close(), timeoutS * 1000);
    try {
      await transport.ready;
      const streams = [];
      for (let channel = 0; channel < CHANNELS; channel += 1) {
        streams.push(await transport.createBidirectionalStream());
      }
      return new Connection(transport, streams);
    } catch (error) {
      transport.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Use `open`. */
  constructor(transport, streams) {
    this.#transport = transport;
    const { datagrams } = transport;
    datagrams.incomingHighWaterMark = INCOMING_DATAGRAMS;
    datagrams.outgoingHighWaterMark = OUTGOING_DATAGRAMS;
    this.#datagramWriter = (datagrams.createWritable?.() ?? datagrams.writable).getWriter();
    this.#streams = streams.map(({ readable, writable }) => ({ readable, writer: writable.getWriter() }));
    /** Datagrams that did not leave because too many waited. */
    this.datagramsDropped = 0;
    /** Smoothed round trip of QUIC in seconds; null where the browser does not say. See `measure`. */
    this.rttS = null;
  }

  /**
   * Have an observer hear of everything from now on; reading begins with the first one, the next take over
   * from it.
   *
   * @param {ConnectionObserver} observer
   */
  observe(observer) {
    const isFirst = this.#observer === null;
    this.#observer = observer;
    if (!isFirst) {
      return;
    }
    this.#transport.closed.then(
      ({ closeCode, reason }) => this.#end(closeCode, reason),
      (error) => this.#end(ErrorCode.INTERNAL_ERROR, error.message),
    );
    this.#readDatagrams();
    this.#streams.forEach(({ readable }, channel) => this.#readStream(readable, channel));
  }

  async #readDatagrams() {
    const reader = this.#transport.datagrams.readable.getReader();
    for (;;) {
      const { value, done } = await reader.read().catch(nothingMore);
      if (done || this.#hasEnded) {
        return;
      }
      this.#observer.datagramReceived(value, seconds());
      this.#burstEnd.ask(); // what came with it is read before that
    }
  }

  async #readStream(readable, channel) {
    const reader = readable.getReader();
    for (;;) {
      const { value, done } = await reader.read().catch(nothingMore);
      if (done) {
        setTimeout(() => this.close(ErrorCode.PROTOCOL_VIOLATION, "a stream has ended"), FAREWELL_S * 1000);
      }
      if (done || this.#hasEnded) {
        return;
      }
      this.#observer.streamReceived(channel, value, seconds());
    }
  }

  /**
   * Send a datagram, unless too many wait: then it is dropped.
   *
   * @param {Uint8Array} bytes Not changed afterwards.
   */
  sendDatagram(bytes) {
    if (this.#hasEnded) {
      return;
    }
    if (this.#waitingDatagrams >= OUTGOING_DATAGRAMS) {
      this.datagramsDropped += 1;
      return;
    }
    this.#waitingDatagrams += 1;
    const left = () => {
      this.#waitingDatagrams -= 1;
    };
    this.#datagramWriter.write(bytes).then(left, left);
  }

  /**
   * Send bytes on a stream.
   *
   * @param {number} channel
   * @param {Uint8Array} bytes Not changed afterwards.
   */
  sendStream(channel, bytes) {
    if (this.#hasEnded) {
      return;
    }
    this.#backlogs[channel] += bytes.length;
    if (this.#backlogs[channel] > MAX_BACKLOG_BYTES) {
      this.close(ErrorCode.TIMEOUT, "the host takes nothing");
      return;
    }
    const left = () => {
      this.#backlogs[channel] -= bytes.length;
      this.#tellWritable();
    };
    this.#streams[channel].writer.write(bytes).then(left, () => {});
  }

  /** Tell the observer once per turn of the loop. */
  #tellWritable() {
    if (this.#isWritableTold) {
      return;
    }
    this.#isWritableTold = true;
    queueMicrotask(() => {
      this.#isWritableTold = false;
      if (!this.#hasEnded) {
        this.#observer?.writable(seconds());
      }
    });
  }

  /**
   * Return how many bytes of a stream the browser has not taken yet.
   *
   * @param {number} channel
   * @returns {number}
   */
  streamBacklogBytes(channel) {
    return this.#backlogs[channel];
  }

  /** Ask the browser for the round trip; `rttS` has it a moment later. */
  async measure() {
    const stats = await this.#transport.getStats?.().catch(() => null);
    if (stats?.smoothedRtt > 0) {
      this.rttS = stats.smoothedRtt / 1000;
    }
  }

  /**
   * End it. The observer hears of it at once.
   *
   * @param {number} code An `ErrorCode`.
   * @param {string} reason For people.
   */
  close(code, reason) {
    if (!this.#hasEnded) {
      this.#transport.close({ closeCode: code, reason: cut(reason) });
      this.#end(code, reason, true);
    }
  }

  #end(code, reason, wasLocal = false) {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#burstEnd.close();
      this.#observer?.connectionLost({ code, reason, wasLocal });
    }
  }
}

function seconds() {
  return performance.now() / 1000;
}

/** Calls back in a task of its own, without the millisecond that timers wait. */
class NextTurn {
  #channel = new MessageChannel();
  #isDue = false;

  /** @param {() => void} callback */
  constructor(callback) {
    this.#channel.port1.onmessage = () => {
      this.#isDue = false;
      callback();
    };
  }

  /** Call back soon, once. */
  ask() {
    if (!this.#isDue) {
      this.#isDue = true;
      this.#channel.port2.postMessage(null);
    }
  }

  /** Never call back again. */
  close() {
    this.#channel.port1.close();
  }
}

/** For a stream that was reset: so the host ends a session. */
function nothingMore() {
  return { value: undefined, done: true };
}

function cut(reason) {
  return reason.length * 3 <= MAX_REASON_BYTES ? reason : reason.slice(0, MAX_REASON_BYTES / 4);
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
