import assert from "node:assert/strict";
import { test } from "node:test";

import { LipSync } from "../../../wavry/browser/sound/lipsync.js";

/** Lets so many seconds pass in which sound and pictures take so long; whatever is held takes longer. */
function pass(lipsync, seconds, soundMs, pictureMs) {
  for (let half = 0; half < seconds * 2; half += 1) {
    for (let block = 0; block < 100; block += 1) {
      lipsync.noteSound(0, (soundMs / 1000 + lipsync.soundHoldS) * 1e6);
    }
    for (let picture = 0; picture < 30; picture += 1) {
      lipsync.notePicture(0, (pictureMs / 1000 + lipsync.pictureHoldS) * 1e6);
    }
    lipsync.adjust();
  }
}

test("nothing is known until both were noted", () => {
  const lipsync = new LipSync();
  lipsync.noteSound(0, 1000);
  lipsync.adjust();
  assert.equal(lipsync.offsetMs, null);
  assert.equal(lipsync.soundHoldS, 0);
});

test("sound that is early waits for the picture, 40 ms at most", () => {
  const lipsync = new LipSync();
  pass(lipsync, 30, 20, 45);
  assert.ok(Math.abs(lipsync.soundHoldS - 0.025) < 0.003);
  assert.ok(Math.abs(lipsync.offsetMs) < 3);
  pass(lipsync, 30, 20, 300);
  assert.equal(lipsync.soundHoldS, 0.04);
});

test("a picture waits only for what a person would notice, and 20 ms at most", () => {
  const lipsync = new LipSync();
  pass(lipsync, 30, 55, 20);
  assert.ok(Math.abs(lipsync.pictureHoldS - 0.015) < 0.003);
  assert.equal(lipsync.soundHoldS, 0);
  pass(lipsync, 30, 200, 20);
  assert.equal(lipsync.pictureHoldS, 0.02);
});

test("holds never jump, and another clock begins anew", () => {
  const lipsync = new LipSync();
  pass(lipsync, 0.5, 20, 100);
  assert.ok(lipsync.soundHoldS <= 0.002);
  lipsync.restart();
  assert.equal(lipsync.offsetMs, null);
  assert.equal(lipsync.soundHoldS, 0);
});
