/**
 * When packets arrived: the viewer's log of it, and the datagram that tells the host. WIRE.md section 4 is
 * the truth.
 *
 * One report speaks of a range of ids: 2 bytes each, 32 µs exact, so 20 Mbit/s of media cost 40 kbit/s of
 * reports.
 *
 * Bound: `NOTED_LIMIT_PACKETS` arrivals that wait; further ones are not reported.
 */

import { PROTOCOL_MAJOR, Stream, writeU16, writeU32 } from "./packet.js";
import { roundHalfToEven } from "./rounding.js";
import { unwrap } from "./sequence.js";

const HEADER_BYTES = 16;

/** Unit of the times after the base; 2^16 of them span 2.1 s. */
const TIME_STEP_US = 32;

/** Ids in one report; at 20 Mbit/s those of 120 ms. The datagram then has 528 bytes. */
export const MAX_REPORTED_PACKETS = 256;

/** Stands for a packet that has not come. */
const NOT_HERE = 0xffff;
const LATEST_STEP = NOT_HERE - 1;

/** The first arrival of a report waits so long: a frame and a half, 40 reports a second. */
export const REPORT_INTERVAL_S = 0.025;

/** So many are reported at once. */
export const EAGER_PACKETS = 128;

/** Most that wait to be reported: 470 ms at 20 Mbit/s, in which nobody asked for reports. */
export const NOTED_LIMIT_PACKETS = 1024;

/** Charged for each: its id, its time, and their place in the map. */
const NOTED_BYTES = 160;
const MAX_REPORTS_AT_ONCE = 8;

/**
 * An unwrapped id, its arrival, and those of the ids after it; null of one that has not come.
 *
 * @typedef {{first: number, times: (number | null)[]}} Range
 */

/** Remembers arrivals until they are reported. */
export class ArrivalLog {
  policy = "arrivals beyond the limit are not reported";
  capBytes = NOTED_LIMIT_PACKETS * NOTED_BYTES;
  /** Arrivals not reported because too many waited or their ids were too far apart. */
  drops = 0;

  #stream;
  /** The id after the newest reported one, unwrapped. */
  #nextId;
  /** Arrival by id as on the wire, not yet reported. @type {Map<number, number>} */
  #arrivals = new Map();
  /** @type {number | null} */
  #dueAt = null;
  #highWaterPackets = 0;

  /**
   * @param {number} [stream] Whose packets are noted.
   * @param {number} [firstPacketId] The id that is reported first, so that a loss at the very start is told.
   */
  constructor(stream = Stream.VIDEO, firstPacketId = 0) {
    this.#stream = stream;
    this.#nextId = firstPacketId;
  }

  /**
   * Remember one arrival, whatever came before it; of a packet that comes twice the first counts.
   *
   * @param {number} packetId As on the wire.
   * @param {number} arrivedAt Monotonic seconds.
   */
  note(packetId, arrivedAt) {
    const arrivals = this.#arrivals;
    if (arrivals.size === 0) {
      this.#dueAt = arrivedAt + REPORT_INTERVAL_S;
    }
    if (arrivals.size >= NOTED_LIMIT_PACKETS) {
      this.drops += 1;
    } else if (!arrivals.has(packetId)) {
      arrivals.set(packetId, arrivedAt);
    }
  }

  /** Monotonic seconds at which `takeReports` has something at the latest; null while nothing waits. */
  get dueAt() {
    return this.#dueAt;
  }

  /**
   * Return the datagrams that are due: none before the interval is over, unless many packets wait.
   *
   * Ids between the newest reported one and the newest noted one are reported as not here, unless there are
   * more of them than one report holds. What comes late is reported again, by itself.
   *
   * @param {number} now Monotonic seconds.
   * @returns {Uint8Array[]} Each in memory of its own; at most 8.
   */
  takeReports(now) {
    if (this.#dueAt === null || (now < this.#dueAt && this.#arrivals.size < EAGER_PACKETS)) {
      return [];
    }
    this.#highWaterPackets = Math.max(this.#highWaterPackets, this.#arrivals.size);
    const ranges = this.#ranges();
    this.#arrivals.clear();
    this.#dueAt = null;
    const last = ranges[ranges.length - 1];
    this.#nextId = Math.max(this.#nextId, last.first + last.times.length);
    const told = ranges.slice(-MAX_REPORTS_AT_ONCE);
    for (const { times } of ranges.slice(0, -MAX_REPORTS_AT_ONCE)) {
      this.drops += times.filter((each) => each !== null).length;
    }
    return told.map(({ first, times }) => this.#report(first, times));
  }

  /** What waits to be reported. */
  get usedBytes() {
    return this.#arrivals.size * NOTED_BYTES;
  }

  /** Most that has waited. */
  get highWaterBytes() {
    return Math.max(this.#highWaterPackets, this.#arrivals.size) * NOTED_BYTES;
  }

  /** Cut what was noted, in the order of ids, into what one report each can say. @returns {Range[]} */
  #ranges() {
    const nextId = this.#nextId;
    const noted = Array.from(this.#arrivals, ([packetId, at]) => ({ place: unwrap(packetId, nextId), at }));
    noted.sort((one, other) => one.place - other.place);
    const ranges = [];
    /** @type {Range | null} */
    let range = null;
    let toldTo = this.#nextId;
    for (const { place, at } of noted) {
      let begins;
      let first = place;
      if (place < this.#nextId) { // late: what is around it was told before
        begins = range === null || place !== range.first + range.times.length;
      } else {
        begins = range === null || range.first < this.#nextId;
        if (place - toldTo < MAX_REPORTED_PACKETS) {
          first = toldTo;
        }
        toldTo = place + 1;
      }
      if (begins || place - range.first >= MAX_REPORTED_PACKETS) {
        range = { first, times: [] };
        ranges.push(range);
      }
      while (range.times.length < place - range.first) {
        range.times.push(null);
      }
      range.times.push(at);
    }
    return ranges;
  }

  /** Return one report. An arrival 2.1 s before the newest in it is told as 2.1 s before. */
  #report(first, times) {
    let earliest = Infinity;
    let latest = -Infinity;
    for (const at of times) {
      if (at === null) {
        continue;
      }
      earliest = Math.min(earliest, at);
      latest = Math.max(latest, at);
    }
    const leastUs = microseconds(latest) - LATEST_STEP * TIME_STEP_US;
    const baseUs = Math.max(0, microseconds(earliest), leastUs);
    const report = new Uint8Array(HEADER_BYTES + 2 * times.length);
    report[0] = PROTOCOL_MAJOR;
    report[1] = Stream.ARRIVALS;
    report[2] = this.#stream;
    report[3] = times.length - 1;
    writeU32(report, 4, first);
    writeU32(report, 8, Math.floor(baseUs / 0x1_0000_0000));
    writeU32(report, 12, baseUs);
    for (let index = 0; index < times.length; index++) {
      const at = times[index];
      const step = at === null ? NOT_HERE : Math.max(0, microseconds(at) - baseUs) / TIME_STEP_US;
      writeU16(report, HEADER_BYTES + 2 * index, Math.floor(step));
    }
    return report;
  }
}

function microseconds(seconds) {
  return roundHalfToEven(seconds * 1e6);
}
