/**
 * How many packets should have come, how many did, and how unevenly frames arrive (RFC 3550, 6.4.1 and A.8).
 */

import { unwrap } from "./sequence.js";

/** How far back a late packet is told from a duplicate; the default reorder window. A byte each. */
const HISTORY_PACKETS = 2048;
const PLACE_MASK = HISTORY_PACKETS - 1;

/** What is known of an id of the history. */
const CAME = 0;
const MISSING = 1;
/** It has not come by itself, but is here. */
const REPAIRED = 2;

/** Counts one packet id space. */
export class LossTracker {
  /** Packets that came by themselves, each counted once. */
  received = 0;
  /** Packets that did not, and are here all the same: rebuilt from parity, or sent again. */
  repaired = 0;
  /** Packets that came again, or later than the history reaches back. */
  duplicate = 0;

  /** @type {number | null} */
  #first;
  #highest;
  #expectedBefore = 0;
  #states = new Uint8Array(HISTORY_PACKETS);

  /**
   * @param {number | null} [firstPacketId] The first id that will be sent; null counts from the first packet
   * seen.
   */
  constructor(firstPacketId = null) {
    this.#first = firstPacketId;
    this.#highest = (firstPacketId ?? 0) - 1;
  }

  /**
   * Count a packet that arrived by itself, in whatever order.
   *
   * @param {number} packetId A u32.
   * @returns {number} How many packets right before it are now known to be missing.
   */
  record(packetId) {
    if (this.#first === null) {
      this.#beginAt(packetId);
    }
    const following = this.#highest + 1;
    if ((following ^ packetId) === 0) {
      this.#highest = following;
      this.#states[following & PLACE_MASK] = CAME;
      this.received += 1;
      return 0;
    }
    const place = unwrap(packetId, this.#highest);
    const ahead = place - this.#highest;
    if (ahead > 0) {
      this.#moveOn(ahead);
    }
    const state = this.#stateOf(place);
    if (state === CAME) {
      this.duplicate += 1;
    } else {
      this.#states[place & PLACE_MASK] = CAME;
      this.received += 1;
      if (state === REPAIRED) {
        this.repaired -= 1;
      }
    }
    return Math.max(ahead - 1, 0);
  }

  /**
   * Count a packet that is here although it has not come by itself.
   *
   * @param {number} packetId A u32.
   * @returns {number} What `record` returns.
   */
  recordRepaired(packetId) {
    if (this.#first === null) {
      this.#beginAt(packetId);
    }
    const place = unwrap(packetId, this.#highest);
    const ahead = place - this.#highest;
    if (ahead > 0) {
      this.#moveOn(ahead);
    }
    if (this.#stateOf(place) === MISSING) {
      this.#states[place & PLACE_MASK] = REPAIRED;
      this.repaired += 1;
    } else {
      this.duplicate += 1;
    }
    return Math.max(ahead - 1, 0);
  }

  /**
   * Take note that a packet was sent that has not come, as parity over it tells.
   *
   * @param {number} packetId A u32.
   * @returns {number} How many packets up to it are now known to be missing.
   */
  noteSent(packetId) {
    if (this.#first === null) {
      return 0;
    }
    const ahead = unwrap(packetId, this.#highest) - this.#highest;
    if (ahead <= 0) {
      return 0;
    }
    this.#moveOn(ahead);
    return ahead;
  }

  /** Begin again at the next packet: the peer went on at an unrelated id, and the jump is no loss. */
  restart() {
    this.#expectedBefore = this.expected;
    this.#first = null;
    this.#states.fill(CAME);
  }

  /** The newest id seen, as on the wire; 0 before the first packet. */
  get highestPacketId() {
    return this.received > 0 ? this.#highest >>> 0 : 0;
  }

  /** How many packets the peer has sent, as far as ids tell. */
  get expected() {
    return this.#expectedBefore + (this.#first === null ? 0 : this.#highest - this.#first + 1);
  }

  /** Packets expected that have not come by themselves (yet); one that comes late is taken off again. */
  get lost() {
    return Math.max(this.expected - this.received, 0);
  }

  #beginAt(packetId) {
    this.#first = packetId;
    this.#highest = packetId - 1;
  }

  /** Move the highest id on by `ahead`; all ids it passes, and the new one, count as missing. */
  #moveOn(ahead) {
    this.#highest += ahead;
    const first = this.#highest - Math.min(ahead, HISTORY_PACKETS) + 1;
    for (let place = first; place <= this.#highest; place++) {
      this.#states[place & PLACE_MASK] = MISSING;
    }
  }

  /** Return what is known of an id, which is not above the highest; before the history, that it came. */
  #stateOf(place) {
    const isKnown = place >= this.#first && place > this.#highest - HISTORY_PACKETS;
    return isKnown ? this.#states[place & PLACE_MASK] : CAME;
  }
}

/**
 * Mean deviation of the spacing of arrivals from the spacing of captures, smoothed over 16 frames.
 *
 * By frame, not by packet: packets of one frame share a capture time and are spread by the pacer on purpose.
 */
export class JitterMeter {
  /** Microseconds; 0 until two frames have come. */
  jitterUs = 0;
  #isStarted = false;
  #captureUs = 0;
  #firstArrivalAt = 0;

  /**
   * Count a frame.
   *
   * @param {number} captureUs On the host's clock, microseconds.
   * @param {number} firstArrivalAt Of its first packet, on ours, seconds.
   */
  record(captureUs, firstArrivalAt) {
    if (this.#isStarted) {
      const spacingUs = (firstArrivalAt - this.#firstArrivalAt) * 1e6;
      const deviationUs = Math.abs(spacingUs - (captureUs - this.#captureUs));
      this.jitterUs += (deviationUs - this.jitterUs) / 16;
    }
    this.#isStarted = true;
    this.#captureUs = captureUs;
    this.#firstArrivalAt = firstArrivalAt;
  }
}
