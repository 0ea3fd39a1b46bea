/** What the overlay and the statistics say of sound; the twin of `wavry/client/sound/figures.py`. */

import { LipSync } from "./lipsync.js";

/**
 * Figures of sound.
 *
 * @typedef {object} SoundReport
 * @property {number} packetsReceived By themselves, each once.
 * @property {number} packetsLost Before any repair.
 * @property {number} packetsRepaired Of the lost ones, those that parity gave back.
 * @property {number} concealed Blocks that were made up.
 * @property {number} dropped Packets that came too late or were too many.
 * @property {number} underruns How often the sound card had nothing to play.
 * @property {?number} bufferMs How long packets waited until they were played.
 * @property {?number} offsetMs How much later sound is heard than the picture of the same moment is seen.
 * @property {?number} captureToHeardMs From the host's capture to the sound card's output.
 */

const SUMMED = ["packetsReceived", "packetsLost", "packetsRepaired"];

/** Counts of a page's life, over all its connections. */
export class SoundFigures {
  #clock;
  #now = noPackets();
  #before = noPackets();
  #player = null;
  #concealedBefore = 0;
  #droppedBefore = 0;
  #underrunsBefore = 0;
  #waitedBeforeS = null;

  /** @param {?{offsetUs: ?number}} clock Says what to add to our clock to get the host's. */
  constructor(clock) {
    this.#clock = clock;
    this.lipsync = new LipSync();
  }

  /** @param {import("../rift/sound/receiver.js").SoundStats} stats Of the present connection. */
  take(stats) {
    this.#now = stats;
  }

  /**
   * Count what this player does from now on, beside what those before it did.
   *
   * @param {?import("./player.js").SoundPlayer} player
   */
  follow(player) {
    const before = this.#player;
    if (before !== null) {
      this.#concealedBefore += before.concealed;
      this.#droppedBefore += before.playout.drops + before.playout.late;
      this.#underrunsBefore += before.underruns;
      this.#waitedBeforeS = before.playout.waitedS;
    }
    this.#player = player;
    if (player !== null) {
      this.lipsync.restart();
    }
  }

  /** Add the present connection to those that have ended. */
  finish() {
    for (const name of SUMMED) {
      this.#before[name] += this.#now[name];
    }
    this.#now = noPackets();
  }

  /** @returns {?SoundReport} Null where no sound came. */
  report() {
    if (this.#total("packetsReceived") === 0) {
      return null;
    }
    const player = this.#player;
    const playout = player?.playout;
    const { soundS, offsetMs } = this.lipsync;
    const offsetUs = this.#clock?.offsetUs ?? null;
    return {
      packetsReceived: this.#total("packetsReceived"),
      packetsLost: this.#total("packetsLost"),
      packetsRepaired: this.#total("packetsRepaired"),
      concealed: this.#concealedBefore + (player?.concealed ?? 0),
      dropped: this.#droppedBefore + (playout === undefined ? 0 : playout.drops + playout.late),
      underruns: this.#underrunsBefore + (player?.underruns ?? 0),
      bufferMs: inMs(playout === undefined ? this.#waitedBeforeS : playout.waitedS),
      offsetMs,
      captureToHeardMs: soundS === null || offsetUs === null ? null : soundS * 1000 + offsetUs / 1000,
    };
  }

  #total(name) {
    return this.#before[name] + this.#now[name];
  }
}

function noPackets() {
  return { packetsReceived: 0, packetsLost: 0, packetsRepaired: 0 };
}

function inMs(seconds) {
  return seconds === null ? null : seconds * 1000;
}
