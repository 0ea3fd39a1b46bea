// The connection to the host: server-sent events, which come back by themselves after a break.

const SILENCE_S = 5;
/** After the host has refused the stream (too many pages, another token), it is tried again so much later. */
const REFUSED_MS = 5000;

/**
 * @typedef {"connecting"|"live"|"gone"|"refused"} State
 * @typedef {(now: any) => void} OnSample
 * @typedef {(events: any[]) => void} OnLog
 * @typedef {{sample: OnSample, log: OnLog, state: (state: State) => void}} Listener
 */

/** Follows the host while the page is seen; a hidden page costs it nothing. */
export class Stream {
  /** @type {?EventSource} */
  #source = null;
  #listener;
  #heardAt = 0;
  #state = "";
  #retry = 0;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#close() : this.#open()));
    setInterval(() => this.#look(), 1000);
    if (!document.hidden) this.#open();
  }

  #open() {
    this.#close();
    this.#say("connecting");
    const source = new EventSource("/api/events");
    this.#source = source;
    source.addEventListener("sample", (event) => {
      this.#heardAt = performance.now();
      this.#say("live");
      this.#listener.sample(JSON.parse(event.data));
    });
    source.addEventListener("log", (event) => this.#listener.log(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      this.#say(source.readyState === EventSource.CLOSED ? "refused" : "gone");
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => !document.hidden && this.#open(), REFUSED_MS);
      }
    });
  }

  #close() {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  /** A host that is cut off says nothing of it; one that was left while nobody looks has nothing to say. */
  #look() {
    if (this.#source && this.#state === "live" && performance.now() - this.#heardAt > SILENCE_S * 1000) {
      this.#say("gone");
      this.#open();
    }
  }

  #say(state) {
    if (state === "connecting" && this.#state === "gone") return;
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.state(state);
  }
}
