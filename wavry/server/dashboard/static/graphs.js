// Small multiples: one graph a question, all over the same time, one cursor through all of them.
/* global uPlot */

import { make, say } from "./dom.js";
import * as format from "./format.js";

/**
 * @typedef {{name: string, label: string, colour: "accent"|"second"|"third"}} Line
 * @typedef {{title: string, lines: Line[], write: (value: ?number) => format.Written, large?: boolean,
 *   least?: number, most?: number, floats?: boolean}} Graph
 */

// `least`: the axis reaches at least so high; `most`: and no higher; `floats`: it need not begin at nothing.
/** @type {Graph[]} */
const GRAPHS = [
  {
    title: "Memory",
    large: true,
    floats: true,
    least: 6,
    write: format.megabytes,
    lines: [
      { name: "rss_mb", label: "RSS", colour: "accent" },
      { name: "pss_mb", label: "PSS", colour: "second" },
    ],
  },
  {
    title: "Latency, capture to decoded",
    large: true,
    least: 10,
    write: format.milliseconds,
    lines: [
      { name: "latency_p50_ms", label: "p50", colour: "accent" },
      { name: "latency_p95_ms", label: "p95", colour: "second" },
    ],
  },
  {
    title: "Bit rate",
    large: true,
    least: 1e6,
    write: format.bits,
    lines: [
      { name: "bitrate_bps", label: "made", colour: "accent" },
      { name: "target_bitrate_bps", label: "DELTA’s target", colour: "second" },
    ],
  },
  {
    title: "Frame rate",
    least: 30,
    write: format.frames,
    lines: [{ name: "fps", label: "made", colour: "accent" }],
  },
  {
    title: "Loss",
    least: 0.01,
    most: 1,
    write: format.percent,
    lines: [
      { name: "loss", label: "before", colour: "second" },
      { name: "loss_after_repair", label: "after repair", colour: "accent" },
    ],
  },
  {
    title: "Reorder window",
    least: 0.1,
    most: 1,
    write: format.percent,
    lines: [{ name: "reorder_occupancy", label: "full", colour: "accent" }],
  },
  {
    title: "FEC groups",
    least: 4,
    write: format.whole,
    lines: [{ name: "fec_pending_groups", label: "waiting", colour: "accent" }],
  },
  {
    title: "QUIC send buffer",
    least: 20_000,
    write: format.bytes,
    lines: [{ name: "send_buffer_bytes", label: "waiting", colour: "accent" }],
  },
  {
    title: "Sessions",
    least: 3,
    write: format.whole,
    lines: [{ name: "sessions", label: "watching", colour: "accent" }],
  },
];

const HEIGHT = 150;
const AXIS_FONT = "11px system-ui, 'Segoe UI', 'Liberation Sans', 'DejaVu Sans', sans-serif";
/** No axis is labelled more densely than this, pixels. */
const STEPS_S = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600];
const TICK_SPACE = { x: 52, y: 34 };

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** All graphs of the page. */
export class Graphs {
  /** @type {{plot: any, graph: Graph, values: HTMLElement[], figure: HTMLElement, place: HTMLElement}[]} */
  #drawn = [];
  #series;
  /** @type {{time: number, value: number, name: string}[]} */
  #marks = [];
  #resized;

  /**
   * @param {HTMLElement} parent
   * @param {import("./series.js").Series} series
   */
  constructor(parent, series) {
    this.#series = series;
    for (const graph of GRAPHS) this.#add(parent, graph);
    this.#resized = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const drawn = this.#drawn.find(({ place }) => place === entry.target);
        drawn?.plot.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT });
      }
    });
    for (const { place } of this.#drawn) this.#resized.observe(place);
  }

  #add(parent, graph) {
    const values = graph.lines.map(() => make("b"));
    const keys = graph.lines.map((line, at) =>
      make(
        "span",
        { class: "key", "data-colour": line.colour, "data-name": line.name },
        `${line.label} `,
        values[at],
      ),
    );
    const place = make("div", { class: "plot", role: "img", "aria-label": graph.title });
    const figure = make(
      "figure",
      { class: graph.large ? "graph large" : "graph" },
      make("figcaption", {}, make("h3", { text: graph.title }), ...keys),
      place,
    );
    parent.append(figure);
    const plot = new uPlot(this.#options(graph, place.clientWidth || 300), [[]], place);
    this.#drawn.push({ plot, graph, values, figure, place });
  }

  #options(graph, width) {
    const axis = {
      stroke: () => colour("quiet"),
      font: AXIS_FONT,
      grid: { stroke: () => colour("grid"), width: 1 },
      ticks: { show: false },
    };
    return {
      width,
      height: HEIGHT,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "wavry" }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { range: () => this.#span() },
        y: { range: (_, low, high) => extent(graph, low, high) },
      },
      axes: [
        {
          ...axis,
          size: 26,
          space: TICK_SPACE.x,
          incrs: STEPS_S,
          values: (_, times) => times.map((time) => moment(time)),
        },
        {
          ...axis,
          size: 62,
          space: TICK_SPACE.y,
          gap: 6,
          values: (_, ticks) => ticks.map((tick) => format.joined(short(graph, tick))),
        },
      ],
      series: [{}, ...graph.lines.flatMap((line) => curves(line))],
      bands: graph.lines.map((line, at) => ({
        series: [3 * at + 3, 3 * at + 2],
        fill: () => colour(`${line.colour}-soft`),
      })),
      hooks: {
        setCursor: [() => this.#tell()],
        draw: graph.title === "Memory" ? [(plot) => this.#drawMarks(plot)] : [],
      },
    };
  }

  #span() {
    const end = this.#series.times.at(-1) ?? Date.now() / 1000;
    return [end - this.#series.rangeS, end];
  }

  /**
   * Note checkpoints, to be marked on the memory's curve.
   * @param {{name: string, at_s: number, rss_mb: number}[]} checkpoints
   */
  mark(checkpoints) {
    for (const { name, at_s: time, rss_mb: value } of checkpoints) {
      if (this.#marks.every((mark) => mark.name !== name || mark.time !== time))
        this.#marks.push({ name, time, value });
    }
    const oldest = this.#span()[0];
    this.#marks = this.#marks.filter(({ time }) => time >= oldest).slice(-200);
  }

  #drawMarks(plot) {
    const { ctx } = plot;
    const ratio = devicePixelRatio || 1;
    ctx.save();
    ctx.fillStyle = colour("card");
    ctx.strokeStyle = colour("third");
    ctx.lineWidth = 1.5 * ratio;
    for (const { time, value } of this.#marks) {
      if (time < plot.scales.x.min || value < plot.scales.y.min || value > plot.scales.y.max) continue;
      ctx.beginPath();
      ctx.arc(plot.valToPos(time, "x", true), plot.valToPos(value, "y", true), 2.6 * ratio, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  }

  /** Draw what the series has now. */
  draw() {
    const { times, columns } = this.#series;
    for (const { plot, graph } of this.#drawn) {
      plot.setData([
        times,
        ...graph.lines.flatMap(({ name }) => [columns[name].last, columns[name].min, columns[name].max]),
      ]);
    }
    this.#tell();
  }

  /** Draw in the colours of another theme. */
  recolour() {
    for (const { plot } of this.#drawn) plot.redraw(false, true);
  }

  /** Say in words what is at the cursor, or now. */
  #tell() {
    const { times, columns } = this.#series;
    for (const { plot, graph, values, place } of this.#drawn) {
      const at = plot.cursor.idx ?? times.length - 1;
      const words = graph.lines.map(({ name }) => format.joined(graph.write(columns[name].last[at] ?? null)));
      words.forEach((text, index) => say(values[index], text));
      const said = graph.lines.map((line, index) => `${line.label} ${words[index]}`).join(", ");
      const label = `${graph.title}: ${said}`;
      if (place.getAttribute("aria-label") !== label) place.setAttribute("aria-label", label);
    }
  }
}

function curves(line) {
  const edge = { show: true, width: 0, points: { show: false } };
  return [
    { label: line.label, stroke: () => colour(line.colour), width: 1.6, points: { show: false } },
    { ...edge, label: `${line.label} least` },
    { ...edge, label: `${line.label} most` },
  ];
}

/** The ends of an axis: nothing is made larger than it is, and nothing jumps at every sample. */
function extent(graph, low, high) {
  const top = high ?? 0;
  if (graph.floats && low != null) {
    const slack = Math.max(graph.least - (top - low), (top - low) * 0.25) / 2;
    return [Math.max(0, Math.floor(low - slack)), Math.ceil(top + slack)];
  }
  return [0, Math.min(Math.max(graph.least, top * 1.12), Math.max(graph.most ?? Infinity, top))];
}

/** A tick of an axis, without digits that say nothing. */
function short(graph, tick) {
  const [number, unit] = graph.write(tick);
  return [number.includes(".") ? number.replace(/\.?0+$/, "") : number, unit];
}

function moment(time) {
  return new Date(time * 1000).toLocaleTimeString("en-GB").slice(0, 5);
}
