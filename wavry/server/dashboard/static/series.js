// What the graphs are drawn from: samples of the range that is looked at, history first, then live ones.
// Bounded: a range has at most `MOST` points; the oldest go.

/** Names of the host's history, and where a live sample has the same. */
const LIVE = {
  rss_mb: (now) => now.memory.rss_mb,
  pss_mb: (now) => now.memory.pss_mb,
  fps: (now) => now.stream?.fps,
  bitrate_bps: (now) => now.stream?.bitrate_bps,
  target_bitrate_bps: (now) => (now.sessions.length ? now.stream?.target_bitrate_bps : null),
  loss: (now) => now.sent.loss,
  loss_after_repair: (now) => now.sent.loss_after_repair,
  reorder_occupancy: (now) => now.memory.reorder_buffer_occupancy,
  fec_pending_groups: (now) => now.memory.pending_fec_groups,
  send_buffer_bytes: (now) => now.memory.quic_send_buffer_bytes,
  latency_p50_ms: (now) => now.latency_ms.capture_to_decoded?.p50,
  latency_p95_ms: (now) => now.latency_ms.capture_to_decoded?.p95,
  sessions: (now) => now.sessions.length,
};

export const NAMES = Object.keys(LIVE);

const MOST = 1600;
/** A gap of so many steps is one: no line is drawn over it. */
const GAP_STEPS = 4;

/** Samples by column: times in Unix seconds; of each column the last, the least and the most of a step. */
export class Series {
  /** Seconds that are looked at. */
  rangeS = 300;
  /** @type {number[]} */
  times = [];
  /** @type {Record<string, {last: ?number[], min: ?number[], max: ?number[]}>} */
  columns = {};
  #stepS = 1;
  /** Whether the last point is of a step that has not ended. */
  #isOpen = false;

  constructor() {
    this.clear();
  }

  clear() {
    this.times = [];
    this.columns = Object.fromEntries(NAMES.map((name) => [name, { last: [], min: [], max: [] }]));
    this.#isOpen = false;
  }

  /**
   * Take the host's history in place of what is here.
   * @param {{step_s: number, time_s: number[], columns: Record<string, Record<string, ?number[]>>}} history
   *     As `/api/history` answers: `last`, and where a step is of several samples `min` and `max`.
   */
  load(history) {
    this.clear();
    this.#stepS = history.step_s;
    history.time_s.forEach((time, place) => {
      this.#breakAt(time);
      this.times.push(time);
      for (const name of NAMES) {
        const column = history.columns[name];
        const last = column?.last[place] ?? null;
        this.#push(name, last, column?.min?.[place] ?? last, column?.max?.[place] ?? last);
      }
    });
  }

  /**
   * Take a live sample.
   * @param {any} now
   */
  add(now) {
    const time = now.wall_s;
    const newest = this.times.at(-1);
    if (newest !== undefined && time <= newest) return;
    // The open point is the one that follows the present until its step is over; then it stays.
    const stepS = this.rangeS <= 300 ? 0 : this.#stepS;
    const before = this.times.at(-2);
    const isSame = this.#isOpen && before !== undefined && time - before < stepS;
    if (!isSame) {
      this.#breakAt(time);
      this.times.push(time);
    } else {
      this.times[this.times.length - 1] = time;
    }
    for (const name of NAMES) {
      const value = LIVE[name](now) ?? null;
      if (isSame) this.#widen(name, value);
      else this.#push(name, value, value, value);
    }
    this.#isOpen = true;
    this.#forget(time);
  }

  #push(name, last, min, max) {
    const column = this.columns[name];
    column.last.push(last);
    column.min.push(min);
    column.max.push(max);
  }

  #widen(name, value) {
    const { last, min, max } = this.columns[name];
    const place = last.length - 1;
    last[place] = value;
    if (value === null) return;
    min[place] = min[place] === null ? value : Math.min(min[place], value);
    max[place] = max[place] === null ? value : Math.max(max[place], value);
  }

  /** Where the host was not heard for a while, an empty point ends the line. */
  #breakAt(time) {
    const newest = this.times.at(-1);
    if (newest === undefined || time - newest < GAP_STEPS * Math.max(this.#stepS, 1)) return;
    this.times.push(newest + this.#stepS / 2);
    for (const name of NAMES) this.#push(name, null, null, null);
  }

  #forget(now) {
    let old = 0;
    while (old < this.times.length && (this.times[old] < now - this.rangeS || this.times.length - old > MOST))
      old++;
    if (!old) return;
    this.times.splice(0, old);
    for (const { last, min, max } of Object.values(this.columns))
      for (const each of [last, min, max]) each.splice(0, old);
  }
}
