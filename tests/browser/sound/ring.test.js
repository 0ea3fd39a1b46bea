import assert from "node:assert/strict";
import { test } from "node:test";

import { RING_FRAMES, RemoteRing, Ring } from "../../../wavry/browser/sound/ring.js";

function ringOf(channels) {
  return new Ring(new ArrayBuffer(Ring.bytesFor(channels)), channels);
}

function counting(from, frames) {
  return Float32Array.from({ length: frames }, (_, frame) => from + frame);
}

test("frames come out in the order they went in, across the ring's end and the wrap of its counters", () => {
  const ring = ringOf(2);
  new Int32Array(ring.buffer)[0] = 2 ** 31 - 1000; // written
  new Int32Array(ring.buffer)[1] = 2 ** 31 - 1000; // read
  const planes = [new Float32Array(128), new Float32Array(128)];
  let written = 0;
  let read = 0;
  for (let round = 0; round < 500; round += 1) {
    assert.equal(ring.write([counting(written, 240), counting(-written - 239, 240).reverse()], 240), true);
    written += 240;
    while (ring.waiting >= 128) {
      assert.equal(ring.read(planes, 128), 128);
      assert.deepEqual(planes[0], counting(read, 128));
      assert.equal(planes[1][5], -(read + 5));
      read += 128;
    }
  }
  assert.ok(written > 4 * RING_FRAMES);
});

test("what does not fit is refused whole", () => {
  const ring = ringOf(1);
  const block = [counting(0, 1000)];
  for (let round = 0; round < 8; round += 1) {
    assert.equal(ring.write(block, 1000), true);
  }
  assert.equal(ring.write(block, 1000), false);
  assert.equal(ring.waiting, 8000);
});

test("what the card took are frames and gaps, and a gap is counted where it begins", () => {
  const ring = ringOf(1);
  ring.write([counting(0, 300)], 300);
  ring.read([new Float32Array(300)], 300);
  ring.noteDry(128, true);
  ring.noteDry(128, false);
  assert.equal(ring.taken, 556);
  assert.equal(ring.dry, 256);
  assert.equal(ring.underruns, 1);
});

test("two rings over one memory are one", () => {
  const writer = new Ring(new SharedArrayBuffer(Ring.bytesFor(1)), 1);
  const reader = new Ring(writer.buffer, 1);
  writer.write([counting(7, 10)], 10);
  const plane = new Float32Array(10);
  assert.equal(reader.read([plane], 10), 10);
  assert.deepEqual(plane, counting(7, 10));
  assert.equal(writer.waiting, 0);
});

test("without shared memory frames go by messages, and the counters come back", async () => {
  const { port1, port2 } = new MessageChannel();
  const reader = ringOf(1);
  const told = new Promise((resolve) => {
    port2.onmessage = ({ data }) => {
      reader.write(data, data[0].length);
      resolve();
    };
  });
  const writer = new RemoteRing(port1, 1);
  writer.write([counting(3, 50)], 40);
  await told;
  assert.equal(reader.waiting, 40);
  reader.read([new Float32Array(30)], 30);
  const counted = new Promise((resolve) => {
    const take = port1.onmessage;
    port1.onmessage = (event) => {
      take(event);
      resolve();
    };
  });
  port2.postMessage(reader.counters());
  await counted;
  assert.equal(writer.waiting, 10);
  assert.equal(writer.taken, 30);
  port1.close();
});
