/** A decoder without a browser: each packet becomes a block of one value, which its second byte says. */

/** What a test made last. */
export const made = { decoders: [] };

class FakeAudioDecoder {
  static async isConfigSupported() {
    return { supported: true };
  }

  constructor({ output, error }) {
    this.output = output;
    this.error = error;
    this.state = "unconfigured";
    this.waiting = [];
    this.isHeld = false; // whether blocks wait for `release`
    made.decoders.push(this);
  }

  configure(config) {
    this.config = config;
    this.state = "configured";
  }

  decode({ data }) {
    this.waiting.push(data);
    if (!this.isHeld) {
      this.release();
    }
  }

  release() {
    for (const data of this.waiting.splice(0)) {
      this.output(new FakeAudioData(data, this.config.numberOfChannels));
    }
  }

  /** What a browser does with bytes that are no Opus. */
  fail() {
    this.state = "closed";
    this.waiting = [];
    this.error(new Error("no Opus"));
  }

  close() {
    this.state = "closed";
    this.waiting = [];
  }
}

class FakeAudioData {
  constructor(data, channels) {
    this.value = data.length > 1 ? data[1] / 256 : LOST;
    this.numberOfFrames = 240;
    this.numberOfChannels = channels;
  }

  copyTo(plane, { frameCount }) {
    plane.fill(this.value, 0, frameCount);
  }

  close() {}
}

/** The value of a block that was made up. */
export const LOST = -0.5;

/** First byte of an Opus packet of 5 ms in stereo. */
export const TOC = 0xec;

globalThis.AudioDecoder = FakeAudioDecoder;
globalThis.EncodedAudioChunk = class {
  constructor({ data }) {
    this.data = data;
  }
};
