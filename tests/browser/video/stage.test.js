import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { Statistics } from "../../../wavry/browser/session/statistics.js";
import { VideoStage } from "../../../wavry/browser/video/stage.js";

const SPS = [0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x28];
const STREAM = { epoch: 0, codec: "h264", width: 640, height: 480 };
let decoders;

/** Decodes when it is told to. */
class FakeDecoder {
  state = "unconfigured";
  chunks = [];

  constructor({ output, error }) {
    this.output = output;
    this.error = error;
    decoders.push(this);
  }

  configure(config) {
    this.config = config;
    this.state = "configured";
  }

  decode(chunk) {
    this.chunks.push(chunk);
  }

  close() {
    this.state = "closed";
  }

  /** Give the oldest picture back. */
  give({ width = 640, height = 480 } = {}) {
    const { timestamp } = this.chunks.shift();
    const frame = { timestamp, displayWidth: width, displayHeight: height, isClosed: false };
    frame.close = () => (frame.isClosed = true);
    this.output(frame);
    return frame;
  }
}

beforeEach(() => {
  decoders = [];
  globalThis.VideoDecoder = FakeDecoder;
  globalThis.EncodedVideoChunk = class {
    constructor(fields) {
      Object.assign(this, fields);
    }
  };
});

afterEach(() => {
  delete globalThis.VideoDecoder;
  delete globalThis.EncodedVideoChunk;
});

function stage() {
  const [shown, broken] = [[], []];
  const statistics = new Statistics();
  const painter = { show: (frame, onShown) => shown.push({ frame, onShown }) };
  const made = new VideoStage(painter, statistics, (...which) => broken.push(which));
  return { stage: made, shown, broken, statistics };
}

function unit(frameId, { isKeyframe = false, epoch = 0, bytes = 100, stream = STREAM } = {}) {
  const data = new Uint8Array(bytes);
  data.set(isKeyframe ? SPS : []);
  const timings = { capturedUs: 0, encodeStartedUs: 0, encodedUs: 0 };
  return { unit: { frameId, isKeyframe, epoch, data, captureUs: 0, timings }, stream, receivedUs: 0, releasedUs: 0 };
}

test("a stream begins with a keyframe, and its decoder is told what comes", () => {
  const { stage: each, shown, broken } = stage();
  each.take(unit(4), 0);
  assert.deepEqual(broken, [[0, 4]]);
  each.take(unit(5, { isKeyframe: true }), 0);
  each.take(unit(6), 0);
  const [decoder] = decoders;
  assert.equal(decoder.config.codec, "avc1.42c028");
  assert.equal(decoder.config.optimizeForLatency, true);
  assert.deepEqual(decoder.chunks.map(({ type }) => type), ["key", "delta"]);
  decoder.give();
  assert.equal(shown.length, 1);
});

test("after a hole nothing is decoded until the next keyframe, of another epoch neither", () => {
  const { stage: each, broken } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  each.take(unit(2), 0);
  each.take(unit(3), 0);
  each.take(unit(1, { epoch: 1 }), 0);
  assert.deepEqual(broken, [[0, 2], [0, 3], [1, 1]]);
  assert.equal(decoders[0].chunks.length, 1);
  each.take(unit(9, { isKeyframe: true }), 0);
  assert.equal(decoders.length, 1);
  assert.equal(decoders[0].chunks.length, 2);
});

test("frame ids go on modulo 2^32", () => {
  const { stage: each, broken } = stage();
  each.take(unit(0xffffffff, { isKeyframe: true }), 0);
  each.take(unit(0), 0);
  assert.deepEqual(broken, []);
});

test("another size begins another decoder", () => {
  const { stage: each } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  each.take(unit(0, { isKeyframe: true, epoch: 1, stream: { ...STREAM, epoch: 1, width: 800 } }), 0);
  assert.equal(decoders.length, 2);
  assert.equal(decoders[0].state, "closed");
});

test("a decoder that does not keep up is emptied, and begins again with a keyframe", () => {
  const { stage: each, broken, statistics } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  for (let id = 1; id < 16; id += 1) {
    each.take(unit(id), id / 60);
  }
  assert.ok(each.isBehind(0.5));
  assert.equal(decoders[0].state, "configured");
  each.take(unit(16), 0.5);
  assert.equal(decoders[0].state, "closed");
  assert.deepEqual(broken, [[0, 16]]);
  assert.equal(statistics.totals().picturesDropped, 16);
  each.take(unit(17, { isKeyframe: true }), 0.6);
  assert.equal(decoders[1].chunks.length, 1);
  assert.ok(!each.isBehind(0.6));
});

test("the bytes in the decoder are bounded too", () => {
  const { stage: each, broken } = stage();
  const bytes = 1_500_000;
  each.take(unit(0, { isKeyframe: true, bytes }), 0);
  each.take(unit(1, { bytes }), 0);
  each.take(unit(2, { bytes }), 0);
  each.take(unit(3, { bytes }), 0);
  assert.deepEqual(broken, [[0, 3]]);
});

test("pictures of a decoder that was given up are closed and not shown", () => {
  const { stage: each, shown } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  each.restart();
  assert.ok(decoders[0].give().isClosed);
  assert.equal(shown.length, 0);
});

test("a picture of another size than was announced is closed, and a keyframe asked for", () => {
  const { stage: each, shown, broken, statistics } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  assert.ok(decoders[0].give({ width: 4096 }).isClosed);
  assert.equal(shown.length, 0);
  assert.deepEqual(broken, [[0, 0]]);
  assert.equal(statistics.totals().decodesFailed, 1);
});

test("an error of the decoder asks for a keyframe, which gets another decoder", () => {
  const { stage: each, broken } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  decoders[0].error(new Error("bad bits"));
  assert.deepEqual(broken, [[0, 0]]);
  decoders[0].error(new Error("again"));
  assert.equal(broken.length, 1);
  each.take(unit(1, { isKeyframe: true }), 0);
  assert.equal(decoders.length, 2);
});

test("a keyframe without parameter sets is skipped, and another asked for", () => {
  const { stage: each, broken } = stage();
  const received = unit(0, { isKeyframe: true });
  received.unit.data = new Uint8Array(50);
  each.take(received, 0);
  assert.deepEqual(broken, [[0, 0]]);
});

test("nothing is decoded while nobody looks; then it begins anew with a keyframe", () => {
  const { stage: each, broken } = stage();
  each.take(unit(0, { isKeyframe: true }), 0);
  each.setHidden(true);
  assert.equal(decoders[0].state, "closed");
  each.take(unit(1), 0);
  each.take(unit(2, { isKeyframe: true }), 0);
  assert.equal(decoders.length, 1);
  assert.deepEqual(broken, []);
  each.setHidden(false);
  assert.deepEqual(broken, [[0, 2]]);
  each.take(unit(3), 0);
  assert.deepEqual(broken, [[0, 2], [0, 3]]);
  each.take(unit(4, { isKeyframe: true }), 0);
  assert.equal(decoders.length, 2);
});
