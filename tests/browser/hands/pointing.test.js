import assert from "node:assert/strict";
import test from "node:test";

import { buttonPressed, buttonReleased, pointerAt, pointerMoved, scrolled } from "../../../wavry/browser/hands/deeds.js";
import { isInside, pointOf, shareOf } from "../../../wavry/browser/hands/geometry.js";
import { Pointer } from "../../../wavry/browser/hands/pointer.js";
import { Touch } from "../../../wavry/browser/hands/touch.js";
import { Wheel } from "../../../wavry/browser/hands/wheel.js";

const PICTURE = { width: 1280, height: 720 };

function view(scale, { left = 0, top = 0, pixelRatio = 1, picture = PICTURE } = {}) {
  const place = { x: left, y: top, width: picture.width * scale, height: picture.height * scale };
  return { place, picture, pixelRatio };
}

/** The pixel of the host that a share means. */
const pixel = (share, pixels) => Math.round((share * (pixels - 1)) / 65_535);

for (const [name, shown] of Object.entries({
  "its own size": view(1),
  "half": view(0.5),
  "one and a half": view(1.5),
  "letterboxed": view(0.78125, { top: 168.75 }),
  "panned": view(1, { left: -200, top: -100 }),
  "a dense screen": view(0.5, { pixelRatio: 2 }),
  "a screen of one and a half": view(1 / 1.5, { pixelRatio: 1.5 }),
  "an odd zoom": view(0.9, { left: 12.3, pixelRatio: 1.1 }),
})) {
  test(`a point of the picture means the pixel that is seen there: ${name}`, () => {
    const { place: { x: left, y: top, width, height }, pixelRatio } = shown;
    for (let step = 0; step < 997; step += 1) {
      const [dx, dy] = [Math.floor((width * pixelRatio * step) / 997), Math.floor((height * pixelRatio * step) / 997)];
      const [x, y] = [Math.ceil(left * pixelRatio) + dx, Math.ceil(top * pixelRatio) + dy];
      const [right, down] = shareOf(x / pixelRatio, y / pixelRatio, shown);
      const seen = [(x + 0.5) / pixelRatio - left, (y + 0.5) / pixelRatio - top];
      assert.ok(Math.abs(pixel(right, 1280) - Math.floor((seen[0] * 1280) / width)) <= 1);
      assert.ok(Math.abs(pixel(down, 720) - Math.floor((seen[1] * 720) / height)) <= 1);
      if (width * pixelRatio === 1280) {
        assert.equal(pixel(right, 1280), Math.min(x - left * pixelRatio, 1279));
      }
    }
  });

  test(`a place is drawn where it is pointed at: ${name}`, () => {
    for (const place of [[0, 0], [65_535, 65_535], [32_768, 1000]]) {
      const back = shareOf(...pointOf(...place, shown), shown);
      assert.ok(Math.abs(pixel(back[0], 1280) - pixel(place[0], 1280)) <= Math.max(1, 1280 / shown.place.width));
      assert.ok(Math.abs(pixel(back[1], 720) - pixel(place[1], 720)) <= Math.max(1, 720 / shown.place.height));
    }
  });
}

test("beside the picture its nearest edge is meant", () => {
  const shown = view(0.5, { left: 100, top: 50 });
  assert.deepEqual(shareOf(3, 4, shown), [0, 0]);
  assert.deepEqual(shareOf(5000, 4000, shown), [65_535, 65_535]);
  assert.ok(isInside(100, 50, shown) && isInside(739, 409, shown));
  assert.ok(!isInside(99, 50, shown) && !isInside(740, 409, shown));
});

test("a picture of one pixel has one place", () => {
  assert.deepEqual(shareOf(5, 5, view(10, { picture: { width: 1, height: 1 } })), [0, 0]);
});

function pointer(shown = view(1)) {
  const deeds = [];
  return [new Pointer((deed) => deeds.push(deed), () => shown), deeds];
}

const NOWHERE = { clientX: 0, clientY: 0, movementX: 0, movementY: 0, button: -1 };
const mouse = (buttons, rest = {}) => ({ ...NOWHERE, buttons, ...rest });

test("all five buttons go down and up as the wire numbers them, each at its place", () => {
  const [hand, deeds] = pointer();
  for (const buttons of [1, 3, 2, 6, 4, 12, 8, 24, 16, 0]) {
    hand.handle(mouse(buttons));
  }
  const clicks = deeds.filter(({ deed }) => deed !== "pointerAt");
  assert.deepEqual(clicks, [
    buttonPressed(1), buttonPressed(3), buttonReleased(1), buttonPressed(2), buttonReleased(3),
    buttonPressed(4), buttonReleased(2), buttonPressed(5), buttonReleased(4), buttonReleased(5),
  ]);
  assert.deepEqual(deeds[0], pointerAt(0, 0));
});

test("without a picture nothing is pressed, but what is down goes up", () => {
  let shown = view(1);
  const deeds = [];
  const hand = new Pointer((deed) => deeds.push(deed), () => shown);
  hand.handle(mouse(1));
  shown = null;
  hand.handle(mouse(3));
  hand.handle(mouse(2));
  assert.deepEqual(deeds, [pointerAt(0, 0), buttonPressed(1), buttonReleased(1)]);
});

test("a locked pointer moves by whole counts and loses no fraction", () => {
  const [hand, deeds] = pointer();
  hand.isLocked = true;
  for (let step = 0; step < 8; step += 1) {
    hand.handle(mouse(0, { movementX: 0.5, movementY: -0.25 }));
  }
  hand.handle(mouse(1, { button: 0, movementX: 50 }));
  assert.deepEqual(deeds.pop(), buttonPressed(1));
  const sum = deeds.reduce(([x, y], { dx, dy }) => [x + dx, y + dy], [0, 0]);
  assert.deepEqual(sum, [4, -2]);
  assert.deepEqual(deeds[0], pointerMoved(1, 0));
});

test("a notch is a notch, whatever the browser counts in", () => {
  assert.deepEqual(new Wheel().turn({ deltaMode: 0, deltaX: 0, deltaY: 100 }), [0, -120]);
  assert.deepEqual(new Wheel().turn({ deltaMode: 1, deltaX: 3, deltaY: 0 }), [120, 0]);
  assert.deepEqual(new Wheel().turn({ deltaMode: 2, deltaX: 0, deltaY: -1 }), [0, 120]);
  const chromium = { deltaMode: 0, deltaX: 53, deltaY: -53, wheelDeltaX: -120, wheelDeltaY: 120 };
  assert.deepEqual(new Wheel().turn(chromium), [120, 120]);
});

test("fractions of a notch add up", () => {
  const wheel = new Wheel();
  let [right, up] = [0, 0];
  for (let step = 0; step < 300; step += 1) {
    const turned = wheel.turn({ deltaMode: 0, deltaX: 0.1, deltaY: -1 / 3 });
    right += turned[0];
    up += turned[1];
    assert.ok(turned.every(Number.isInteger));
  }
  assert.deepEqual([right, up], [36, 120]);
});

/** Fingers, with a clock that is moved by hand. */
function fingers() {
  const deeds = [];
  const timers = new Set();
  const touch = new Touch((deed) => deeds.push(deed), () => view(1), (callback) => {
    timers.add(callback);
    return () => timers.delete(callback);
  });
  const at = (type, id, x, y) => touch.handle({ type: `pointer${type}`, pointerId: id, clientX: x, clientY: y });
  const wait = () => timers.forEach((callback) => { timers.delete(callback); callback(); });
  const kinds = () => deeds.map(({ deed, button }) => (button === undefined ? deed : `${deed} ${button}`));
  return { deeds, at, wait, kinds, touch };
}

test("a tap is a click where the finger is", () => {
  const { at, deeds, kinds } = fingers();
  at("down", 7, 10, 20);
  at("move", 7, 13, 22);
  at("up", 7, 13, 22);
  assert.deepEqual(kinds(), ["pointerAt", "buttonPressed 1", "buttonReleased 1"]);
  assert.deepEqual([pixel(deeds[0].x, 1280), pixel(deeds[0].y, 720)], [10, 20]);
});

test("a long press is a click of the right button, and its end is nothing more", () => {
  const { at, wait, kinds } = fingers();
  at("down", 7, 10, 20);
  wait();
  at("move", 7, 100, 100);
  at("up", 7, 100, 100);
  assert.deepEqual(kinds(), ["pointerAt", "buttonPressed 3", "buttonReleased 3"]);
});

test("a finger that moves drags from where it came down", () => {
  const { at, wait, kinds, deeds } = fingers();
  at("down", 7, 10, 20);
  at("move", 7, 40, 20);
  wait();
  at("up", 7, 40, 20);
  assert.deepEqual(kinds(), ["pointerAt", "buttonPressed 1", "pointerAt", "buttonReleased 1"]);
  assert.equal(pixel(deeds[2].x, 1280), 40);
});

test("two fingers scroll with the content, and the last of them does not click", () => {
  const { at, deeds, kinds } = fingers();
  at("down", 1, 100, 100);
  at("down", 2, 200, 100);
  for (let y = 99; y >= 60; y -= 1) {
    at("move", 1, 100, y);
    at("move", 2, 200, y);
  }
  at("up", 1, 100, 60);
  at("up", 2, 200, 60);
  assert.equal(deeds.filter(({ deed }) => deed === "scrolled").reduce((sum, { vertical }) => sum + vertical, 0), -120);
  assert.deepEqual(new Set(kinds()), new Set(["pointerAt", "scrolled"]));
  assert.deepEqual(deeds[1], scrolled(0, -1));
});

test("a touch that the browser takes away does not click", () => {
  const { at, kinds } = fingers();
  at("down", 1, 100, 100);
  at("cancel", 1, 100, 100);
  at("down", 2, 100, 100);
  at("up", 2, 100, 100);
  assert.deepEqual(kinds(), ["pointerAt", "pointerAt", "buttonPressed 1", "buttonReleased 1"]);
});
