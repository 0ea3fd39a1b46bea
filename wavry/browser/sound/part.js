/**
 * The sound of all sessions, in the session's worker: datagrams come in, samples go into the ring of the
 * page's speaker.
 *
 *     datagrams ─► SoundPart ─► SoundReceiver ─► SoundPlayout ─► AudioDecoder ─► Resampler ─► Ring
 *                      │                                                                       │      worker
 *     - - - - - - tell, told - - - - - - - - - - - - - - - - - - - - - - - - - - - - -  shared memory  - - - -
 *                      │                                                                       ▼      page
 *                   Speaker ─► AudioContext ─────────────────────────────────────────► worklet.js
 *
 * Memory: packets wait in `SoundPlayout` (128), blocks in the decoder (64) and in the ring (8192 frames, 171
 * ms, 197 kB with six channels). Nothing else grows.
 *
 * With the page it speaks thus (`Speaker` is the other end):
 *
 *     to the page    {kind: "wanted", channels, words}     there is sound; open for so many channels
 *                    {kind: "unwanted", words}             there is none, and why
 *     from the page  {kind: "opened", buffer | port, channels}   a ring; `port` where memory can't be shared
 *                    {kind: "closed"}                      nobody plays any more
 *                    {kind: "clock", contextS, atMs}       what the context's clock showed, for who listens
 *                    {kind: "volume", volume}              0 to 1
 *
 * While no ring is open, or nobody reads it yet, packets are counted and dropped.
 */

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { Stream } from "../rift/packet.js";
import { SoundReceiver } from "../rift/sound/receiver.js";
import { SessionPart } from "../session/part.js";
import { decoderConfig } from "./decoder.js";
import { SAMPLE_RATE } from "./device_clock.js";
import { SoundFigures } from "./figures.js";
import { SoundPlayer } from "./player.js";
import { RemoteRing, Ring } from "./ring.js";

/** Between two looks at how far sound and picture are apart. */
const ADJUST_EVERY_S = 0.5;

/** Takes `sound_config` and the streams of sound. */
export class SoundPart extends SessionPart {
  name = "sound";
  datagramStreams = [Stream.SOUND, Stream.SOUND_PARITY];
  messageKinds = { sound_config: CONTROL_MESSAGES.sound_config };
  hello = { sound: typeof AudioDecoder !== "undefined" };

  #figures;
  #receiver = new SoundReceiver();
  #config = null; // what the host sends; null for nothing
  #ring = null;
  #player = null;
  #timer = null;
  #dueAt = 0;
  #adjustedAt = 0;
  #volume = 1;
  #clockOffsetS = null; // from the context's clock to ours, as heard

  /**
   * @param {object} [options]
   * @param {?{offsetUs: ?number}} [options.clock] Says what to add to our clock to get the host's; for a
   *   figure alone.
   */
  constructor({ clock = null } = {}) {
    super();
    this.#figures = new SoundFigures(clock);
  }


  /** For how long a picture has to wait for its sound, 0 to 0.02 seconds. */
  get pictureHoldS() {
    return this.#figures.lipsync.pictureHoldS;
  }

  /**
   * Take note of a picture that was shown, in microseconds.
   *
   * @param {number} captureUs On the host's clock.
   * @param {number} seenUs On ours.
   */
  notePicture(captureUs, seenUs) {
    this.#figures.lipsync.notePicture(captureUs, seenUs);
  }

  /**
   * @returns {?import("./figures.js").SoundReport} Figures over all connections; null where no sound came.
   */
  report() {
    return this.#figures.report();
  }

  welcomed() {
    this.#receiver = new SoundReceiver();
  }

  messageReceived(kind, config, now) {
    this.#config = null;
    if (!config.available) {
      this.#refuse(`The host has no sound: ${config.reason}`, now);
      return;
    }
    const wanted = config.codec === "opus" ? decoderConfig(config.channels, config.frameUs) : null;
    if (wanted === null) {
      this.#refuse(`No sound: the host sends ${config.codec} in a form that is not known here.`, now);
      return;
    }
    this.#config = config;
    this.tell({ kind: "wanted", channels: config.channels, words: "" });
    this.#renewPlayer(now);
    AudioDecoder.isConfigSupported(wanted).then(({ supported }) => {
      if (!supported && this.#config === config) {
        this.#config = null;
        this.#refuse("No sound: this browser does not decode Opus.", now);
      }
    });
  }

  datagramReceived(bytes, now) {
    const packets = this.#receiver.receiveDatagram(bytes);
    this.#figures.take(this.#receiver.stats);
    const player = this.#player;
    if (player === null || !player.hasBegun) {
      return;
    }
    for (const packet of packets) {
      if (packet.epoch === this.#config.epoch) {
        player.playout.add(packet, now);
      }
    }
    if (now >= this.#dueAt) {
      this.#pump(now);
    }
  }

  told(data, now) {
    switch (data.kind) {
      case "opened":
        this.#ring?.close();
        this.#ring = ringOf(data);
        this.#clockOffsetS = null;
        this.#renewPlayer(now);
        break;
      case "closed":
        this.#ring?.close();
        this.#ring = null;
        this.#renewPlayer(now);
        break;
      case "clock":
        this.#clockOffsetS = (data.atMs - performance.timeOrigin) / 1000 - data.contextS;
        break;
      case "volume":
        this.#volume = data.volume;
        if (this.#player !== null) {
          this.#player.volume = data.volume;
        }
        break;
      default:
        throw new TypeError(`the page says ${data.kind}`);
    }
  }

  ended() {
    this.#figures.finish();
    this.#config = null;
    this.#refuse("", performance.now() / 1000);
  }

  #refuse(words, now) {
    this.#renewPlayer(now);
    this.tell({ kind: "unwanted", words });
  }

  /** Make the player that goes with what the host sends and what the page plays. */
  #renewPlayer(now) {
    this.#player?.close();
    this.#player = null;
    clearTimeout(this.#timer);
    const config = this.#config;
    if (config !== null && this.#ring?.channels === config.channels) {
      const heard = (packet, place) => this.#note(packet, place);
      this.#player = new SoundPlayer(this.#ring, config.frameUs, now, heard);
      this.#player.volume = this.#volume;
      this.#pump(now);
    }
    this.#figures.follow(this.#player);
  }

  /** Have the player decide on what is due, now and when the next block is. */
  #pump(now) {
    if (now - this.#adjustedAt >= ADJUST_EVERY_S) {
      this.#adjustedAt = now;
      this.#figures.lipsync.adjust();
      this.#player.playout.extraHoldS = this.#figures.lipsync.soundHoldS;
    }
    const waitS = this.#player.pump(now);
    this.#dueAt = now + waitS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(performance.now() / 1000), waitS * 1000);
  }

  /** Note when a packet is heard whose first frame is at a place of the ring. */
  #note(packet, place) {
    if (this.#clockOffsetS === null) {
      return;
    }
    const ring = this.#ring;
    const contextFrame = (place + ring.dry + ring.began) | 0;
    const heardAt = contextFrame / SAMPLE_RATE + this.#clockOffsetS;
    this.#figures.lipsync.noteSound(packet.captureUs, heardAt * 1e6);
  }
}

/** @returns {Ring} The worker's end of what the page has opened. */
function ringOf({ buffer, port, channels }) {
  return port === undefined ? new Ring(buffer, channels) : new RemoteRing(port, channels);
}
