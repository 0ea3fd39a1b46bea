import assert from "node:assert/strict";
import test, { afterEach, before, beforeEach, mock } from "node:test";

import { Painter } from "../../../wavry/browser/video/painter.js";
import { RemotePainter } from "../../../wavry/browser/video/remote_painter.js";
import { converterModule } from "../../../wavry/browser/video/pixels.js";
import { Converting } from "../../../wavry/browser/video/ways.js";
import { FakeImageData, serveFiles } from "./fakes.js";

const [WIDTH, HEIGHT] = [48, 80];
let now;

before(async () => {
  globalThis.fetch = serveFiles;
  await converterModule();
});

beforeEach(() => {
  now = 0;
  mock.method(performance, "now", () => now);
  globalThis.ImageData = FakeImageData;
});

afterEach(() => {
  mock.restoreAll();
  delete globalThis.ImageData;
});

/** A canvas that remembers what was put on it. */
class FakeCanvas {
  width = 0;
  height = 0;
  ways = [];
  shown = new Uint8ClampedArray(0);
  drawMs = 1;

  getContext() {
    return this;
  }

  drawImage(frame) {
    now += this.drawMs;
    this.ways.push("draw");
    this.shown = frame.converted();
  }

  putImageData({ data, width }, dx, dy, x, y, across, down) {
    this.ways.push("copy");
    if (this.shown.length !== 4 * this.width * this.height) {
      this.shown = new Uint8ClampedArray(4 * this.width * this.height);
    }
    for (let row = y; row < y + down; row += 1) {
      const begin = 4 * (row * width + x);
      this.shown.set(data.subarray(begin, begin + 4 * across), 4 * (row * this.width + x));
    }
  }
}

/** A decoded picture; to convert one takes as long as it says. */
class FakeFrame {
  isClosed = false;
  format = "I420";
  colorSpace = { matrix: "bt709", fullRange: false };

  constructor(planes, { width = WIDTH, height = HEIGHT, copyMs = 1, canCopy = true } = {}) {
    Object.assign(this, { displayWidth: width, displayHeight: height, copyMs, canCopy });
    this.visibleRect = { x: 0, y: 0, width, height };
    const pixels = width * height;
    this.planes = planes ?? [pixels, pixels / 4, pixels / 4].map((samples) => new Uint8Array(samples));
  }

  /** Return what the browser itself makes of it. */
  converted() {
    const pixels = [];
    const [luma, blueness, redness] = this.planes;
    for (let at = 0; at < luma.length; at += 1) {
      const [row, column] = [Math.floor(at / this.displayWidth), at % this.displayWidth];
      const half = (row >> 1) * (this.displayWidth / 2) + (column >> 1);
      pixels.push(...asPixel(luma[at], blueness[half], redness[half]));
    }
    return new Uint8ClampedArray(pixels);
  }

  async copyTo(target, { layout }) {
    if (!this.canCopy) {
      throw new TypeError("no such format");
    }
    now += this.copyMs;
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    this.planes.forEach((plane, index) => {
      const width = index === 0 ? this.displayWidth : this.displayWidth / 2;
      for (let row = 0; row * width < plane.length; row += 1) {
        const { offset, stride } = layout[index];
        bytes.set(plane.subarray(row * width, (row + 1) * width), offset + row * stride);
      }
    });
  }

  close() {
    this.isClosed = true;
  }
}

/** BT.709 in whole numbers, as `pixels.wat` reckons it. */
function asPixel(luma, blueness, redness) {
  const scaled = (sample, factor) => Math.floor((sample * 128 * factor + 16384) / 32768);
  const [y, u, v] = [luma - 16, blueness - 128, redness - 128];
  const bright = scaled(y, 9539) + 16;
  const sums = [scaled(v, 14686), scaled(u, -1747) + scaled(v, -4366), scaled(u, 17305)];
  return [...sums.map((sum) => (bright + sum) >> 5), 255];
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function showMany(painter, frame, count) {
  for (let shown = 0; shown < count; shown += 1) {
    painter.show(frame(), () => {});
    await settled();
  }
}

/** Frames of which each differs from the one before in its first sample. */
function changing(options) {
  let count = 0;
  return () => {
    const frame = new FakeFrame(undefined, options);
    frame.planes[0][0] = count += 1;
    return frame;
  };
}

for (const [cheaper, drawMs, copyMs] of [["draw", 1, 5], ["copy", 5, 1], ["copy", 2, 3]]) {
  test(`both ways are tried, then it is always the cheaper one: ${cheaper}, of ${drawMs} and ${copyMs} ms`, async () => {
    const canvas = new FakeCanvas();
    canvas.drawMs = drawMs;
    await showMany(new Painter(canvas), changing({ copyMs }), 30);
    assert.ok(canvas.ways.includes("draw") && canvas.ways.includes("copy"));
    assert.deepEqual(new Set(canvas.ways.slice(12)), new Set([cheaper]));
  });
}

test("a browser that converts no frames draws them", async () => {
  const canvas = new FakeCanvas();
  await showMany(new Painter(canvas), changing({ canCopy: false }), 20);
  assert.deepEqual(canvas.ways, new Array(20).fill("draw"));
});

test("a way that fails after it was chosen is left for plain drawing, and nothing is stuck", async () => {
  const canvas = new FakeCanvas();
  canvas.drawMs = 5;
  const painter = new Painter(canvas);
  await showMany(painter, changing(), 20);
  canvas.ways.length = 0;
  await showMany(painter, changing({ canCopy: false }), 3);
  assert.deepEqual(canvas.ways, ["draw", "draw", "draw"]);
});

test("a frame that can't be drawn at all is closed, and the next one is drawn", async () => {
  const canvas = new FakeCanvas();
  const painter = new Painter(canvas);
  const broken = new FakeFrame(undefined, { canCopy: false });
  broken.converted = () => {
    throw new TypeError("no picture in it");
  };
  const shown = [];
  painter.show(broken, (isShown) => shown.push(isShown));
  await settled();
  assert.ok(broken.isClosed);
  painter.show(new FakeFrame(), (isShown) => shown.push(isShown));
  await settled();
  assert.deepEqual(shown, [false, true]);
});

test("the painter has one picture, one waits, and those that a newer one overtakes are closed", () => {
  const [sent, shown] = [[], []];
  const worker = { postMessage: (message) => sent.push(message) };
  const painter = new RemotePainter(worker, "canvas");
  const frames = [new FakeFrame(), new FakeFrame(), new FakeFrame(), new FakeFrame()];
  frames.slice(0, 3).forEach((frame, index) => painter.show(frame, () => shown.push(index)));
  assert.deepEqual(sent, [{ canvas: "canvas" }, { frame: frames[0] }]);
  assert.ok(frames[1].isClosed && !frames[2].isClosed);
  worker.onmessage({ data: { shown: true } });
  assert.equal(sent.at(-1).frame, frames[2]);
  worker.onmessage({ data: { shown: false } });
  painter.show(frames[3], () => shown.push(3));
  worker.onmessage({ data: { shown: true } });
  assert.deepEqual(shown, [0, 3]);
});

test("every picture is closed, and one that a newer one overtakes is not drawn", async () => {
  const canvas = new FakeCanvas();
  const painter = new Painter(canvas);
  const frames = [new FakeFrame(), new FakeFrame(), new FakeFrame()];
  const shown = [];
  frames.forEach((one, index) => painter.show(one, () => shown.push(index)));
  await settled();
  assert.ok(frames.every(({ isClosed }) => isClosed));
  assert.deepEqual(shown, [2]);
  assert.equal(canvas.ways.length, 1);
});

test("the canvas is as large as the picture, and another size is measured anew", async () => {
  const canvas = new FakeCanvas();
  canvas.drawMs = 5;
  const painter = new Painter(canvas);
  await showMany(painter, changing(), 20);
  assert.deepEqual([canvas.width, canvas.height], [WIDTH, HEIGHT]);
  canvas.ways.length = 0;
  await showMany(painter, changing({ width: 64, height: 32 }), 20);
  assert.deepEqual([canvas.width, canvas.height], [64, 32]);
  assert.ok(canvas.ways.includes("draw"));
});

test("through trials and changes of any kind the canvas shows what the newest frame has", async () => {
  for (const [drawMs, copyMs] of [[1, 5], [5, 1]]) {
    const canvas = new FakeCanvas();
    canvas.drawMs = drawMs;
    const painter = new Painter(canvas);
    let planes = new FakeFrame().planes;
    let state = 7;
    const chance = (below) => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;
    for (let count = 0; count < 60; count += 1) {
      planes = planes.map((plane) => plane.slice());
      for (let changes = chance(5); changes > 0; changes -= 1) {
        const plane = planes[chance(3)];
        plane[chance(plane.length)] ^= 0xff; // now and then back to what it was
      }
      const frame = new FakeFrame(planes, { copyMs });
      painter.show(frame, () => {});
      await settled();
      assert.deepEqual(canvas.shown, frame.converted(), `${count}`);
    }
  }
});

test("nothing is put on the canvas for a frame that is the same", async () => {
  const canvas = new FakeCanvas();
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const way = new Converting(canvas);
  await way.draw(new FakeFrame());
  assert.equal(canvas.ways.length, 1);
  await way.draw(new FakeFrame());
  assert.equal(canvas.ways.length, 1);
  way.forget();
  await way.draw(new FakeFrame());
  assert.equal(canvas.ways.length, 2);
});
