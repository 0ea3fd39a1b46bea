/**
 * One connection to a host: datagrams become access units, the rest is talk. The twin of
 * `wavry/client/session.py`.
 */

import { ErrorCode, RemoteProtocolError } from "../rift/errors.js";
import { AccessUnitReceived, KeyframeNeeded } from "../rift/events.js";
import { checkVersion } from "../rift/messages.js";
import { Playout } from "../rift/playout.js";
import { Receiver } from "../rift/receiver.js";
import { LARGEST_DATAGRAM_BYTES } from "./connection.js";
import { Talk } from "./talk.js";
import { Timer } from "./timer.js";

/** While packets come the host hears of them 20 times a second. */
const FEEDBACK_INTERVAL_S = 0.05;

const PING_INTERVAL_S = 1;

/** The first pings come quickly, so that latencies are known within half a second. */
const SETTLING_PING_INTERVAL_S = 0.05;

/** With nothing heard for so long, five pings unanswered, the host has gone or has given this client up. */
const SILENCE_S = 5;

const KEYFRAME_INTERVAL_S = 0.25;
const STREAMS = 2;

/**
 * What a stream is coded as.
 *
 * @typedef {{epoch: number, codec: string, width: number, height: number}} StreamFormat
 */

/**
 * A unit on its way to the decoder.
 *
 * @typedef {{unit: object, stream: StreamFormat, receivedUs: number, releasedUs: number}} ReceivedUnit
 */

/** A session; an observer of its connection. */
export class HostSession {
  #connection;
  #statistics;
  #owner;
  #talk;
  /** The present one and the one before, of which units may still be on their way. */
  #streams = [];
  #receiver = new Receiver();
  #playout = new Playout();
  #reportedPackets = 0;
  #pingId = 0;
  #heardAt = seconds();
  #keyframeAskedAt = -Infinity;
  #receiverTimer = new Timer(() => this.#receiverDue());
  #playoutTimer = new Timer(() => this.#play(seconds()));
  #feedbackTimer = new Timer(() => this.#report());
  #pingTimer = new Timer(() => this.#ping());
  #bye = null;
  #hasEnded = false;
  #resolveEnded;

  /**
   * @param {import("./connection.js").Connection} connection Open, and let in; owned.
   * @param {object} hello What the client says of itself; the size of its datagrams is filled in.
   * @param {import("./statistics.js").Statistics} statistics Where counts go.
   * @param {object} owner Who is told, and asked:
   * @param {(hello: object) => void} owner.onHello What the host says of itself.
   * @param {(stream: StreamFormat) => void} owner.onStream How the units of a new epoch are coded.
   * @param {(received: ReceivedUnit) => void} owner.onUnit Gets access units in order.
   * @param {(available: boolean, reason: string) => void} owner.onSourceState The host's screen goes, or
   *   comes back.
   * @param {(now: number) => boolean} owner.isBehind Whether whoever gets the units is too slow for them.
   * @param {() => number} owner.pictureHoldS For how long pictures have to wait for the sound.
   * @param {import("./part.js").SessionPart[]} parts What else the session does for the person.
   */
  constructor(connection, hello, statistics, owner, parts) {
    this.#connection = connection;
    this.#statistics = statistics;
    this.#owner = owner;
    this.#talk = new Talk(connection);
    for (const part of parts) {
      this.#talk.add(part);
    }
    /** Resolves with an `Ending` when the session is over. */
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    statistics.clock.restart();
    statistics.takeNewest(); // of another session
    connection.observe(this);
    this.#talk.say("hello", { ...hello, maxDatagramBytes: LARGEST_DATAGRAM_BYTES });
    this.#ping();
  }

  // Towards the host.

  /**
   * Ask for a keyframe after a frame, unless that was done a moment ago.
   *
   * @param {number} epoch
   * @param {number} afterFrameId The newest frame known of.
   */
  requestKeyframe(epoch, afterFrameId) {
    const now = seconds();
    if (this.#hasEnded || now - this.#keyframeAskedAt < KEYFRAME_INTERVAL_S) {
      return;
    }
    this.#keyframeAskedAt = now;
    this.#statistics.keyframeRequests += 1;
    this.#talk.say("keyframe_request", { epoch, afterFrameId });
  }

  /**
   * Say goodbye.
   *
   * @param {number} code An `ErrorCode`.
   * @param {string} reason For people.
   */
  leave(code, reason) {
    if (!this.#hasEnded) {
      this.#talk.say("bye", { code, reason: reason.slice(0, 256) });
      this.#connection.close(code, reason);
    }
  }

  #ping() {
    const now = seconds();
    if (now - this.#heardAt > SILENCE_S) {
      this.#connection.close(ErrorCode.TIMEOUT, "it has fallen silent");
      return;
    }
    this.#pingId = (this.#pingId + 1) >>> 0;
    this.#talk.say("ping", { pingId: this.#pingId, sentUs: microseconds() });
    this.#sendFeedback(now); // also when nothing comes: the end may be lost
    this.#connection.measure();
    const interval = this.#statistics.clock.isSettled ? PING_INTERVAL_S : SETTLING_PING_INTERVAL_S;
    this.#pingTimer.set(now + interval, now);
  }

  #report() {
    const received = this.#receiver.stats.packetsReceived;
    if (received !== this.#reportedPackets) {
      this.#reportedPackets = received;
      this.#sendFeedback(seconds());
    }
  }

  #sendFeedback(now) {
    const playout = { isPlayoutBehind: this.#owner.isBehind(now), picture: this.#statistics.takeNewest() };
    this.#talk.say("feedback", this.#receiver.makeFeedback(now, playout));
  }

  // From the host: ConnectionObserver.

  /** Take a media packet; a malformed one is counted and skipped. `datagramsEnd` follows. */
  datagramReceived(datagram, now) {
    this.#heardAt = now;
    try {
      const part = this.#talk.partOf(datagram);
      if (part !== undefined) {
        part.datagramReceived(datagram, now);
      } else {
        this.#receiver.receiveDatagram(datagram, now);
      }
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) {
        throw error;
      }
    }
  }

  /** Act on all datagrams that came together. */
  datagramsEnd(now) {
    this.#receiver.rttS = this.#connection.rttS ?? this.#pingRttS();
    this.#drain();
    if (!this.#feedbackTimer.isSet) {
      this.#feedbackTimer.set(now + FEEDBACK_INTERVAL_S, now);
    }
  }

  #pingRttS() {
    const { rttUs } = this.#statistics.clock;
    return rttUs === null ? null : rttUs / 1e6;
  }

  /** Hand on what the receiver has, send what it asks for, and set its timer. */
  #drain() {
    const now = seconds();
    this.#playout.extraHoldS = this.#owner.pictureHoldS();
    for (const event of this.#receiver.events()) {
      if (event instanceof AccessUnitReceived) {
        this.#playout.add(event, now);
      } else if (event instanceof KeyframeNeeded) {
        this.requestKeyframe(event.epoch, event.afterFrameId);
      }
    }
    this.#play(now);
    for (const datagram of this.#receiver.datagramsToSend(now)) {
      this.#connection.sendDatagram(datagram);
    }
    this.#count();
    this.#receiverTimer.set(this.#receiver.nextTimer(), now);
  }

  /** Hand on the units whose time has come, and wake up for the next one. */
  #play(now) {
    for (const received of this.#playout.takeDue(now)) {
      this.#take(received, now);
    }
    this.#playoutTimer.set(this.#playout.nextDueAt, now);
  }

  #take(received, now) {
    const { unit } = received;
    const stream = this.#streams.find((each) => each.epoch === unit.epoch);
    if (stream === undefined) {
      this.requestKeyframe(unit.epoch, unit.frameId); // it overtook the message that describes it
      return;
    }
    const heldUs = Math.max(0, Math.round((now - received.completedAt) * 1e6));
    const releasedUs = microseconds();
    this.#owner.onUnit({ unit, stream, receivedUs: releasedUs - heldUs, releasedUs });
  }

  #receiverDue() {
    this.#receiver.handleTimer(seconds());
    this.#drain();
  }

  #count() {
    const { stats, window: { usedBytes, capBytes } } = this.#receiver;
    this.#statistics.takeNetwork(stats, { usedBytes, capBytes });
    this.#statistics.rttMs = this.#receiver.rttS === null ? null : this.#receiver.rttS * 1000;
  }

  /** Take messages; a wrong one ends the session. */
  streamReceived(channel, bytes, now) {
    this.#heardAt = now;
    try {
      for (const { kind, fields } of this.#talk.messages(channel, bytes)) {
        if (!this.#talk.messageReceived(kind, fields, now)) {
          this.#handle(kind, fields);
        }
      }
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) {
        throw error;
      }
      this.leave(error.code, error.message);
    }
  }

  #handle(kind, fields) {
    switch (kind) {
      case "hello":
        checkVersion(fields);
        this.#owner.onHello(fields);
        this.#talk.welcomed(fields);
        break;
      case "stream_config": {
        const { epoch, codec, width, height } = fields;
        const stream = { epoch, codec, width, height };
        this.#streams = [stream, ...this.#streams].slice(0, STREAMS);
        this.#owner.onStream(stream);
        break;
      }
      case "pong":
        this.#statistics.clock.onPong(fields.sentUs, fields.receivedUs, microseconds());
        break;
      case "source_state":
        this.#owner.onSourceState(fields.available, fields.reason);
        break;
      case "ping":
        this.#talk.say("pong", { ...fields, receivedUs: microseconds() });
        break;
      case "bye":
        // Nothing follows it, and what closes the connection may be lost.
        this.#bye = fields;
        this.#connection.close(ErrorCode.NO_ERROR, "");
        break;
      default: // what the other kinds say is for parts
    }
  }

  /** Let parts go on with what waited. */
  writable(now) {
    this.#talk.writable(now);
  }

  /** End; what the host said last is the better reason. */
  connectionLost(ending) {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    for (const timer of [this.#receiverTimer, this.#playoutTimer, this.#feedbackTimer, this.#pingTimer]) {
      timer.cancel();
    }
    this.#talk.ended();
    this.#statistics.finishNetwork();
    const bye = this.#bye;
    this.#resolveEnded(bye === null ? ending : { code: bye.code, reason: bye.reason, wasLocal: false });
  }
}

function seconds() {
  return performance.now() / 1000;
}

function microseconds() {
  return Math.round(performance.now() * 1000);
}
