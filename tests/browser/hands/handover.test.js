import assert from "node:assert/strict";
import test from "node:test";

import {
  buttonPressed, keyPressed, lookedAway, padAxes, padPlugged, pointerAt, pointerMoved, tell,
} from "../../../wavry/browser/hands/deeds.js";
import { Handover } from "../../../wavry/browser/hands/handover.js";
import { InputSender } from "../../../wavry/browser/rift/input/sender.js";

function handover() {
  const batches = [];
  return [new Handover((deeds) => batches.push(deeds)), batches];
}

test("what comes while a batch is under way waits, and motion is merged", () => {
  const [queue, batches] = handover();
  queue.post(pointerAt(1, 1));
  queue.post(pointerAt(2, 2));
  queue.post(pointerAt(3, 3));
  queue.post(buttonPressed(1));
  queue.post(pointerMoved(1, 2));
  queue.post(pointerMoved(10, 20));
  queue.post(padAxes(0, [1]));
  queue.post(padAxes(0, [2]));
  queue.post(padAxes(1, [3]));
  assert.deepEqual(batches, [[pointerAt(1, 1)]]);
  queue.taken();
  assert.deepEqual(batches[1], [
    pointerAt(3, 3), buttonPressed(1), pointerMoved(11, 22), padAxes(0, [2]), padAxes(1, [3]),
  ]);
  queue.taken();
  assert.equal(batches.length, 2);
});

test("a worker that takes nothing costs no more than the bound, and everything is let go", () => {
  const [queue, batches] = handover();
  queue.post(padPlugged(0, "a pad"));
  queue.post(padPlugged(1, "another"));
  for (let count = 0; count < 10_000; count += 1) {
    queue.post(keyPressed(4, "a"));
  }
  queue.taken();
  const waited = batches[1];
  assert.ok(waited.length <= 256);
  assert.deepEqual(waited.slice(0, 2), [padPlugged(1, "another"), lookedAway()]);
  assert.ok(queue.drops > 9000);
});

test("a hold keeps the order", async () => {
  const [queue, batches] = handover();
  let happen;
  const held = queue.holdUntil(new Promise((resolve) => { happen = resolve; }));
  queue.post(keyPressed(0x19, ""));
  queue.post(keyPressed(4, "a"));
  assert.deepEqual(batches, []);
  happen();
  await held;
  assert.deepEqual(batches, [[keyPressed(0x19, ""), keyPressed(4, "a")]]);
});

test("every kind of deed is told to a sender", () => {
  const sender = new InputSender();
  for (const deed of [keyPressed(4, "a"), pointerAt(1, 2), buttonPressed(1), padPlugged(0, "p"), lookedAway()]) {
    tell(sender, structuredClone(deed), 0);
  }
  assert.deepEqual(sender.messages().map(({ kind }) => kind), ["key", "button", "pad", "release_all"]);
});
