import assert from "node:assert/strict";
import test, { afterEach, beforeEach, mock } from "node:test";

import { Painter } from "../../../wavry/browser/video/painter.js";

let now;

beforeEach(() => {
  now = 0;
  mock.method(performance, "now", () => now);
  globalThis.ImageData = class {
    constructor(width, height) {
      Object.assign(this, { width, height, data: new Uint8ClampedArray(4 * width * height) });
    }
  };
});

afterEach(() => {
  mock.restoreAll();
  delete globalThis.ImageData;
});

function painter({ drawMs = 1, copyMs = 1, canCopy = true } = {}) {
  const ways = [];
  const context = {
    drawImage: () => {
      now += drawMs;
      ways.push("draw");
    },
    putImageData: () => ways.push("copy"),
  };
  const canvas = { width: 0, height: 0, getContext: () => context };
  const frame = (width = 4, height = 2) => ({
    displayWidth: width,
    displayHeight: height,
    isClosed: false,
    close() {
      this.isClosed = true;
    },
    async copyTo(data, { format }) {
      if (!canCopy) {
        throw new TypeError("no such format");
      }
      assert.equal(format, "RGBX");
      assert.equal(data.length, 4 * width * height);
      now += copyMs;
    },
  });
  return { painter: new Painter(canvas), ways, canvas, frame };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function showMany(each, frame, count) {
  for (let shown = 0; shown < count; shown += 1) {
    each.show(frame(), () => {});
    await settled();
  }
}

for (const [quicker, costs] of [["draw", { drawMs: 1, copyMs: 5 }], ["copy", { drawMs: 5, copyMs: 1 }]]) {
  test(`both ways are tried, then it is always the quicker one: ${quicker}`, async () => {
    const { painter: each, ways, frame } = painter(costs);
    await showMany(each, frame, 30);
    assert.ok(ways.includes("draw") && ways.includes("copy"));
    assert.deepEqual(new Set(ways.slice(12)), new Set([quicker]));
  });
}

test("a browser that converts no frames draws them", async () => {
  const { painter: each, ways, frame } = painter({ canCopy: false });
  await showMany(each, frame, 10);
  assert.deepEqual(ways, new Array(10).fill("draw"));
});

test("every picture is closed, and one that a newer one overtakes is not drawn", async () => {
  const { painter: each, ways, frame } = painter();
  const frames = [frame(), frame(), frame()];
  const shown = [];
  frames.forEach((one, index) => each.show(one, () => shown.push(index)));
  await settled();
  assert.ok(frames.every(({ isClosed }) => isClosed));
  assert.deepEqual(shown, [2]);
  assert.equal(ways.length, 1);
});

test("the canvas is as large as the picture, and another size is measured anew", async () => {
  const { painter: each, canvas, frame, ways } = painter({ drawMs: 5, copyMs: 1 });
  await showMany(each, frame, 20);
  assert.deepEqual([canvas.width, canvas.height], [4, 2]);
  ways.length = 0;
  await showMany(each, () => frame(6, 3), 20);
  assert.deepEqual([canvas.width, canvas.height], [6, 3]);
  assert.ok(ways.includes("draw"));
});
