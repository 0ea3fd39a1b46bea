/**
 * The sound card's end of the ring. It runs on the audio thread: nothing here allocates or waits per quantum
 * (with shared memory; without, messages do).
 *
 * Where nothing is there to play it fades out within a millisecond, and in again afterwards, so that a gap is
 * a gap and no click.
 */

import { Ring } from "./ring.js";

const FADE_FRAMES = 48;

/** Without shared memory the writer is told how far reading is, so often. */
const TELL_EVERY_QUANTA = 2;

class RingPlayer extends AudioWorkletProcessor {
  #ring;
  #port = null; // of a writer without shared memory
  #last; // of each channel, the newest sample that was played
  #fadeOut = 0; // frames of it that are left
  #fadeIn = 0;
  #isDry = true;
  #hasBegun = false;
  #hasEnded = false;
  #untilTold = TELL_EVERY_QUANTA;

  constructor({ processorOptions: { buffer, channels } }) {
    super();
    this.#ring = new Ring(buffer ?? new ArrayBuffer(Ring.bytesFor(channels)), channels);
    this.#last = new Float32Array(channels);
    this.port.onmessage = ({ data: { port } }) => {
      if (port === undefined) {
        this.#hasEnded = true;
      } else {
        this.#port = port;
        port.onmessage = ({ data }) => this.#ring.write(data, data[0].length);
      }
    };
  }

  process(inputs, [output]) {
    const frames = output[0].length;
    const ring = this.#ring;
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      ring.noteBegan(currentFrame);
    }
    const count = ring.read(output, frames);
    if (count > 0) {
      this.#play(output, count);
    }
    if (count < frames) {
      this.#fill(output, count, frames);
    }
    this.#tell();
    return !this.#hasEnded;
  }

  /** Fade in what was read, where nothing was before it. */
  #play(output, count) {
    if (this.#isDry) {
      this.#isDry = false;
      this.#fadeIn = FADE_FRAMES;
    }
    const faded = Math.min(this.#fadeIn, count);
    for (let channel = 0; channel < output.length; channel += 1) {
      const samples = output[channel];
      for (let frame = 0; frame < faded; frame += 1) {
        samples[frame] *= 1 - (this.#fadeIn - frame) / FADE_FRAMES;
      }
      this.#last[channel] = samples[count - 1];
    }
    this.#fadeIn -= faded;
  }

  /** Go from the last sample to silence. */
  #fill(output, count, frames) {
    this.#ring.noteDry(frames - count, !this.#isDry);
    if (!this.#isDry) {
      this.#isDry = true;
      this.#fadeOut = FADE_FRAMES;
    }
    const faded = Math.min(this.#fadeOut, frames - count);
    for (let channel = 0; channel < output.length; channel += 1) {
      const samples = output[channel];
      for (let frame = 0; frame < faded; frame += 1) {
        samples[count + frame] = (this.#last[channel] * (this.#fadeOut - frame - 1)) / FADE_FRAMES;
      }
      samples.fill(0, count + faded);
    }
    this.#fadeOut -= faded;
  }

  #tell() {
    if (this.#port === null) {
      return;
    }
    this.#untilTold -= 1;
    if (this.#untilTold === 0) {
      this.#untilTold = TELL_EVERY_QUANTA;
      this.#port.postMessage(this.#ring.counters());
    }
  }
}

registerProcessor("wavry-ring-player", RingPlayer);
