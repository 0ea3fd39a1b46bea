import assert from "node:assert/strict";
import { test } from "node:test";

import { Playout } from "../../../wavry/browser/rift/playout.js";

function received(captureS, transitS, bytes = 100) {
  const timings = { capturedUs: 0, encodeStartedUs: 0, encodedUs: 0 };
  const unit = { data: new Uint8Array(bytes), captureUs: Math.round(captureS * 1e6), timings };
  return { unit, firstArrivalAt: captureS + transitS, completedAt: captureS + transitS };
}

/** Play frames at 60 per second; return how long each was held beyond its arrival. */
function holds(playout, transits) {
  return transits.map((transitS, number) => {
    const captureS = number / 60;
    playout.add(received(captureS, transitS), captureS + transitS);
    const dueAt = playout.nextDueAt;
    playout.takeDue(dueAt);
    return Math.max(0, dueAt - captureS - transitS);
  });
}

test("on a steady link nothing is held", () => {
  assert(holds(new Playout(), new Array(100).fill(0.03)).every((hold) => hold < 1e-6));
});

test("where frames come unevenly, those that are quick wait for as long as 19 of 20 need", () => {
  const playout = new Playout();
  const transits = Array.from({ length: 180 }, (_, number) => (number % 5 === 0 ? 0.06 : 0.03));
  const late = holds(playout, transits).slice(-5);
  assert(Math.abs(playout.holdS - (0.03 - 1 / 60)) < 1e-6);
  assert(late.some((hold) => Math.abs(hold - playout.holdS) < 1e-6));
});

test("unevenness of less than a frame is left to the screen", () => {
  const playout = new Playout();
  holds(playout, Array.from({ length: 180 }, (_, number) => (number % 2 ? 0.045 : 0.03)));
  assert.equal(playout.holdS, 0);
});

test("no frame is held for longer than the bound, unless sound is late", () => {
  const playout = new Playout({ maxHoldS: 0.05 });
  holds(playout, Array.from({ length: 180 }, (_, number) => (number % 2 ? 0.5 : 0.03)));
  assert.equal(playout.holdS, 0.05);
  playout.extraHoldS = 0.1;
  playout.add(received(10, 0.03), 10.03);
  assert(playout.nextDueAt > 10.03 + 0.1);
});

test("a frame of another clock begins anew", () => {
  const playout = new Playout();
  holds(playout, new Array(50).fill(0.03));
  playout.add(received(100, 500), 600);
  assert.equal(playout.takeDue(600).length, 1);
});

test("frames leave in order, and the oldest at once when too much waits", () => {
  const playout = new Playout({ limitBytes: 10_000 });
  playout.extraHoldS = 1;
  const frames = [0, 1, 2].map((number) => received(number, 0.03, 6000));
  for (const frame of frames) {
    playout.add(frame, frame.completedAt);
    assert(playout.usedBytes <= playout.capBytes);
  }
  assert.deepEqual(playout.takeDue(0), frames.slice(0, 2));
  assert.equal(playout.drops, 2);
});
