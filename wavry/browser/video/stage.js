/**
 * The decode stage: access units in, pictures to the painter. The twin of `wavry/decode/stage.py`, with the
 * browser's decoder in the place of the thread.
 *
 * Bounds: 16 units and 4 MiB are in the decoder at most; when there are more the chain is given up until the
 * next keyframe, which begins with an empty decoder. Pictures go to the painter at once, which closes them.
 */

import { RemoteProtocolError } from "../rift/errors.js";
import { BacklogWatch } from "./backlog.js";
import { codecString } from "./codec_string.js";

const MAX_UNITS = 16;
const MAX_BYTES = 4 * 1024 * 1024;

/** Decodes what comes, in order. */
export class VideoStage {
  #painter;
  #statistics;
  #onBroken;
  #decoder = null;
  #configured = "";
  #nextFrameId = null;
  #epoch = null;
  /** What is in the decoder: `ReceivedUnit` by the timestamp that it was given. */
  #pending = new Map();
  #pendingBytes = 0;
  #timestamp = 0;
  #backlog = new BacklogWatch();
  #isHidden = false;
  #newest = null;

  /**
   * @param {import("./painter.js").Painter} painter Gets the pictures.
   * @param {import("../session/statistics.js").Statistics} statistics
   * @param {(epoch: number, frameId: number) => void} onBroken Told when a keyframe is needed; may be told
   *   again for every unit until one comes.
   */
  constructor(painter, statistics, onBroken) {
    this.#painter = painter;
    this.#statistics = statistics;
    this.#onBroken = onBroken;
    /** Told, with the `ReceivedUnit`, when a picture has been drawn. */
    this.onPicture = (received) => {};
  }

  /** Forget the stream; another session begins. */
  restart() {
    this.#close();
    this.#nextFrameId = this.#epoch = this.#newest = null;
  }

  /**
   * Decode nothing while nobody looks, and begin anew with a keyframe when somebody does.
   *
   * @param {boolean} isHidden
   */
  setHidden(isHidden) {
    if (isHidden === this.#isHidden) {
      return;
    }
    this.#isHidden = isHidden;
    if (isHidden) {
      this.#close();
      this.#nextFrameId = null;
    } else if (this.#newest !== null) {
      this.#onBroken(this.#newest.epoch, this.#newest.frameId);
    }
  }

  /**
   * Whether the decoder is too slow for the units that come.
   *
   * @param {number} now Seconds.
   */
  isBehind(now) {
    return this.#backlog.isBehind(this.#pending.size, now);
  }

  /**
   * Take a unit. Units may be missing before it; what refers to them is skipped until the next keyframe.
   *
   * @param {import("../session/session.js").ReceivedUnit} received
   * @param {number} now Seconds.
   */
  take(received, now) {
    const { unit } = received;
    this.#newest = { epoch: unit.epoch, frameId: unit.frameId };
    if (this.#isHidden) {
      return;
    }
    this.#backlog.isBehind(this.#pending.size, now);
    if (this.#pending.size >= MAX_UNITS || this.#pendingBytes >= MAX_BYTES) {
      this.#statistics.picturesDropped += this.#pending.size;
      this.#close();
      this.#nextFrameId = null;
    }
    const follows = unit.epoch === this.#epoch && unit.frameId === this.#nextFrameId;
    if (!unit.isKeyframe && !follows) {
      this.#nextFrameId = null;
      this.#onBroken(unit.epoch, unit.frameId);
      return;
    }
    try {
      this.#decode(received);
    } catch (error) {
      if (!(error instanceof RemoteProtocolError || error instanceof DOMException)) {
        throw error;
      }
      this.#fail();
    }
  }

  #decode(received) {
    const { unit, stream } = received;
    if (unit.isKeyframe) {
      this.#configure(stream, unit.data);
    }
    const timestamp = this.#timestamp;
    const type = unit.isKeyframe ? "key" : "delta";
    this.#decoder.decode(new EncodedVideoChunk({ type, timestamp, data: unit.data }));
    this.#timestamp += 1;
    this.#pending.set(timestamp, received);
    this.#pendingBytes += unit.data.length;
    this.#epoch = unit.epoch;
    this.#nextFrameId = (unit.frameId + 1) >>> 0;
  }

  /** Make the decoder ready for the stream that begins with this keyframe. */
  #configure(stream, data) {
    const config = {
      codec: codecString(stream.codec, data),
      codedWidth: stream.width,
      codedHeight: stream.height,
      optimizeForLatency: true,
    };
    const wanted = JSON.stringify(config);
    if (this.#decoder?.state === "configured" && wanted === this.#configured) {
      return;
    }
    this.#close();
    const decoder = new VideoDecoder({
      output: (frame) => this.#deliver(frame, decoder),
      error: () => this.#fail(decoder),
    });
    decoder.configure(config);
    this.#decoder = decoder;
    this.#configured = wanted;
  }

  #deliver(frame, decoder) {
    const decodedUs = microseconds();
    const received = this.#pending.get(frame.timestamp);
    if (decoder !== this.#decoder || received === undefined) {
      frame.close(); // of a stream that was given up
      return;
    }
    this.#forget(frame.timestamp, received);
    const { width, height } = received.stream;
    if (frame.displayWidth !== width || frame.displayHeight !== height) {
      frame.close();
      this.#fail(); // it is not of the announced size
      return;
    }
    this.#statistics.onDecoded(received, decodedUs);
    this.#painter.show(frame, () => {
      this.#statistics.onShown(received, decodedUs, microseconds());
      this.onPicture(received);
    });
  }

  #forget(timestamp, received) {
    this.#pending.delete(timestamp);
    this.#pendingBytes -= received.unit.data.length;
  }

  /** Begin anew with the next keyframe, and ask for it. */
  #fail(decoder = this.#decoder) {
    if (decoder !== this.#decoder) {
      return; // it was replaced already
    }
    this.#statistics.decodesFailed += 1;
    this.#close();
    this.#nextFrameId = null;
    if (this.#newest !== null) {
      this.#onBroken(this.#newest.epoch, this.#newest.frameId);
    }
  }

  #close() {
    if (this.#decoder !== null && this.#decoder.state !== "closed") {
      this.#decoder.close();
    }
    this.#decoder = null;
    this.#pending.clear();
    this.#pendingBytes = 0;
    this.#backlog.restart();
  }
}

function microseconds() {
  return Math.round(performance.now() * 1000);
}
