/**
 * The viewer's end of one media stream: datagrams in, access units out. The twin of `wavry/rift/receiver.py`.
 *
 * One window, three readers: packets that come in order pass the window by, the others wait in it; the loss
 * tracker counts what the window has judged, the FEC decoder rebuilds what parity covers, and what leaves the
 * window in order becomes frames. A hole is waited for while something may still fill it: a packet that was
 * overtaken, parity of this and the next frames, or the host, which is asked to send the packet again while
 * the answer can come in time. Then it is skipped, the frame in it is lost, a keyframe is asked for, and
 * nothing that refers to the lost frame is delivered.
 *
 * Measured on 36-packet units: 0.6 µs per packet in order, as much when each fourth pair is swapped (node 20,
 * scripts/bench/browser_receive.mjs).
 *
 * Bounds are those of its parts; `holders` lists them. Events wait without a bound of their own for their
 * owner, who drains them after each call.
 */

import { ArrivalLog } from "./arrivals.js";
import { makeReceiverConfig } from "./config.js";
import { FrameDelivery } from "./delivery.js";
import { RemoteProtocolError } from "./errors.js";
import { StreamingFecDecoder } from "./fec/decoder.js";
import { ParityPacket } from "./fec/packets.js";
import { LossTracker } from "./loss.js";
import { MissingPackets } from "./missing.js";
import { serializeNacks } from "./nack.js";
import { KEYFRAME_BIT, Packet, RETRANSMITTED_BIT, Stream, unmarkRetransmitted } from "./packet.js";
import { InsertResult, ReorderBuffer } from "./reorder.js";
import { roundHalfToEven } from "./rounding.js";
import { serialDistance } from "./sequence.js";
import { NO_PICTURE, ReceiverStats } from "./stats.js";

const U32_MAX = 0xffff_ffff;

/**
 * Parity stands behind the last packet of its frame, a few milliseconds after the loss; asking before it came
 * is a packet sent for nothing.
 */
const PARITY_GRACE_S = 0.004;

/** The first answer may be lost as well; after the second a keyframe is as quick as a third. */
const ROUNDS = 2.5;

/** For what waits in front of the answers. */
const ROUND_MARGIN_S = 0.03;

/**
 * Puts packets in order, repairs, joins them, and delivers what can be decoded.
 *
 * After each call, drain `events` and `datagramsToSend`, then set a timer by `nextTimer`.
 */
export class Receiver {
  /**
   * Round trip to the host in seconds, for its owner to keep up to date. While it is null nothing is asked
   * for.
   *
   * @type {number | null}
   */
  rttS = null;

  #missing = new MissingPackets();
  #stats = new ReceiverStats();
  #tracker;
  #arrivals;
  /** Where a keyframe begins that was whole in the window behind a hole. @type {number | null} */
  #wholeKeyframeId = null;
  #gapDeadlineS;
  #parityDeadlineS;
  #repairLimitS;
  /** The packet that has just come, and the one that is just read from the window. */
  #incoming = new Packet();
  #leaving = new Packet();

  /** @param {Partial<import("./config.js").ReceiverConfig>} [settings] Those that are not the usual ones. */
  constructor(settings = {}) {
    const config = makeReceiverConfig(settings);
    this.config = config;
    /** Packets that wait for earlier ones. */
    this.window = new ReorderBuffer(config.windowPackets, config.windowBytes, config.firstPacketId);
    /** What was received a short while ago, and parity over it. */
    this.fec = new StreamingFecDecoder(config.fecWindowPackets, config.fecSymbolBytes);
    this.delivery = new FrameDelivery(config);
    this.#tracker = new LossTracker(config.firstPacketId);
    this.#arrivals = new ArrivalLog(config.stream, config.firstPacketId ?? 0);
    this.#gapDeadlineS = config.gapDeadlineMs / 1000;
    this.#parityDeadlineS = config.parityDeadlineMs / 1000;
    this.#repairLimitS = config.repairLimitMs / 1000;
  }

  /**
   * Take one datagram.
   *
   * @param {Uint8Array} data Kept by reference while it waits for earlier ones,
   *   so it is not to be written to afterwards. If it is a view on a larger buffer it is copied, so that no
   *   buffer is kept for it.
   * @param {number} now Monotonic seconds at which it arrived.
   * @throws {RemoteProtocolError} It is no RIFT packet. It is counted, nothing else changed; go on with the
   *   next.
   */
  receiveDatagram(data, now) {
    const stats = this.#stats;
    stats.datagramsReceived += 1;
    stats.bytesReceived += data.length;
    const packet = this.#incoming;
    try {
      if (data[1] === Stream.PARITY) {
        this.#takeParity(ParityPacket.parse(data), now);
        return;
      }
      packet.read(data);
    } catch (error) {
      if (error instanceof RemoteProtocolError) {
        stats.datagramsMalformed += 1;
      }
      throw error;
    }
    if (packet.stream !== this.config.stream) {
      stats.datagramsSkipped += 1;
      return;
    }
    if (packet.flags & RETRANSMITTED_BIT) {
      stats.packetsRetransmitted += 1;
      this.#takeRepaired(Packet.parse(unmarkRetransmitted(data)), now);
      return;
    }
    if (data.length !== data.buffer.byteLength) {
      packet.datagram = data.slice();
    }
    if (this.window.passThrough(packet.packetId)) {
      this.#takeNext(packet, now);
    } else {
      this.#takeOutOfOrder(packet, now);
    }
  }

  /**
   * Return what is to be said to the host beside the control stream.
   *
   * When packets came, 25 ms after the first of them at the latest, and which it should send again.
   *
   * @param {number} now Monotonic seconds.
   * @returns {Uint8Array[]} Each in memory of its own.
   */
  datagramsToSend(now) {
    const said = this.#arrivals.takeReports(now);
    if (this.#missing.size === 0 || !this.#mayAsk) {
      return said;
    }
    const due = this.#missing.takeDue(now, this.rttS, this.#retransmissionDeadlineS);
    this.#stats.packetsRequested += due.length;
    return [...serializeNacks(due), ...said];
  }

  /**
   * Do what is due: skip holes, give up a unit whose end never came, ask again for a keyframe.
   *
   * Calling it early, late or for nothing does no harm.
   *
   * @param {number} now Monotonic seconds.
   */
  handleTimer(now) {
    this.#skipOverdueGaps(now);
    this.delivery.handleTimer(now);
  }

  /**
   * Return when `handleTimer` is due, or `datagramsToSend` has something. Ask again after each call.
   *
   * @returns {number | null} Monotonic seconds; null for never.
   */
  nextTimer() {
    let due = Math.min(this.delivery.nextTimer(), this.#gapEndsAt(), this.#arrivals.dueAt ?? Infinity);
    if (this.#mayAsk) {
      due = Math.min(due, this.#missing.nextDueAt ?? Infinity);
    }
    return due === Infinity ? null : due;
  }

  /**
   * Return what happened since the last call, in order: `AccessUnitReceived`, `FrameLost`, `KeyframeNeeded`.
   *
   * @returns {object[]}
   */
  events() {
    return this.delivery.events();
  }

  /**
   * Return the fields of the `feedback` message as of `now`; regular sending is up to the caller.
   *
   * @param {number} now Monotonic seconds.
   * @param {object} [playout]
   * @param {boolean} [playout.isPlayoutBehind] Whether whoever gets the units is too slow for them.
   * @param {import("./stats.js").PictureTimes} [playout.picture] Of the newest that was decoded since the
   *   last report, in no other.
   * @returns {object} Those of WIRE.md section 7, in camelCase.
   */
  makeFeedback(now, { isPlayoutBehind = false, picture = NO_PICTURE } = {}) {
    this.#skipOverdueGaps(now);
    const stats = this.stats;
    return {
      epoch: this.delivery.epoch,
      highestPacketId: this.#tracker.highestPacketId,
      packetsReceived: stats.packetsReceived,
      packetsLost: stats.packetsLost,
      packetsRepaired: stats.packetsRepaired,
      packetsDuplicate: stats.packetsDuplicate,
      framesReceived: stats.framesReceived,
      framesLost: stats.framesLost,
      bytesReceived: stats.bytesReceived,
      jitterUs: stats.jitterUs,
      isPlayoutBehind,
      reorderPermille: roundHalfToEven(this.window.fullness * 1000),
      fecPendingGroups: this.fec.pendingGroups,
      networkUs: picture.networkUs,
      playoutUs: picture.playoutUs,
      decodeUs: picture.decodeUs,
      captureToDecodedUs: picture.captureToDecodedUs,
    };
  }

  /** The totals as they stand; the same object each time. */
  get stats() {
    const stats = this.#stats;
    stats.packetsReceived = this.#tracker.received;
    stats.packetsLost = this.#tracker.lost;
    stats.packetsRepaired = this.#tracker.repaired;
    stats.packetsDuplicate = this.#tracker.duplicate;
    stats.framesReceived = this.delivery.received;
    stats.framesRecovered = this.delivery.recovered;
    stats.framesLost = this.delivery.lost;
    stats.framesUndecodable = this.delivery.undecodable;
    stats.jitterUs = Math.min(Math.floor(this.delivery.jitterUs), U32_MAX);
    return stats;
  }

  /** Whether nothing but a keyframe would be delivered. True before the first. */
  get awaitsKeyframe() {
    return this.delivery.awaitsKeyframe;
  }

  /**
   * Return everything of this receiver that holds bytes, by its name in the host's budget: each has
   * `capBytes`, `usedBytes`, `highWaterBytes`, `drops` and `policy`.
   *
   * @returns {Record<string, object>}
   */
  holders() {
    return {
      "rift.reorder": this.window,
      "rift.fec": this.fec,
      "rift.missing": this.#missing,
      "rift.arrivals": this.#arrivals,
      "rift.assembler": this.delivery.assembler,
    };
  }

  // Packets, the next one and others.

  #takeNext(packet, now) {
    const { packetId, datagram } = packet;
    this.delivery.lastArrivalAt = now;
    this.#tracker.record(packetId);
    this.#arrivals.note(packetId, now);
    const rebuilt = this.fec.passThrough(packetId, datagram) ? null : this.#protect(packetId, datagram);
    this.delivery.take(packet, now, now);
    if (rebuilt !== null) {
      this.#takeRebuilt(rebuilt, now);
    }
  }

  /** Take a packet that came by itself. */
  #takeOutOfOrder(packet, now) {
    const { packetId } = packet;
    const result = this.window.insert(packetId, packet.datagram, now);
    if (result === InsertResult.SUSPECT) {
      return;
    }
    if (result === InsertResult.RESTARTED) {
      this.#tracker.restart();
      this.#missing.clear();
    }
    this.#arrivals.note(packetId, now);
    this.#noteMissing(packetId, this.#tracker.record(packetId), now);
    this.#missing.arrived(packetId, now, true);
    this.#afterInsert(packet, result, now);
  }

  /** Take a packet that was sent again, or rebuilt from parity. */
  #takeRepaired(packet, now) {
    const { packetId } = packet;
    const result = this.window.insert(packetId, packet.datagram, now);
    if (result === InsertResult.SUSPECT) {
      return;
    }
    this.#noteMissing(packetId, this.#tracker.recordRepaired(packetId), now);
    this.#missing.arrived(packetId, now, false);
    if (result === InsertResult.STORED) {
      this.delivery.noteRepaired(packet);
    }
    this.#afterInsert(packet, result, now);
  }

  /** See what a packet in the window made possible. */
  #afterInsert(packet, result, now) {
    const { packetId, datagram } = packet;
    if (result === InsertResult.STORED || result === InsertResult.RESTARTED) {
      this.delivery.lastArrivalAt = now;
      if (packet.flags & KEYFRAME_BIT) {
        this.#seeKeyframe(packet);
      }
    }
    this.#takeRebuilt(this.#protect(packetId, datagram), now);
    this.#readWindow(now);
    this.#skipOverdueGaps(now);
  }

  /** Take parity: it may rebuild packets, and it tells that the packets it covers were sent before it. */
  #takeParity(parity, now) {
    this.#stats.parityReceived += 1;
    const lastId = parity.lastPacketId;
    if (Math.abs(serialDistance(lastId, this.#tracker.highestPacketId)) > this.config.windowPackets) {
      return; // the window follows packets, not parity, to a new place
    }
    this.#noteMissing(lastId + 1, this.#tracker.noteSent(lastId), now);
    this.#takeRebuilt(this.fec.addParityPacket(parity), now);
  }

  /** Give a packet to the FEC decoder; return the others that it made known. */
  #protect(packetId, datagram) {
    if (datagram.length > this.config.fecSymbolBytes) {
      return [];
    }
    const known = this.fec.addSourcePacket(packetId, datagram);
    known.shift();
    return known;
  }

  #takeRebuilt(rebuilt, now) {
    for (const { packetId, payload } of rebuilt) {
      const packet = parseRebuilt(payload);
      if (packet !== null && packet.stream === this.config.stream && packet.packetId === packetId) {
        this.#takeRepaired(packet, now);
      }
    }
  }

  #noteMissing(beforeId, count, now) {
    if (count === 0) {
      return;
    }
    this.#missing.note(beforeId, count, now, this.#stats.parityReceived > 0 ? PARITY_GRACE_S : 0);
  }

  /** Look for a keyframe with which to go on, whatever is missing before it. */
  #seeKeyframe(packet) {
    const firstId = (packet.packetId - packet.fragmentIndex) >>> 0;
    if (this.delivery.isBroken) {
      this.#goTo(firstId);
    } else if (this.window.holds(firstId, packet.fragmentCount)) {
      this.#wholeKeyframeId = firstId;
    }
  }

  // The window.

  /** Give up everything before a packet with which a keyframe begins: nothing of it can be shown any more. */
  #goTo(packetId) {
    this.window.skipTo(packetId);
    this.#missing.forgetBefore(packetId);
  }

  #readWindow(now) {
    for (let data = this.window.pop(); data !== null; data = this.window.pop()) {
      this.delivery.take(this.#leaving.read(data), this.window.poppedArrivedAt, now);
    }
  }

  #skipOverdueGaps(now) {
    while (now >= this.#gapEndsAt()) {
      this.#goTo(this.window.nextPresent);
      this.#readWindow(now);
    }
  }

  /**
   * Return when the present hole in the window is not worth waiting for any more; Infinity without one.
   *
   * That is soon when a whole keyframe waits behind it: then the host has given up what is missing, or this
   * would come later than the keyframe can be shown.
   */
  #gapEndsAt() {
    const gapSince = this.window.gapSince;
    if (gapSince === null) {
      return Infinity;
    }
    const firstMissing = this.window.firstMissing;
    if (this.#wholeKeyframeId !== null) {
      if (this.window.holds(this.#wholeKeyframeId, 1)) {
        return gapSince + this.#gapDeadlineS;
      }
      this.#wholeKeyframeId = null; // the window has moved on
    }
    let waitS = this.#gapDeadlineS;
    if (this.#missing.has(firstMissing) && this.#mayAsk) {
      waitS = Math.max(waitS, this.#retransmissionDeadlineS);
    }
    if (this.#stats.parityReceived > 0 && this.fec.canStillRepair(firstMissing)) {
      waitS = Math.max(waitS, this.#parityDeadlineS);
    }
    return gapSince + waitS;
  }

  /** Whether an answer of the host can come before the limit. */
  get #mayAsk() {
    return this.rttS !== null && this.rttS + ROUND_MARGIN_S <= this.#repairLimitS;
  }

  /**
   * How long after a loss a packet that is sent again is of use: two round trips where the limit allows them.
   */
  get #retransmissionDeadlineS() {
    return Math.min(ROUNDS * this.rttS + ROUND_MARGIN_S, this.#repairLimitS);
  }
}

/** Return a packet that was computed; null if it is none, since parity or packets were forged. */
function parseRebuilt(payload) {
  try {
    return Packet.parse(payload);
  } catch (error) {
    if (error instanceof RemoteProtocolError) {
      return null;
    }
    throw error;
  }
}
