/**
 * The viewer's end of sound: datagrams in, Opus packets out, each once, repaired where parity allows it. The
 * twin of `wavry/rift/sound/receiver.py`.
 *
 * Packets come out as they become known; putting them in order is what `SoundPlayout` does, because only it
 * knows how long there is time to wait.
 */

import { RemoteProtocolError } from "../errors.js";
import { StreamingFecDecoder } from "../fec/decoder.js";
import { ParityPacket } from "../fec/packets.js";
import { LossTracker } from "../loss.js";
import { Stream } from "../packet.js";
import { unwrap } from "../sequence.js";
import { SoundReceiverConfig } from "./config.js";
import { MAX_OPUS_BYTES, SOUND_HEADER_BYTES, SoundPacket } from "./packet.js";

/** Ids further from the newest are of another place in the stream: 2 s at 5 ms a packet. */
export const FARTHEST_PACKETS = 400;

/**
 * Totals since the receiver was made.
 *
 * @typedef {object} SoundStats
 * @property {number} bytesReceived Of all datagrams of the two streams, malformed ones included.
 * @property {number} datagramsMalformed
 * @property {number} packetsReceived By themselves, each once.
 * @property {number} packetsLost Before any repair.
 * @property {number} packetsRepaired Of the lost ones, those that parity gave back.
 * @property {number} packetsDuplicate
 * @property {number} parityReceived
 */

/**
 * Parses, repairs and tells new packets from known ones.
 *
 * Ids are unwrapped where they enter, so that later ones are larger. One forged packet changes nothing that
 * lasts: an id far from the newest counts only when a second one close to it follows.
 */
export class SoundReceiver {
  #tracker;
  #newest;
  /** @type {?number} */
  #suspect = null;
  /** @type {SoundStats} */
  #stats = {
    bytesReceived: 0,
    datagramsMalformed: 0,
    packetsReceived: 0,
    packetsLost: 0,
    packetsRepaired: 0,
    packetsDuplicate: 0,
    parityReceived: 0,
  };

  /** @param {SoundReceiverConfig} [config] */
  constructor(config = new SoundReceiverConfig()) {
    this.config = config;
    /** The last packets, and parity over them; says itself how many bytes it holds at the most. */
    this.fec = new StreamingFecDecoder(config.fecWindowPackets, SOUND_HEADER_BYTES + MAX_OPUS_BYTES);
    this.#tracker = new LossTracker(config.firstPacketId);
    this.#newest = config.firstPacketId - 1;
  }

  /**
   * Take one datagram of stream 4 or 5.
   *
   * @param {Uint8Array} data Borrowed until it returns.
   * @returns {SoundPacket[]} The packets that became known, in no order, their ids unwrapped.
   * @throws {RemoteProtocolError} It is neither. It is counted, nothing else changed.
   */
  receiveDatagram(data) {
    this.#stats.bytesReceived += data.length;
    const isParity = data[1] === Stream.SOUND_PARITY;
    let parsed;
    try {
      parsed = isParity ? ParityPacket.parse(data, Stream.SOUND_PARITY) : SoundPacket.fromBytes(data);
    } catch (error) {
      this.#stats.datagramsMalformed += 1;
      throw error;
    }
    return isParity ? this.#takeParity(parsed) : this.#take(parsed, data);
  }

  /** @returns {SoundStats} The totals as they stand; the same object each time. */
  get stats() {
    const stats = this.#stats;
    const tracker = this.#tracker;
    stats.packetsReceived = tracker.received;
    stats.packetsLost = tracker.lost;
    stats.packetsRepaired = tracker.repaired;
    stats.packetsDuplicate = tracker.duplicate;
    return stats;
  }

  #take(packet, data) {
    const place = unwrap(packet.packetId, this.#newest);
    if (Math.abs(place - this.#newest) > FARTHEST_PACKETS) {
      if (!this.#confirmsSuspect(place)) {
        return [];
      }
      this.#tracker.restart();
      this.#newest = place;
    }
    const tracker = this.#tracker;
    const hereBefore = tracker.received + tracker.repaired;
    tracker.record(place);
    const isNew = tracker.received + tracker.repaired > hereBefore;
    this.#newest = Math.max(this.#newest, place);
    packet.packetId = place;
    const packets = isNew ? [packet] : [];
    for (const source of this.fec.addSourcePacket(place >>> 0, data)) {
      if (source.packetId !== place >>> 0) {
        this.#addRebuilt(source, packets);
      }
    }
    return packets;
  }

  #takeParity(parity) {
    const last = unwrap(parity.lastPacketId, this.#newest);
    if (Math.abs(last - this.#newest) > FARTHEST_PACKETS) {
      return []; // parity never leads to another place
    }
    let rebuilt;
    try {
      rebuilt = this.fec.addParityPacket(parity);
    } catch (error) {
      this.#stats.datagramsMalformed += 1;
      throw error;
    }
    this.#stats.parityReceived += 1;
    this.#tracker.noteSent(last);
    const packets = [];
    for (const source of rebuilt) {
      this.#addRebuilt(source, packets);
    }
    return packets;
  }

  /** Add the packet that was computed, unless it is none or has come meanwhile. */
  #addRebuilt(source, packets) {
    let packet;
    try {
      packet = SoundPacket.fromBytes(source.payload);
    } catch (error) {
      if (error instanceof RemoteProtocolError) {
        return;
      }
      throw error;
    }
    const place = unwrap(source.packetId, this.#newest);
    if (packet.packetId !== source.packetId || Math.abs(place - this.#newest) > FARTHEST_PACKETS) {
      return;
    }
    const tracker = this.#tracker;
    const repairedBefore = tracker.repaired;
    tracker.recordRepaired(place);
    this.#newest = Math.max(this.#newest, place);
    packet.packetId = place;
    if (tracker.repaired > repairedBefore) {
      packets.push(packet);
    }
  }

  /** Whether another id close to this one was seen far from the newest; else this one is remembered. */
  #confirmsSuspect(place) {
    const suspect = this.#suspect;
    this.#suspect = place;
    if (suspect === null || place === suspect || Math.abs(place - suspect) > FARTHEST_PACKETS) {
      return false;
    }
    this.#suspect = null;
    return true;
  }
}
