import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { converterModule, PictureMemory } from "../../../wavry/browser/video/pixels.js";
import { FakeImageData, serveFiles } from "./fakes.js";

const SIZES = [[16, 2], [48, 80], [102, 66], [1366, 8]];

beforeEach(() => {
  globalThis.ImageData = FakeImageData;
  globalThis.fetch = serveFiles;
});

afterEach(() => {
  delete globalThis.ImageData;
});

function fill(memory, sampleOf) {
  const bytes = new Uint8Array(memory.newer.buffer, memory.newer.byteOffset, memory.newer.byteLength);
  memory.layout.planes.forEach(({ offset, stride, rows }, index) => {
    for (let at = 0; at < stride * rows; at += 1) {
      bytes[offset + at] = sampleOf(index, at % stride, Math.floor(at / stride));
    }
  });
}

/** ITU-R BT.709-6, limited range, of one pixel. */
function reference(luma, blueness, redness) {
  const bright = (255 / 219) * (luma - 16);
  const [u, v] = [(blueness - 128) / 224, (redness - 128) / 224];
  const red = bright + 255 * 1.5748 * v;
  const blue = bright + 255 * 1.8556 * u;
  const green = bright - (255 * (0.2126 * 1.5748 * v + 0.0722 * 1.8556 * u)) / 0.7152;
  return [red, green, blue].map((value) => Math.min(255, Math.max(0, value)));
}

for (const [width, height] of SIZES) {
  test(`${width}x${height}: every pixel is BT.709 to one step, opaque, and what was not asked for is left alone`, async () => {
    const memory = new PictureMemory(await converterModule(), width, height);
    memory.turn(); // the other of the two is converted as well
    const samples = (plane, column, row) => (plane * 85 + column * 37 + row * 101 + column * row * 7) & 255;
    fill(memory, samples);
    const half = { x: 0, y: 0, width, height: height / 2 };
    memory.convert(half);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const at = 4 * (row * memory.image.width + column);
        const pixel = [...memory.image.data.subarray(at, at + 4)];
        if (row >= height / 2) {
          assert.deepEqual(pixel, [0, 0, 0, 0]);
          continue;
        }
        const [u, v] = [1, 2].map((plane) => samples(plane, column >> 1, row >> 1));
        reference(samples(0, column, row), u, v).forEach((wanted, channel) => {
          assert.ok(Math.abs(pixel[channel] - wanted) <= 1, `${column},${row}: ${pixel} is not ${wanted}`);
        });
        assert.equal(pixel[3], 255);
      }
    }
  });
}

test("every luma with every chroma is within one step", async () => {
  const memory = new PictureMemory(await converterModule(), 512, 256);
  for (let redness = 0; redness < 256; redness += 15) {
    fill(memory, (plane, column, row) => [row, column, redness][plane]);
    memory.convert({ x: 0, y: 0, width: 512, height: 256 });
    for (let at = 0; at < 512 * 256; at += 1) {
      const wanted = reference(at >> 9, (at & 511) >> 1, redness);
      const error = Math.max(...wanted.map((value, channel) => Math.abs(value - memory.image.data[4 * at + channel])));
      assert.ok(error <= 1, `${at >> 9}, ${(at & 511) >> 1}, ${redness}: off by ${error}`);
    }
  }
});

test("a part in the middle is converted, and no more than the rest of its groups of sixteen", async () => {
  const memory = new PictureMemory(await converterModule(), 128, 32);
  fill(memory, () => 235);
  memory.convert({ x: 38, y: 4, width: 30, height: 6 });
  const touched = [];
  for (let at = 0; at < 128 * 32; at += 1) {
    if (memory.image.data[4 * at + 3] !== 0) {
      touched.push([at % 128, Math.floor(at / 128)]);
    }
  }
  assert.deepEqual(touched.at(0), [32, 4]);
  assert.deepEqual(touched.at(-1), [79, 9]);
  assert.equal(touched.length, 48 * 6);
});
