import assert from "node:assert/strict";
import test from "node:test";

import { bestShift, meanWait } from "../../../wavry/browser/video/screen_wait.js";

const SOFTWARE = { at: 1000, interval: 16, isImmediate: true };
const GPU = { ...SOFTWARE, isImmediate: false };

/** Times of one picture per refresh, so long after it. */
function steady(count, after, jitter = () => 0) {
  return Array.from({ length: count }, (_, index) => 1000 + 16 * index + after + jitter(index));
}

function near(actual, expected) {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);
}

test("without a GPU the first picture in a refresh is seen at once, the second one with the next", () => {
  near(meanWait([1001, 1017, 1033], SOFTWARE), 0);
  near(meanWait([1001, 1011], SOFTWARE), (0 + 5) / 2);
  near(meanWait([1001, 1005, 1011], SOFTWARE), (0 + 11 + 5) / 3);
});

test("once a picture had to wait, those that follow in each refresh wait too, until one is missing", () => {
  near(meanWait([1001, 1011, 1020, 1036, 1052], SOFTWARE), (0 + 5 + 12 + 12 + 12) / 5);
  near(meanWait([1001, 1011, 1020, 1052], SOFTWARE), (0 + 5 + 12 + 0) / 4);
  near(meanWait([1001, 1011, 1036], SOFTWARE), (0 + 5 + 0) / 3);
});

test("with a GPU a picture is seen with the next refresh for which it comes early enough", () => {
  near(meanWait([1001, 1017], GPU), 15);
  near(meanWait([1011, 1027], GPU), 5);
  near(meanWait([1014, 1030], GPU), 18);
});

test("pictures that wait are shifted to where they do not, and those that do not are left alone", () => {
  const jitter = (index) => [0, 5, -4, 2][index % 4];
  for (const refresh of [SOFTWARE, GPU]) {
    for (let after = 0; after < 16; after += 1) {
      const ready = steady(120, after, jitter);
      const { laterMs, gainMs } = bestShift(ready, refresh);
      const shifted = ready.map((each) => each + laterMs);
      assert.ok(laterMs >= 0 && laterMs < 16);
      assert.ok(gainMs >= 0);
      const every = Array.from({ length: 16 }, (_, shift) => meanWait(ready.map((each) => each + shift), refresh));
      assert.ok(meanWait(shifted, refresh) <= Math.min(...every) + 1.5, `${after}: ${laterMs}`);
      assert.ok(bestShift(shifted, refresh).gainMs < 1);
    }
  }
});

test("the times may be before or after the refresh that is known", () => {
  const ready = steady(120, 9, (index) => 3 * (index % 2));
  const found = bestShift(ready, GPU);
  for (const refreshes of [-500, 119, 4000]) {
    assert.deepEqual(bestShift(ready, { ...GPU, at: 1000 + 16 * refreshes }), found);
  }
});
