import assert from "node:assert/strict";
import { test } from "node:test";

import { DeviceClock } from "../../../wavry/browser/sound/device_clock.js";

test("a card that takes bursts needs what it takes at once, on an even beat", () => {
  const clock = new DeviceClock();
  const needed = [];
  for (let step = 0; step < 1000; step += 1) {
    const now = 500 + step * 0.001;
    const taken = Math.floor((step * 48) / 512 + 1) * 512; // 512 at once, the first at the beginning
    clock.note(taken, now);
    needed.push(clock.needed(now) - step * 48);
  }
  for (const each of needed.slice(20)) {
    assert.ok(Math.abs(each - 512) < 50, `${each}`);
  }
});

test("after a stop the beat begins anew within half a second", () => {
  const clock = new DeviceClock();
  clock.note(48_000, 10);
  clock.note(48_000, 12); // nothing was taken for two seconds
  for (let step = 0; step <= 600; step += 1) {
    clock.note(48_000 + step * 48, 12 + step * 0.001);
  }
  assert.ok(Math.abs(clock.needed(12.6) - 76_800) < 1);
});

test("the card's counter may wrap", () => {
  const clock = new DeviceClock();
  for (let step = 0; step < 200; step += 1) {
    clock.note((2 ** 31 - 2400 + step * 48) | 0, step * 0.001);
  }
  const later = clock.needed(0.199);
  clock.note((2 ** 31 - 2400 + 300 * 48) | 0, 0.3);
  assert.ok(Math.abs(clock.needed(0.3) - later - 101 * 48) < 1);
});
