/**
 * Counts and latencies of the page's life, and how the last seconds were: what the overlay shows. The twin of
 * `wavry/client/statistics.py` and `wavry/client/recent.py`.
 *
 * Bounds: seven histograms and seven copies of each, 160 kB.
 */

import { ClockSync } from "./clock_sync.js";
import { Histogram, percentilesBetween } from "./histogram.js";

/** How often one may look. */
export const LOOK_INTERVAL_S = 0.5;

/** Copies that are kept: figures are of the last 3 s. */
const LOOKS = 7;

const STAGES = ["capture", "encode", "network", "playout", "decode", "show", "captureToShown"];

/** What is added up over all connections. */
const SUMMED = [
  "packetsReceived",
  "packetsLost",
  "packetsRepaired",
  "packetsRequested",
  "bytesReceived",
  "framesReceived",
  "framesRecovered",
  "framesLost",
  "framesUndecodable",
];

/** And what is counted here. */
const OWN = [
  "picturesDecoded",
  "picturesShown",
  "picturesDropped",
  "decodesFailed",
  "keyframeRequests",
  "sessions",
];

/** Of a worker. */
export class Statistics {
  #ended = nothing();
  #present = nothing();
  #histograms = Object.fromEntries(STAGES.map((name) => [name, new Histogram()]));
  #looks = [];
  /** For the host; of a picture that it was not told of. */
  #newest;

  constructor() {
    this.clock = new ClockSync();
    /** @type {import("./session.js").StreamFormat | null} */
    this.stream = null;
    /** Connections that were let in. */
    this.sessions = 0;
    this.keyframeRequests = 0;
    this.picturesDecoded = 0;
    this.picturesShown = 0;
    this.picturesDropped = 0;
    this.decodesFailed = 0;
    this.rttMs = null;
    /**
     * @type {import("../sound/part.js").SoundPart | null} Has the figures of sound, and hears when pictures
     * are shown.
     */
    this.sound = null;
    this.reorder = null;
  }

  /**
   * Note how the present connection stands.
   *
   * @param {object} stats Of its receiver.
   * @param {{usedBytes: number, capBytes: number}} reorder Its window.
   */
  takeNetwork(stats, reorder) {
    for (const name of SUMMED) {
      this.#present[name] = stats[name];
    }
    this.reorder = reorder;
  }

  /** Add the present connection to those that have ended. */
  finishNetwork() {
    for (const name of SUMMED) {
      this.#ended[name] += this.#present[name];
    }
    this.#present = nothing();
  }

  /**
   * Count a decoded picture.
   *
   * @param {import("./session.js").ReceivedUnit} received
   * @param {number} decodedUs On our clock.
   */
  onDecoded({ unit, receivedUs, releasedUs }, decodedUs) {
    this.picturesDecoded += 1;
    this.#add("capture", unit.timings.capturedUs);
    this.#add("encode", unit.timings.encodedUs - unit.timings.capturedUs);
    this.#add("playout", releasedUs - receivedUs);
    this.#add("decode", decodedUs - releasedUs);
    if (this.clock.offsetUs !== null) {
      const capturedUs = unit.captureUs - this.clock.offsetUs; // on our clock
      const networkUs = receivedUs - capturedUs - unit.timings.encodedUs;
      this.#add("network", networkUs);
      this.#newest = {
        networkUs: u32(networkUs),
        playoutUs: u32(releasedUs - receivedUs),
        decodeUs: u32(decodedUs - releasedUs),
        captureToDecodedUs: u32(decodedUs - capturedUs),
      };
    }
  }

  /**
   * Return where the time of the newest picture went, once for each picture.
   *
   * @returns {import("../rift/receiver.js").PictureTimes | undefined}
   */
  takeNewest() {
    const newest = this.#newest;
    this.#newest = undefined;
    return newest;
  }

  /**
   * Count a picture that is on the canvas.
   *
   * @param {import("./session.js").ReceivedUnit} received
   * @param {number} decodedUs On our clock.
   * @param {number} shownUs When it was drawn.
   */
  onShown({ unit }, decodedUs, shownUs) {
    this.picturesShown += 1;
    this.sound?.notePicture(unit.captureUs, shownUs);
    this.#add("show", shownUs - decodedUs);
    if (this.clock.offsetUs !== null) {
      this.#add("captureToShown", shownUs - (unit.captureUs - this.clock.offsetUs));
    }
  }

  #add(stage, microseconds) {
    this.#histograms[stage].add(microseconds / 1000);
  }

  /** @returns {object} The counts since the page was opened, for tests and measurements. */
  totals() {
    const own = Object.fromEntries(OWN.map((name) => [name, this[name]]));
    return { ...own, sound: this.sound?.report() ?? null, ...this.#network() };
  }

  #network() {
    return Object.fromEntries(SUMMED.map((name) => [name, this.#ended[name] + this.#present[name]]));
  }

  /** Begin anew with the next look. */
  forget() {
    this.#looks = [];
  }

  /**
   * Return the figures of the last seconds; call it every `LOOK_INTERVAL_S`.
   *
   * @param {number} now Seconds.
   * @returns {object} What is not known is null.
   */
  look(now) {
    const latencies = Object.fromEntries(STAGES.map((name) => [name, this.#histograms[name].counts()]));
    const newer = { now, latencies, ...this.#network(), picturesDecoded: this.picturesDecoded };
    this.#looks.push(newer);
    if (this.#looks.length > LOOKS) {
      this.#looks.shift();
    }
    const [older] = this.#looks;
    const passedS = now - older.now;
    const since = (name) => Math.max(0, newer[name] - older[name]);
    const lost = since("packetsLost");
    const expected = since("packetsReceived") + lost;
    const perSecond = (count) => (passedS > 0 ? count / passedS : null);
    const totals = this.totals();
    return {
      stream: this.stream,
      fps: perSecond(since("picturesDecoded")),
      bitrateBps: perSecond(since("bytesReceived") * 8),
      loss: expected > 0 ? lost / expected : null,
      repaired: lost > 0 ? Math.min(1, since("packetsRepaired") / lost) : null,
      latenciesMs: Object.fromEntries(
        STAGES.map((name) => [name, percentilesBetween(older.latencies[name], latencies[name], [50, 95])]),
      ),
      rttMs: this.rttMs,
      soundOffsetMs: totals.sound?.offsetMs ?? null, // so much later than the picture is the sound
      reorder: this.reorder,
      totals,
    };
  }
}

/** Return a time that fits the wire, whatever clocks have said. */
function u32(microseconds) {
  return Math.min(Math.max(0, Math.round(microseconds)), 0xffffffff);
}

function nothing() {
  return Object.fromEntries(SUMMED.map((name) => [name, 0]));
}
