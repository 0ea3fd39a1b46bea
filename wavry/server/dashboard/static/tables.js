// The tables and the tiles: what the host says now, row by row.

import { find, make, Rows, say, write } from "./dom.js";
import * as format from "./format.js";

const STAGES = [
  ["capture", "Capture"],
  ["encode", "Encode"],
  ["network", "Network"],
  ["playout", "Playout"],
  ["decode", "Decode"],
  ["capture_to_decoded", "Together"],
];

const cell = (attributes = {}, ...children) => make("td", attributes, ...children);
const number = (kind = "", label = null) => cell({ class: `n ${kind}`.trim(), "data-label": label });

/** A bar with a mark: what is used, and the most so far. */
function meter() {
  const used = make("i");
  const most = make("b");
  const bar = make("div", { class: "meter", role: "img" }, used, most);
  return {
    bar,
    show(share, mostShare, words, isShort = false) {
      bar.style.setProperty("--used", String(Math.min(share, 1)));
      bar.style.setProperty("--most", String(Math.min(mostShare, 1)));
      bar.classList.toggle("is-short", isShort);
      if (bar.getAttribute("aria-label") !== words) bar.setAttribute("aria-label", words);
    },
  };
}

/** The figures at the top. */
export class Tiles {
  #tiles = new Map();

  constructor() {
    for (const [name, title] of [
      ["memory", "Memory, RSS"],
      ["frames", "Frame rate"],
      ["bits", "Bit rate"],
      ["latency", "Latency, p95"],
      ["loss", "Loss after repair"],
      ["sessions", "Watching"],
    ]) {
      const value = make("dd", { id: `tile-${name}` });
      const note = make("dd", { class: "note" });
      find("tiles").append(make("div", { class: "tile" }, make("dt", { text: title }), value, note));
      this.#tiles.set(name, [value, note]);
    }
  }

  /** @param {any} now */
  show(now) {
    const { memory, stream, latency_ms: latency, sent } = now;
    this.#say(
      "memory",
      format.megabytes(memory.rss_mb),
      `PSS ${format.joined(format.megabytes(memory.pss_mb))}`,
    );
    this.#say(
      "frames",
      format.frames(stream?.fps),
      stream
        ? `${stream.width} × ${stream.height}, ${stream.codec}, ${stream.encoder}`
        : "nothing is encoded",
    );
    this.#say(
      "bits",
      format.bits(stream?.bitrate_bps),
      stream && now.sessions.length
        ? `target ${format.joined(format.bits(stream.target_bitrate_bps))}`
        : "no target",
    );
    const whole = latency.capture_to_decoded;
    this.#say(
      "latency",
      format.milliseconds(whole?.p95),
      whole ? `p50 ${format.joined(format.milliseconds(whole.p50))}` : "nobody tells",
    );
    this.#say(
      "loss",
      format.percent(sent.loss_after_repair),
      sent.loss == null ? "nobody tells" : `before ${format.joined(format.percent(sent.loss))}`,
    );
    this.#say("sessions", format.whole(now.sessions.length), `up ${format.span(now.duration_s)}`);
  }

  #say(name, written, words) {
    const [value, note] = this.#tiles.get(name);
    write(value, written);
    say(note, words);
  }
}

/** Who is here. */
export class Sessions {
  #rows;

  /** @param {(session: {id: number, name: string, peer: string}) => void} ask Whether to disconnect one. */
  constructor(ask) {
    this.#rows = new Rows(
      find("sessions"),
      (session) => this.#build(session, ask),
      "Nobody is connected.",
      9,
    );
  }

  #build(first, ask) {
    const name = make("span");
    const peer = make("small");
    const rights = make("div", { class: "rights" });
    const cells = [
      "Connected",
      "Round trip",
      "Frames",
      "Bit rate / target",
      "Loss / repaired",
      "Waiting",
    ].map((label) => number("", label));
    const button = make("button", { type: "button", text: "Disconnect" });
    let session = first;
    button.addEventListener("click", () => ask(session));
    const row = make(
      "tr",
      { "data-session": String(first.id) },
      cell({ class: "who" }, name, peer),
      cell({ class: "may" }, rights),
      ...cells,
      cell({ class: "n act" }, button),
    );
    const update = (now) => {
      session = now;
      say(name, now.name || "unnamed");
      button.setAttribute("aria-label", `Disconnect ${now.name || now.peer}`);
      say(
        peer,
        [now.peer, now.door === "web" ? "browser" : "native", now.fingerprint].filter(Boolean).join(" · "),
      );
      const granted = now.rights.join(" ");
      if (rights.dataset.granted !== granted) {
        rights.dataset.granted = granted;
        rights.replaceChildren(...now.rights.map((right) => make("span", { text: right })));
      }
      const both = (one, other) => `${format.joined(one)} / ${format.joined(other)}`;
      say(cells[0], format.span(now.connected_s));
      say(cells[1], format.joined(format.milliseconds(now.rtt_ms)));
      say(cells[2], format.joined(format.frames(now.frames_per_s)));
      say(cells[3], both(format.bits(now.bitrate_bps), format.bits(now.target_bitrate_bps)));
      say(cells[4], both(format.percent(now.loss), format.percent(now.loss_after_repair)));
      say(cells[5], now.is_stalled ? "stalled" : format.joined(format.bytes(now.send_buffer_bytes)));
      cells[5].classList.toggle("stalled", now.is_stalled);
    };
    return { row, update };
  }

  /** @param {any} now */
  show(now) {
    this.#rows.show(new Map(now.sessions.map((session) => [String(session.id), session])));
    say(find("sessions-count"), now.sessions.length === 1 ? "1 client" : `${now.sessions.length} clients`);
  }
}

/** The budget: each holder, and how near it is to its cap. */
export class Budget {
  #rows = new Rows(find("budget"), () => this.#build());

  #build() {
    const name = make("span");
    const policy = make("small");
    const bar = meter();
    const [used, most, cap, drops] = [number(), number("most"), number("cap"), number("drops")];
    const row = make(
      "tr",
      {},
      cell({ class: "hold" }, name, policy),
      cell({ class: "wide" }, bar.bar),
      used,
      most,
      cap,
      drops,
    );
    const update = (entry) => {
      say(name, entry.name);
      say(policy, entry.policy);
      row.dataset.holder = entry.name;
      write(used, format.bytes(entry.used_bytes));
      write(most, format.bytes(entry.high_water_bytes));
      write(cap, format.bytes(entry.cap_bytes));
      write(drops, format.whole(entry.drops));
      bar.show(
        entry.used_bytes / entry.cap_bytes,
        entry.high_water_bytes / entry.cap_bytes,
        `${entry.name}: ${format.joined(format.percent(entry.used_bytes / entry.cap_bytes))} of its cap`,
        entry.drops > 0 && entry.used_bytes >= 0.95 * entry.cap_bytes,
      );
    };
    return { row, update };
  }

  /** @param {any} now */
  show(now) {
    const entries = [...now.budget].sort((one, other) => other.cap_bytes - one.cap_bytes);
    const seen = new Map();
    this.#rows.show(
      new Map(
        entries.map((entry) => {
          const times = seen.get(entry.name) ?? 0;
          seen.set(entry.name, times + 1);
          return [`${entry.name}#${times}`, entry];
        }),
      ),
    );
    const sum = (field) => entries.reduce((total, entry) => total + entry[field], 0);
    const written = (field) => format.joined(format.bytes(sum(field)));
    say(find("budget-sum"), `${written("used_bytes")} used of ${written("cap_bytes")} that all may hold`);
  }
}

/** The stages of a picture's way. */
export class Stages {
  #rows = new Rows(find("stages"), ([stage, title]) => this.#build(stage, title));

  #build(stage, title) {
    const [p50, p95] = [number(), number()];
    const slow = make("i");
    const usual = make("i");
    const bar = make("div", { class: "meter", "aria-hidden": "true" }, slow, usual);
    const row = make(
      "tr",
      { class: stage === "capture_to_decoded" ? "whole" : undefined, "data-stage": stage },
      cell({ text: title }),
      cell({ class: "wide" }, bar),
      p50,
      p95,
    );
    const update = ([, , times, longest]) => {
      write(p50, format.milliseconds(times?.p50));
      write(p95, format.milliseconds(times?.p95));
      slow.style.setProperty("--used", String((times?.p95 ?? 0) / longest));
      usual.style.setProperty("--used", String((times?.p50 ?? 0) / longest));
    };
    return { row, update };
  }

  /** @param {any} now */
  show(now) {
    const known = STAGES.map(([stage, title]) => [stage, title, now.latency_ms[stage]]);
    const longest = Math.max(1, ...known.map(([, , times]) => times?.p95 ?? 0));
    this.#rows.show(new Map(known.map((each) => [each[0], [...each, longest]])));
  }
}

/** The buffer pools. */
export class Pools {
  #rows = new Rows(find("pools"), () => this.#build(), "There are none.", 6);

  #build() {
    const name = cell();
    const cells = [number(), number(), number(), number(), number()];
    const update = (pool) => {
      say(name, pool.name);
      write(cells[0], format.whole(pool.in_use));
      write(cells[1], format.whole(pool.available));
      write(cells[2], format.bytes(pool.total_bytes));
      write(cells[3], format.percent(pool.reuse_ratio));
      write(cells[4], format.whole(pool.refusals));
    };
    return { row: make("tr", {}, name, ...cells), update };
  }

  /** @param {any} now */
  show(now) {
    this.#rows.show(new Map(now.pools.map((pool) => [pool.name, pool])));
  }
}

/** The checkpoints that stages have passed. */
export class Marks {
  #rows = new Rows(find("marks"), () => this.#build(), "None has been passed yet.", 4);

  #build() {
    const name = cell();
    const cells = [number(), number(), number()];
    const update = (mark) => {
      say(name, mark.name);
      write(cells[0], format.megabytes(mark.rss_mb));
      const [value, unit] = format.megabytes(mark.delta_mb);
      write(cells[1], [mark.delta_mb > 0 ? `+${value}` : value, unit]);
      write(cells[2], format.whole(mark.passes));
    };
    return { row: make("tr", {}, name, ...cells), update };
  }

  /** @param {any} now */
  show(now) {
    this.#rows.show(new Map((now.checkpoints ?? []).map((mark) => [mark.name, mark])));
  }
}
