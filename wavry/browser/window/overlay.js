/**
 * The overlay: how the stream is, in a corner of the window, redone twice a second. The same rows as
 * `wavry/client/window/overlay.py`. While it is off nothing is computed.
 */

const UNKNOWN = "-";

/**
 * One line: a name and one or two figures.
 *
 * @typedef {{name: string, left: string, right: string, isHeading: boolean}} Row
 */

/**
 * Return what the overlay says.
 *
 * @param {object} figures As `Statistics.look` returns them.
 * @returns {Row[]}
 */
export function overlayRows(figures) {
  const { stream, latenciesMs } = figures;
  const pair = (name, stage) => row(name, ...(latenciesMs[stage] ?? [null, null]).map(number));
  return [
    heading(stream === null ? "no stream yet" : `${stream.width}x${stream.height}`, "", stream?.codec ?? ""),
    row("frames a second", "", number(figures.fps)),
    row("bit rate", "", bitRate(figures.bitrateBps)),
    heading("milliseconds", "p50", "p95"),
    pair("capture", "capture"),
    pair("encode", "encode"),
    pair("network", "network"),
    pair("smoothing", "playout"),
    pair("decode", "decode"),
    pair("show", "show"),
    pair("screen to screen", "captureToShown"),
    heading("network"),
    row("round trip", "", withUnit(figures.rttMs, "ms")),
    row("lost", "", share(figures.loss)),
    row("of these repaired", "", share(figures.repaired)),
    row("sound after picture", "", signed(figures.soundOffsetMs, "ms")),
    heading("buffers"),
    row("reordering", "", use(figures.reorder)),
  ];
}

/** Shows the figures of the last seconds. */
export class Overlay {
  #table;
  #setOn;
  #isOn = false;

  /**
   * @param {HTMLTableElement} table
   * @param {(isOn: boolean) => void} setOn Has figures come, or stops that.
   */
  constructor(table, setOn) {
    this.#table = table;
    this.#setOn = setOn;
  }

  /** Show it, or stop that. */
  toggle() {
    this.#isOn = !this.#isOn;
    this.#setOn(this.#isOn);
    if (!this.#isOn) {
      this.#table.hidden = true;
      this.#table.replaceChildren();
    }
  }

  /**
   * Take figures.
   *
   * @param {object} figures As `Statistics.look` returns them.
   */
  show(figures) {
    if (this.#isOn) {
      this.#table.replaceChildren(...overlayRows(figures).map(rowElement));
      this.#table.hidden = false;
    }
  }
}

function rowElement({ name, left, right, isHeading }) {
  const line = document.createElement("tr");
  line.classList.toggle("heading", isHeading);
  const header = document.createElement("th");
  header.scope = "row";
  header.textContent = name;
  line.append(header);
  for (const text of [left, right]) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  return line;
}

function row(name, left, right) {
  return { name, left, right, isHeading: false };
}

function heading(name, left = "", right = "") {
  return { name, left, right, isHeading: true };
}

function number(value) {
  return value === null ? UNKNOWN : value.toFixed(1);
}

function withUnit(value, unit) {
  return value === null ? UNKNOWN : `${value.toFixed(1)} ${unit}`;
}

function signed(value, unit) {
  return value === null ? UNKNOWN : `${value < 0 ? "" : "+"}${value.toFixed(1)} ${unit}`;
}

function bitRate(bps) {
  if (bps === null) {
    return UNKNOWN;
  }
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${(bps / 1e3).toFixed(0)} kbit/s`;
}

function share(value) {
  return value === null ? UNKNOWN : `${(value * 100).toFixed(2)} %`;
}

function use(held) {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  return held === null ? UNKNOWN : `${megabytes(held.usedBytes)} of ${megabytes(held.capBytes)} MB`;
}
