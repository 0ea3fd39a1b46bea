/**
 * The page's end of sound: the sound card, and what a person has to know or to do about it.
 *
 * A page may make sound only after a click, a touch or a key; until then the context is suspended, and the
 * speaker says so. It listens for them itself. A context that fails, or that the system takes away, is made
 * anew.
 */

import { Ring } from "./ring.js";

const SAMPLE_RATE = 48_000;

/**
 * The least that the browser has: clicks come 20 ms earlier than with "interactive" (Chromium 156, PulseAudio),
 * and gaps are not more frequent on a busy machine.
 */
const LEAST_LATENCY_S = 0;

const RETRY_MS = 2000;

/** A context that may run begins to within this; one that does not by then waits for the person. */
const BLOCKED_AFTER_MS = 500;

const TELL_CLOCK_EVERY_MS = 250;
const GESTURES = ["pointerdown", "pointerup", "keydown", "touchend"];

/** How the speaker is. */
export const SpeakerState = Object.freeze({
  /** The host sends no sound. */
  OFF: "off",
  /** The context is being opened. */
  OPENING: "opening",
  /** The browser waits for a click, a touch or a key. */
  BLOCKED: "blocked",
  PLAYING: "playing",
  /** There is no sound card, or it went away; another try is made every 2 s. */
  FAILED: "failed",
});

const WORDS = {
  [SpeakerState.BLOCKED]: "Click or press a key for sound.",
  [SpeakerState.FAILED]: "No sound: the browser can't open the sound card; waiting for it.",
};

/** Plays what the part "sound" of the session's worker decodes. */
export class Speaker {
  #link;
  #context = null;
  #hasModule = false; // whether the context has the worklet
  #node = null;
  #channels = 0; // wanted; 0 for none
  #say;
  #said = "";
  #state = SpeakerState.OFF;
  #isMuted = false;
  #clockTimer = null;
  #retryTimer = null;
  #blockedTimer = null;

  /**
   * @param {import("../session/link.js").PartLink} link To the part "sound".
   * @param {(words: string) => void} say Told what a person has to know, once for each new sentence.
   */
  constructor(link, say) {
    this.#link = link;
    this.#say = say;
    link.told = (data) => this.#told(data);
    for (const gesture of GESTURES) {
      // The page's hands may stop the event on its way; captured on the window it comes first.
      window.addEventListener(gesture, () => this.#unblock(), { capture: true, passive: true });
    }
  }

  /** @returns {string} Of `SpeakerState`. */
  get state() {
    return this.#state;
  }

  /**
   * Switch what is heard off, or on again; it is played all the same.
   *
   * @returns {boolean} Whether it is off now.
   */
  toggle() {
    this.#isMuted = !this.#isMuted;
    this.#link.tell({ kind: "volume", volume: this.#isMuted ? 0 : 1 });
    return this.#isMuted;
  }

  #told({ kind, channels = 0, words }) {
    if (words !== "") {
      this.#tellPerson(words);
    }
    if (kind === "wanted" && channels === this.#channels) {
      return;
    }
    clearTimeout(this.#blockedTimer);
    this.#disconnect();
    this.#channels = channels;
    if (channels === 0) {
      this.#context?.suspend().catch(() => {});
      this.#become(SpeakerState.OFF);
    } else {
      this.#open();
    }
  }

  #become(state) {
    this.#state = state;
    if (WORDS[state] !== undefined) {
      this.#tellPerson(WORDS[state]);
    } else if (state === SpeakerState.PLAYING) {
      this.#said = ""; // what is the matter the next time is news
    }
  }

  #tellPerson(words) {
    if (words !== this.#said) {
      this.#said = words;
      this.#say(words);
    }
  }

  /** Open a context, or go on with the one there is. */
  #open() {
    clearTimeout(this.#retryTimer);
    this.#become(SpeakerState.OPENING);
    if (this.#context === null) {
      this.#makeContext();
      return;
    }
    this.#context.resume().catch(() => {}); // without a click it is refused, and its state says so
    this.#look();
  }

  #makeContext() {
    let context;
    try {
      context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: LEAST_LATENCY_S });
    } catch {
      this.#renew();
      return;
    }
    this.#context = context;
    context.audioWorklet.addModule(new URL("worklet.js", import.meta.url)).then(
      () => {
        if (context === this.#context) {
          context.onstatechange = () => this.#look();
          context.onerror = () => this.#renew();
          this.#hasModule = true;
          this.#look();
        }
      },
      () => context === this.#context && this.#renew(),
    );
  }

  /** Bring what plays in line with the context's state. */
  #look() {
    if (this.#channels === 0 || !this.#hasModule) {
      return;
    }
    const { state } = this.#context;
    clearTimeout(this.#blockedTimer);
    if (state === "running") {
      this.#connect();
    } else if (state === "closed") {
      this.#renew();
    } else {
      this.#disconnect(); // suspended, or interrupted by the system
      this.#become(SpeakerState.OPENING);
      this.#blockedTimer = setTimeout(() => this.#become(SpeakerState.BLOCKED), BLOCKED_AFTER_MS);
    }
  }

  #unblock() {
    if (this.#state === SpeakerState.BLOCKED || this.#state === SpeakerState.OPENING) {
      this.#context?.resume().catch(() => {}); // this gesture does not count; the next one may
    }
  }

  /** Try again in a while, with another context. */
  #renew() {
    clearTimeout(this.#blockedTimer);
    this.#disconnect();
    const context = this.#context;
    this.#context = null;
    this.#hasModule = false;
    if (context !== null && context.state !== "closed") {
      context.onstatechange = null;
      context.close().catch(() => {});
    }
    this.#become(SpeakerState.FAILED);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => {
      if (this.#channels > 0) {
        this.#open();
      }
    }, RETRY_MS);
  }

  /** Give the worker a ring, and the sound card what comes out of it. */
  #connect() {
    if (this.#node !== null) {
      return;
    }
    const context = this.#context;
    const channels = this.#channels;
    const { destination } = context;
    destination.channelCount = Math.min(Math.max(channels, 2), destination.maxChannelCount);
    const isShared = globalThis.crossOriginIsolated;
    const buffer = isShared ? new SharedArrayBuffer(Ring.bytesFor(channels)) : undefined;
    const { port1, port2 } = isShared ? {} : new MessageChannel();
    const node = new AudioWorkletNode(context, "wavry-ring-player", {
      numberOfInputs: 0,
      outputChannelCount: [channels],
      channelCountMode: "explicit",
      channelInterpretation: "speakers",
      processorOptions: { channels, ...(isShared ? { buffer } : {}) },
    });
    node.onprocessorerror = () => this.#renew();
    if (!isShared) {
      node.port.postMessage({ port: port2 }, [port2]);
    }
    node.connect(destination);
    this.#node = node;
    this.#link.tell({ kind: "opened", channels, buffer, port: port1 }, isShared ? [] : [port1]);
    this.#clockTimer = setInterval(() => this.#tellClock(), TELL_CLOCK_EVERY_MS);
    this.#become(SpeakerState.PLAYING);
  }

  #disconnect() {
    const node = this.#node;
    if (node === null) {
      return;
    }
    this.#node = null;
    clearInterval(this.#clockTimer);
    node.port.postMessage({});
    node.disconnect();
    this.#link.tell({ kind: "closed" });
  }

  /** Tell the worker what the context's clock showed when, as who listens hears it. */
  #tellClock() {
    const context = this.#context;
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    const isKnown = performanceTime > 0;
    this.#link.tell({
      kind: "clock",
      contextS: isKnown ? contextTime : context.currentTime - (context.outputLatency ?? 0),
      atMs: performance.timeOrigin + (isKnown ? performanceTime : performance.now()),
    });
  }
}
