/**
 * Opus packets to samples, in order, through WebCodecs.
 *
 * WebCodecs has no call for a packet that was lost, but Opus has a packet for it: one without any bytes of
 * sound says "lost" (RFC 6716, section 3.2.1), and the decoder goes on from what it had, as libopus does on
 * the native client. Measured in Chromium 156: one block out for each packet in, 0.3 ms later.
 *
 * A decoder that is given what is no Opus closes itself; it is made anew, ten times a second at most.
 */

import { SAMPLE_RATE } from "./device_clock.js";

/** Most blocks on their way through the decoder; who has as many decodes no more. */
export const MAX_PENDING = 64;

const REOPEN_EVERY_S = 0.1;

/** Of RFC 6716, 3.1: full-band CELT of 2.5 ms; the following numbers are 5, 10 and 20 ms. */
const CELT_FULL_BAND = 28;
const STEREO_BIT = 4;

/** The streams of 5.1 sound and how they lie in it (RFC 7845, 5.1.1.2). */
const SURROUND_STREAMS = 4;
const SURROUND_COUPLED = 2;
const SURROUND_MAPPING = [0, 4, 1, 2, 3, 5];

/** Channels that are known here; WIRE.md, section 5. */
const CHANNELS = new Set([1, 2, 6]);

/** Lengths of a block that Opus has in one packet and hosts send, microseconds. */
const FRAMES_US = new Set([2500, 5000, 10_000, 20_000]);

/**
 * Say what a browser is to be told of a host's sound.
 *
 * @param {number} channels
 * @param {number} frameUs
 * @returns {?AudioDecoderConfig} Null for a form that is not known here.
 */
export function decoderConfig(channels, frameUs) {
  if (!CHANNELS.has(channels) || !FRAMES_US.has(frameUs)) {
    return null;
  }
  const config = { codec: "opus", sampleRate: SAMPLE_RATE, numberOfChannels: channels };
  return channels > 2 ? { ...config, description: surroundHead(channels) } : config;
}

/** @returns {Uint8Array} The head of RFC 7845, section 5.1, that says what lies where. */
function surroundHead(channels) {
  const rate = new Uint8Array(new Uint32Array([SAMPLE_RATE]).buffer);
  const magic = new TextEncoder().encode("OpusHead");
  const mapping = [1, SURROUND_STREAMS, SURROUND_COUPLED, ...SURROUND_MAPPING];
  return Uint8Array.from([...magic, 1, channels, 0, 0, ...rate, 0, 0, ...mapping]);
}

/**
 * Make the packet that says that one was lost.
 *
 * @param {number} channels
 * @param {number} frameUs Of `FRAMES_US`.
 * @returns {Uint8Array}
 */
export function lostPacket(channels, frameUs) {
  const toc = ((CELT_FULL_BAND + Math.log2(frameUs / 2500)) << 3) | (channels > 1 ? STEREO_BIT : 0);
  if (channels <= 2) {
    return Uint8Array.of(toc);
  }
  // Each stream but the last says its size.
  const delimited = Array.from({ length: SURROUND_STREAMS - 1 }, () => [toc, 0]).flat();
  return Uint8Array.from([...delimited, toc]);
}

/**
 * Return the length of an Opus packet, by its first bytes (RFC 6716, section 3.1).
 *
 * @param {Uint8Array} packet Not empty.
 * @returns {number} Microseconds.
 */
export function packetUs(packet) {
  const configuration = packet[0] >> 3;
  const code = packet[0] & 3;
  const count = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  if (configuration < 12) {
    return count * [10_000, 20_000, 40_000, 60_000][configuration & 3];
  }
  if (configuration < 16) {
    return count * [10_000, 20_000][configuration & 1];
  }
  return count * 2500 * 2 ** (configuration & 3);
}

/**
 * Decodes packet after packet; blocks come back in the order of the calls.
 *
 * Every call has a callback that is called once, with the block (planar, `blockFrames` each, valid until it
 * returns) or with null where there is none to be had. At most `MAX_PENDING` calls may wait.
 */
export class BlockDecoder {
  #config;
  #frameUs;
  #lost;
  #decoder = null;
  #openedAt = -Infinity;
  #pending = []; // callbacks of what was given to the decoder; each with whether a block comes for it
  #planes;
  #timestampUs = 0;

  /**
   * @param {number} channels
   * @param {number} frameUs Length of a block.
   * @throws {RangeError} Nothing of the kind is known here.
   */
  constructor(channels, frameUs) {
    const config = decoderConfig(channels, frameUs);
    if (config === null) {
      throw new RangeError(`${channels} channels of ${frameUs} us`);
    }
    this.#config = config;
    this.#frameUs = frameUs;
    this.#lost = lostPacket(channels, frameUs);
    this.blockFrames = (SAMPLE_RATE * frameUs) / 1_000_000;
    this.#planes = Array.from({ length: channels }, () => new Float32Array(this.blockFrames));
    /** Packets that were no Opus; each was made up for. */
    this.undecodable = 0;
  }

  /** How many calls wait. */
  get pending() {
    return this.#pending.length;
  }

  /**
   * Decode a packet.
   *
   * @param {Uint8Array} opus Any bytes that a peer sent; not empty.
   * @param {number} now Seconds.
   * @param {(planes: ?Float32Array[]) => void} callback
   */
  decode(opus, now, callback) {
    if (packetUs(opus) !== this.#frameUs) {
      this.undecodable += 1;
      opus = this.#lost;
    }
    this.#give(opus, now, callback);
  }

  /**
   * Make up a block that did not come.
   *
   * @param {number} now Seconds.
   * @param {(planes: ?Float32Array[]) => void} callback
   */
  conceal(now, callback) {
    this.#give(this.#lost, now, callback);
  }

  /**
   * Call back, with null, once all before it have been.
   *
   * @param {(planes: null) => void} callback
   */
  pass(callback) {
    if (this.#pending.length === 0) {
      callback(null);
    } else {
      this.#pending.push({ callback, isBlock: false });
    }
  }

  /** End it; what waits is not called back. Idempotent. */
  close() {
    this.#pending = [];
    if (this.#decoder !== null && this.#decoder.state !== "closed") {
      this.#decoder.close();
    }
    this.#decoder = null;
  }

  #give(opus, now, callback) {
    if (this.#decoder === null && !this.#open(now)) {
      callback(null);
      return;
    }
    this.#pending.push({ callback, isBlock: true });
    this.#timestampUs += this.#frameUs;
    this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: this.#timestampUs, data: opus }));
  }

  #open(now) {
    if (now - this.#openedAt < REOPEN_EVERY_S) {
      return false;
    }
    this.#openedAt = now;
    const decoder = new AudioDecoder({
      output: (data) => this.#take(data),
      error: () => this.#fail(decoder),
    });
    decoder.configure(this.#config);
    this.#decoder = decoder;
    return true;
  }

  #take(data) {
    const frames = Math.min(data.numberOfFrames, this.blockFrames);
    const channels = this.#planes.length;
    for (let planeIndex = 0; planeIndex < channels; planeIndex += 1) {
      const plane = this.#planes[planeIndex];
      const from = Math.min(planeIndex, data.numberOfChannels - 1);
      data.copyTo(plane, { planeIndex: from, format: "f32-planar", frameCount: frames });
      plane.fill(0, frames);
    }
    data.close();
    this.#callBack(this.#planes);
  }

  /** The decoder is gone, and with it what it was given. */
  #fail(decoder) {
    if (decoder !== this.#decoder) {
      return;
    }
    this.#decoder = null;
    this.undecodable += 1;
    for (const { callback } of this.#pending.splice(0)) {
      callback(null);
    }
  }

  #callBack(planes) {
    this.#pending.shift()?.callback(planes);
    while (this.#pending.length > 0 && !this.#pending[0].isBlock) {
      this.#pending.shift().callback(null);
    }
  }
}
