/**
 * From packets in order to access units that can be decoded, with an account of those that can't.
 *
 * The assembler joins packets, the chain of references says what may be shown. What is lost becomes an event
 * and breaks the chain; from then on a keyframe is asked for, again and again while it does not come.
 */

import { FrameAssembler } from "./assembler.js";
import { ReferenceChain } from "./chain.js";
import { AccessUnitReceived, FrameLost, KeyframeNeeded, LossReason } from "./events.js";
import { JitterMeter } from "./loss.js";
import { serialDistance } from "./sequence.js";

/** Frames with repaired packets that are waiting to be whole; more than ever lie in a window. */
const MAX_REPAIRED_FRAMES = 256;

/** Delivers frames in order. One owner, which drains `events` after each call. */
export class FrameDelivery {
  /** The unit in the making. */
  assembler = new FrameAssembler();
  /** Frames delivered. */
  received = 0;
  /** Of those, the ones in which a packet was repaired. */
  recovered = 0;
  /** Never whole, or never seen. */
  lost = 0;
  /** Whole, but not delivered because what they refer to was lost. */
  undecodable = 0;
  /** When the newest packet came, monotonic seconds; set by the owner. */
  lastArrivalAt = 0;

  #jitter = new JitterMeter();
  #chain = new ReferenceChain();
  /** @type {Set<number>} */
  #repairedFrames = new Set();
  #events = [];
  #unitDeadlineS;
  #requestIntervalS;
  /** When the keyframe that is still missing was last asked for. @type {number | null} */
  #requestedAt = null;

  /** @param {import("./config.js").ReceiverConfig} config */
  constructor(config) {
    this.#unitDeadlineS = config.unitDeadlineMs / 1000;
    this.#requestIntervalS = config.keyframeRequestIntervalMs / 1000;
  }

  /**
   * Take the next packet in order, holes left out.
   *
   * @param {import("./packet.js").Packet} packet Its payload is copied.
   * @param {number} arrivedAt Monotonic seconds; later packets may have arrived earlier.
   * @param {number} now Monotonic seconds.
   */
  take(packet, arrivedAt, now) {
    const assembled = this.assembler.add(packet, arrivedAt);
    if (this.assembler.losses.length > 0) {
      this.#reportLosses(now);
    }
    if (assembled !== null) {
      this.#deliver(assembled, now);
    }
  }

  /**
   * Take note that a packet of this frame was repaired.
   *
   * @param {import("./packet.js").Packet} packet
   */
  noteRepaired(packet) {
    if (this.#repairedFrames.size < MAX_REPAIRED_FRAMES) {
      this.#repairedFrames.add(packet.frameId);
    }
  }

  /**
   * Give up a unit whose end never came, ask again for a keyframe.
   *
   * @param {number} now Monotonic seconds.
   */
  handleTimer(now) {
    if (this.assembler.isBusy && now >= this.lastArrivalAt + this.#unitDeadlineS) {
      this.assembler.giveUp(LossReason.INCOMPLETE);
      this.#reportLosses(now);
    }
    if (this.#requestedAt !== null) {
      this.#requestKeyframe(now);
    }
  }

  /**
   * Return when `handleTimer` is due.
   *
   * @returns {number} Monotonic seconds, Infinity for never.
   */
  nextTimer() {
    let due = Infinity;
    if (this.assembler.isBusy) {
      due = this.lastArrivalAt + this.#unitDeadlineS;
    }
    if (this.#requestedAt !== null && !this.assembler.isKeyframeBegun) {
      due = Math.min(due, this.#requestedAt + this.#requestIntervalS);
    }
    return due;
  }

  /**
   * Return what happened since the last call, in order.
   *
   * @returns {(AccessUnitReceived | FrameLost | KeyframeNeeded)[]}
   */
  events() {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Whether nothing but a keyframe would be delivered. True before the first. */
  get awaitsKeyframe() {
    return !this.#chain.isIntact;
  }

  /** Whether nothing but a keyframe would be delivered because something was lost. */
  get isBroken() {
    return !this.#chain.isIntact && this.#chain.epoch !== null;
  }

  /** Of the newest frame known of; 0 before the first. */
  get epoch() {
    return this.#chain.epoch ?? 0;
  }

  /** RFC 3550's interarrival jitter, by frame, microseconds. */
  get jitterUs() {
    return this.#jitter.jitterUs;
  }

  /** Hand a whole unit on, if it can be decoded. */
  #deliver({ unit, firstArrivalAt }, now) {
    this.#jitter.record(unit.captureUs, firstArrivalAt);
    this.#reportMissing(unit.epoch, unit.frameId);
    const isRepaired = this.#repairedFrames.size > 0 && this.#forgetRepaired(unit.frameId);
    if (this.#chain.admit(unit)) {
      this.#requestedAt = null;
      this.received += 1;
      if (isRepaired) {
        this.recovered += 1;
      }
      this.#events.push(new AccessUnitReceived(unit, firstArrivalAt, now));
    } else {
      this.undecodable += 1;
      this.#requestKeyframe(now);
    }
  }

  /** Take a frame and all before it out of the repaired ones; say whether it was among them. */
  #forgetRepaired(frameId) {
    const wasRepaired = this.#repairedFrames.has(frameId);
    for (const each of this.#repairedFrames) {
      const ahead = serialDistance(each, frameId);
      if (ahead <= 0 || ahead === 0x7fff_ffff) {
        this.#repairedFrames.delete(each);
      }
    }
    return wasRepaired;
  }

  /** Turn what the assembler gave up into events and break the chain there. */
  #reportLosses(now) {
    for (const { epoch, frameId, reason } of this.assembler.losses) {
      this.#reportMissing(epoch, frameId);
      this.#chain.lose(epoch, frameId);
      this.#report(new FrameLost(frameId, reason));
    }
    this.assembler.losses.length = 0;
    this.#requestKeyframe(now);
  }

  /** Report the frames between the newest known one and this, of which no packet was seen. */
  #reportMissing(epoch, frameId) {
    const missing = this.#chain.missingBefore(epoch, frameId);
    if (missing > 0) {
      this.#report(new FrameLost((this.#chain.newestFrameId + 1) >>> 0, LossReason.MISSING, missing));
    }
  }

  #report(lost) {
    this.lost += lost.count;
    this.#events.push(lost);
  }

  /** Ask for a keyframe unless one was asked for a short while ago, or one is just coming in. */
  #requestKeyframe(now) {
    const { epoch, newestFrameId } = this.#chain;
    if (epoch === null || this.assembler.isKeyframeBegun) {
      return;
    }
    if (this.#requestedAt === null || now >= this.#requestedAt + this.#requestIntervalS) {
      this.#requestedAt = now;
      this.#events.push(new KeyframeNeeded(epoch, newestFrameId));
    }
  }
}
