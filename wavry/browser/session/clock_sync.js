/**
 * The host's clock, seen from here, as `wavry/client/clock_sync.py`.
 *
 * A ping's answer says what the host's clock showed while the ping was away (the estimate of NTP, RFC 5905
 * section 8). The sample with the shortest way is the most honest one, so of the last sixteen that one
 * counts.
 */

const SAMPLES = 16;

/** Estimates `host clock - own clock` in microseconds. */
export class ClockSync {
  #samples = [];

  constructor() {
    this.restart();
  }

  /** Forget everything: another host, or the same one after a restart, has another clock. */
  restart() {
    this.#samples = [];
    /** Add it to the own clock to get the host's; null before the first answer. */
    this.offsetUs = null;
    /** The newest round trip; null before the first answer. */
    this.rttUs = null;
  }

  /**
   * Take an answer, in microseconds.
   *
   * @param {number} sentUs When the ping left.
   * @param {number} hostUs What the host's clock showed.
   * @param {number} nowUs When the answer came.
   */
  onPong(sentUs, hostUs, nowUs) {
    const rttUs = nowUs - sentUs;
    if (rttUs < 0) {
      return; // an answer to nothing we asked
    }
    this.rttUs = rttUs;
    this.#samples.push({ rttUs, offsetUs: hostUs - (sentUs + nowUs) / 2 });
    if (this.#samples.length > SAMPLES) {
      this.#samples.shift();
    }
    this.offsetUs = this.#samples.reduce((best, each) => (each.rttUs < best.rttUs ? each : best)).offsetUs;
  }

  /** @returns {boolean} Whether enough answers came that pings may become rare. */
  get isSettled() {
    return this.#samples.length >= SAMPLES / 2;
  }
}
