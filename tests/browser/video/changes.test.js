import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";

import { changedRects, layoutOf } from "../../../wavry/browser/video/changes.js";
import { converterModule, PictureMemory } from "../../../wavry/browser/video/pixels.js";
import { FakeImageData, serveFiles } from "./fakes.js";

const SIZES = [[64, 96], [640, 360], [101, 67], [2, 2], [33, 31], [1366, 768]];

beforeEach(() => {
  globalThis.ImageData = FakeImageData;
  globalThis.fetch = serveFiles;
});

afterEach(() => {
  delete globalThis.ImageData;
});

/** Two pictures that are the same. */
async function pictures(width, height) {
  return new PictureMemory(await converterModule(), width, height);
}

function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Change a sample of a plane of the newer one; return which pixels of the picture it covers. */
function touch({ newer, layout }, plane, column, row) {
  const { offset, stride, share } = layout.planes[plane];
  newer[offset + row * stride + column] = 0x55;
  return { x: column * share, y: row * share };
}

for (const [width, height] of SIZES) {
  test(`${width}x${height}: every change is inside, wherever and in whatever plane`, async () => {
    const both = await pictures(width, height);
    const { planes } = both.layout;
    const chance = random(width * height);
    for (let round = 0; round < 200; round += 1) {
      both.newer.fill(0);
      const touched = [];
      for (let count = chance(4); count > 0; count -= 1) {
        const plane = chance(planes.length);
        const columns = Math.ceil(width / planes[plane].share);
        touched.push(touch(both, plane, chance(columns), chance(planes[plane].rows)));
      }
      const rects = changedRects(both, width, height);
      assert.equal(rects.length === 0, touched.length === 0);
      for (const { x, y } of touched) {
        const isChanged = rects.some((each) =>
          x >= each.x && x < each.x + each.width && y >= each.y && y < each.y + each.height);
        assert.ok(isChanged, `${x},${y} in ${JSON.stringify(rects)}`);
      }
      for (const each of rects) {
        assert.ok(each.x % 2 === 0 && each.y % 2 === 0);
        assert.ok(each.width > 0 && each.x + each.width <= width && each.y + each.height <= height);
        assert.ok(each.width % 2 === 0 || each.x + each.width === width);
      }
    }
  });
}

test("a typed character is a small rectangle, and what is far above or below another one", async () => {
  const both = await pictures(1920, 1080);
  touch(both, 0, 1000, 500);
  touch(both, 1, 20, 10);
  const rects = changedRects(both, 1920, 1080);
  assert.deepEqual(rects, [{ x: 0, y: 0, width: 64, height: 32 }, { x: 960, y: 480, width: 64, height: 32 }]);
});

test("a change of everything is the whole picture", async () => {
  const both = await pictures(640, 360);
  both.newer.fill(1);
  const rects = changedRects(both, 640, 360);
  assert.deepEqual(rects, [{ x: 0, y: 0, width: 640, height: 360 }]);
});

test("what is laid out for a picture holds its planes, padded to 64 columns, and no more", () => {
  const { planes, bytes } = layoutOf(64, 80);
  assert.equal(bytes, (64 * 80 * 3) / 2);
  assert.deepEqual(planes.map(({ offset }) => offset), [0, 64 * 80, (64 * 80 * 5) / 4]);
  assert.deepEqual(layoutOf(1366, 768).planes.map(({ stride, rows }) => [stride, rows]), [[1408, 768], [704, 384], [704, 384]]);
});

test("half a picture that moves, a column and something small beside it are not made a whole one", async () => {
  const both = await pictures(1920, 1080);
  for (let row = 0; row < 1080; row += 1) {
    for (let column = 960; column < 1920; column += 8) {
      touch(both, 0, column, row);
    }
    touch(both, 0, 200, row);
  }
  touch(both, 0, 600, 500);
  const rects = changedRects(both, 1920, 1080);
  assert.deepEqual(rects, [
    { x: 192, y: 0, width: 64, height: 1080 },
    { x: 960, y: 0, width: 960, height: 1080 },
    { x: 576, y: 480, width: 64, height: 32 },
  ]);
});

test("half a picture that moves is one rectangle, however ragged its edge", async () => {
  const both = await pictures(1920, 1080);
  for (let row = 0; row < 1080; row += 1) {
    for (let column = 960; column < 1920 - 64 * (Math.floor(row / 32) % 3); column += 8) {
      touch(both, 0, column, row);
    }
  }
  const rects = changedRects(both, 1920, 1080);
  assert.deepEqual(rects, [{ x: 960, y: 0, width: 960, height: 1080 }]);
});

test("a picture full of small changes is few rectangles", async () => {
  const both = await pictures(1920, 1080);
  for (let row = 0; row < 1080; row += 32) {
    for (let column = (row / 32) % 2 * 64; column < 1920; column += 128) {
      touch(both, 0, column, row);
    }
  }
  assert.ok(changedRects(both, 1920, 1080).length <= 68);
});
