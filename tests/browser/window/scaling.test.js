import assert from "node:assert/strict";
import test from "node:test";

import { ScaleMode, drawnAt, nextMode, placed, pushed } from "../../../wavry/browser/window/scaling.js";

const HD = { width: 1920, height: 1080 };

test("fit keeps the shape and is in the middle", () => {
  assert.deepEqual(placed(HD, { width: 960, height: 960 }), { x: 0, y: 210, width: 960, height: 540 });
  assert.deepEqual(placed(HD, { width: 3840, height: 1080 }), { x: 960, y: 0, width: 1920, height: 1080 });
});

test("a picture that almost fits is drawn in its own size, around the same middle", () => {
  const place = placed(HD, { width: 1919, height: 1079 });
  assert.deepEqual(place, { x: 0, y: 0, width: 1918, height: 1079 });
  assert.deepEqual(drawnAt(HD, place), { x: -1, y: 0, ...HD });
  assert.deepEqual(drawnAt(HD, placed(HD, { width: 1922, height: 1082 })), { x: 1, y: 0, ...HD });
  const smaller = placed(HD, { width: 1917, height: 1080 });
  assert.deepEqual(drawnAt(HD, smaller), smaller);
});

test("drawn in its own size, no pixel is more than one from where pointing puts it", () => {
  let count = 0;
  for (let room = 1910; room < 1930; room += 1) {
    const place = placed(HD, { width: room, height: 1080 + room - 1920 });
    const drawn = drawnAt(HD, place);
    for (const pixel of drawn === place ? [] : [0, 1, 959, 960, 1918, 1919]) {
      const pointed = ((drawn.x + pixel + 0.5 - place.x) / place.width) * HD.width - 0.5;
      assert.ok(Math.abs(pointed - pixel) <= 1.01, `${room}: ${pixel} is taken for ${pointed}`);
      count += 1;
    }
  }
  assert.ok(count > 0);
});

test("1:1 is the picture's own size, panned where it is larger", () => {
  const room = { width: 1000, height: 2000 };
  assert.deepEqual(placed(HD, room, ScaleMode.ONE_TO_ONE), { x: -460, y: 460, ...HD });
  assert.equal(placed(HD, room, ScaleMode.ONE_TO_ONE, { x: 0, y: 0 }).x + 0, 0);
  assert.equal(placed(HD, room, ScaleMode.ONE_TO_ONE, { x: 1, y: 0 }).x, -920);
});

test("whole multiples, and as fit where not even once fits", () => {
  const small = { width: 640, height: 400 };
  assert.equal(placed(small, { width: 2000, height: 2000 }, ScaleMode.INTEGER).width, 1920);
  assert.equal(placed(HD, { width: 960, height: 540 }, ScaleMode.INTEGER).width, 960);
});

test("the modes go round", () => {
  const seen = [ScaleMode.FIT];
  while (seen.length < 4) {
    seen.push(nextMode(seen.at(-1)));
  }
  assert.deepEqual(seen, [ScaleMode.FIT, ScaleMode.ONE_TO_ONE, ScaleMode.INTEGER, ScaleMode.FIT]);
});

test("the pointer pushes a larger picture at the edges alone, to its end and no further", () => {
  assert.equal(pushed(0.5, 500, 1920, 1000), 0.5);
  assert.ok(pushed(0.5, 999, 1920, 1000) > 0.5);
  assert.ok(pushed(0.5, 0, 1920, 1000) < 0.5);
  assert.equal(pushed(0.999, 999, 1920, 1000), 1);
  assert.equal(pushed(0.001, 0, 1920, 1000), 0);
  assert.equal(pushed(0.5, 999, 800, 1000), 0.5);
});
