import assert from "node:assert/strict";
import test from "node:test";

import { measureRefresh } from "../../../wavry/browser/window/refresh.js";

/** A window whose animation frames come at these times. */
function framesAt(times) {
  const left = [...times];
  return {
    performance: { timeOrigin: 1_000_000 },
    requestAnimationFrame: (told) => queueMicrotask(() => told(left.shift())),
  };
}

const rounded = (time) => Math.round(time * 10) / 10;

test("the interval is told to a hundredth though times are rounded", async () => {
  const times = Array.from({ length: 13 }, (_, index) => rounded(5000 + (index * 1000) / 60));
  const { at, interval } = await measureRefresh(framesAt(times));
  assert.equal(at, 1_000_000 + times.at(-1));
  assert.ok(Math.abs(interval - 1000 / 60) < 0.01, `${interval}`);
});

test("refreshes that the page has missed are none of its own", async () => {
  const numbers = [0, 1, 2, 4, 5, 8, 9, 10, 11, 12, 14, 15, 16];
  const { interval } = await measureRefresh(framesAt(numbers.map((number) => rounded(5000 + number * 6.944))));
  assert.ok(Math.abs(interval - 6.944) < 0.01, `${interval}`);
});
