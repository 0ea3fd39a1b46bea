// Puts the page together.

import { find, say } from "./dom.js";
import { Graphs } from "./graphs.js";
import { EventList } from "./log.js";
import { NAMES, Series } from "./series.js";
import { Stream } from "./stream.js";
import { Budget, Marks, Pools, Sessions, Stages, Tiles } from "./tables.js";

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  gone: "The host is gone; looking for it",
  refused: "The host does not let this page in; open the address that it has printed",
};
const TOAST_MS = 4000;
/** Longer ranges are read again so often: their older part is thinned by the host. */
const REREAD_MS = 120_000;

const series = new Series();
const graphs = new Graphs(find("graphs"), series);
const log = new EventList();
const tables = [new Tiles(), new Sessions(ask), new Budget(), new Stages(), new Pools(), new Marks()];

/** The host's run that is shown: its start, Unix seconds. */
let startedAt = 0;
let csrf = "";
let toastTimer = 0;

new Stream({
  async sample(now) {
    const start = now.wall_s - now.duration_s;
    if (Math.abs(start - startedAt) > 2) {
      startedAt = start;
      await begin(now);
    }
    series.add(now);
    graphs.mark(now.checkpoints ?? []);
    graphs.draw();
    for (const table of tables) table.show(now);
    document.body.dataset.at = String(now.wall_s);
  },
  log: (events) => log.add(events),
  state(state) {
    find("link").dataset.state = state === "refused" ? "gone" : state;
    say(find("link-words"), WORDS[state]);
    document.body.classList.toggle("is-gone", state === "gone" || state === "refused");
  },
});

/** Get to know a host that has just been started, or found. */
async function begin(now) {
  say(find("version"), `wavry ${now.program}`);
  await readHistory();
  csrf = "";
  try {
    csrf = await askForToken();
  } catch {
    // The host is gone already; whoever needs it asks again.
  }
}

/**
 * @returns {Promise<string>} What is sent with what changes something, made for this page's cookie; empty if the host
 *   gives none.
 */
async function askForToken() {
  for (const isLast of [false, true]) {
    const answer = await fetch("/api/session");
    if (!answer.ok) return "";
    const told = await answer.json();
    if (told.csrf || isLast) return told.csrf ?? "";
    await fetch("/", { cache: "reload" }); // another run of the host gives a new cookie
  }
  return "";
}

async function readHistory() {
  const query = new URLSearchParams({ since: String(series.rangeS), columns: NAMES.join(",") });
  try {
    const answer = await fetch(`/api/history?${query}`);
    if (answer.ok) series.load(await answer.json());
  } catch {
    // The host is gone, which the stream says too.
  }
  graphs.draw();
}

find("range").addEventListener("change", (event) => {
  series.rangeS = Number(/** @type {HTMLInputElement} */ (event.target).value);
  void readHistory();
});
setInterval(() => series.rangeS > 300 && !document.hidden && void readHistory(), REREAD_MS);

// Disconnecting somebody.

/** @type {?number} */
let asked = null;

function ask(session) {
  asked = session.id;
  say(
    find("ask-words"),
    `${session.name || "The client"} at ${session.peer} loses the picture at once. It may connect again.`,
  );
  /** @type {HTMLDialogElement} */ (find("ask")).showModal();
}

find("ask").addEventListener("close", async (event) => {
  const dialog = /** @type {HTMLDialogElement} */ (event.target);
  if (dialog.returnValue !== "yes" || asked === null) return;
  const id = asked;
  asked = null;
  try {
    csrf ||= await askForToken();
    const answer = await fetch(`/api/sessions/${id}/disconnect`, {
      method: "POST",
      headers: { "X-Wavry-Csrf": csrf },
    });
    toast(answer.ok ? "Disconnected" : `Not disconnected: ${(await answer.text()).trim()}`);
  } catch {
    toast("Not disconnected: the host is gone");
  }
});
find("ask").addEventListener("cancel", (event) => {
  /** @type {HTMLDialogElement} */ (event.target).returnValue = "no";
});

function toast(words) {
  const element = find("toast");
  element.hidden = false;
  say(element, words);
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    element.hidden = true;
  }, TOAST_MS);
}

// The theme.

const THEME_WORDS = { system: "Auto", light: "Light", dark: "Dark" };

function showTheme(theme) {
  const button = find("theme");
  say(button, THEME_WORDS[theme]);
  button.setAttribute("aria-label", `Theme: ${THEME_WORDS[theme].toLowerCase()}; change it`);
}

find("theme").addEventListener("click", () => {
  showTheme(window.wavryTheme.next());
  graphs.recolour();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => graphs.recolour());
showTheme(window.wavryTheme.get());
