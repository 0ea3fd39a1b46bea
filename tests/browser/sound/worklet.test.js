import assert from "node:assert/strict";
import { before, test } from "node:test";

import { Ring } from "../../../wavry/browser/sound/ring.js";

const QUANTUM = 128;
let RingPlayer;

before(async () => {
  globalThis.currentFrame = 0;
  globalThis.AudioWorkletProcessor = class {
    port = {};
  };
  globalThis.registerProcessor = (name, processor) => {
    RingPlayer = processor;
  };
  await import("../../../wavry/browser/sound/worklet.js");
});

/** A processor, its ring, and what came out of it. */
function playing() {
  const ring = new Ring(new SharedArrayBuffer(Ring.bytesFor(2)), 2);
  const processor = new RingPlayer({ processorOptions: { buffer: ring.buffer, channels: 2 } });
  const heard = [];
  const go = (quanta) => {
    for (let quantum = 0; quantum < quanta; quantum += 1) {
      const output = [new Float32Array(QUANTUM).fill(9), new Float32Array(QUANTUM).fill(9)];
      assert.equal(processor.process([], [output]), true);
      heard.push(...output[1]);
      globalThis.currentFrame += QUANTUM;
    }
  };
  const give = (frames) => ring.write([new Float32Array(frames), new Float32Array(frames).fill(0.8)], frames);
  return { ring, processor, heard, go, give };
}

test("a gap is faded out and in within a millisecond each, and counted", () => {
  const { ring, heard, go, give } = playing();
  go(2);
  give(1000);
  go(12); // 1000 frames and 536 of silence
  give(1000);
  go(5);
  assert.deepEqual(heard.slice(0, 2 * QUANTUM), new Array(2 * QUANTUM).fill(0));
  for (let frame = 1; frame < heard.length; frame += 1) {
    assert.ok(Math.abs(heard[frame] - heard[frame - 1]) < 0.03, `a step at ${frame}`);
  }
  const gap = heard.slice(2 * QUANTUM + 1000, 2 * QUANTUM + 1536);
  assert.ok(gap.slice(48).every((sample) => sample === 0));
  assert.ok(Math.abs(heard.at(-1) - 0.8) < 1e-6);
  assert.equal(ring.dry, 2 * QUANTUM + 536);
  assert.equal(ring.underruns, 1);
});

test("a fade goes on in the next quantum where one is too short for it", () => {
  const { heard, go, give } = playing();
  give(QUANTUM - 8);
  go(2);
  const after = heard.slice(QUANTUM - 8);
  assert.ok(after[8] > 0.5 && after[8] < 0.8);
  assert.equal(after[48], 0);
});

test("the frame at which it begins is that of its context", () => {
  globalThis.currentFrame = 5 * QUANTUM;
  const { ring, go } = playing();
  go(3);
  assert.equal(ring.began, 5 * QUANTUM);
});

test("it ends when it is told to", () => {
  const { processor, go } = playing();
  go(1);
  processor.port.onmessage({ data: {} });
  assert.equal(processor.process([], [[new Float32Array(QUANTUM), new Float32Array(QUANTUM)]]), false);
});

test("without shared memory it writes what comes, and tells how far it is", () => {
  const processor = new RingPlayer({ processorOptions: { channels: 1 } });
  const told = [];
  const port = { postMessage: (counters) => told.push(counters) };
  processor.port.onmessage({ data: { port } });
  port.onmessage({ data: [new Float32Array(300).fill(0.5)] });
  const output = [new Float32Array(QUANTUM)];
  processor.process([], [output]);
  processor.process([], [output]);
  assert.ok(output[0].every((sample) => sample === 0.5));
  assert.equal(told.length, 1);
  assert.equal(told[0][1], 2 * QUANTUM); // read
});
