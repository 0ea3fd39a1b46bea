import assert from "node:assert/strict";
import { test } from "node:test";

import { InsertResult, PACKET_OVERHEAD_BYTES, ReorderBuffer } from "../../../wavry/browser/rift/reorder.js";

const bytes = (value, size = 1) => new Uint8Array(size).fill(value);
const values = (datagrams) => datagrams.map((each) => each[0]);

test("packets that come in order pass by and leave nothing behind", () => {
  const window = new ReorderBuffer(16, 64_000, 0xffff_ffff);
  assert(window.passThrough(0xffff_ffff));
  assert(window.passThrough(0));
  assert(!window.passThrough(2));
  assert.equal(window.occupancy, 0);
});

test("swapped packets come out in order, across the wrap of the ids", () => {
  const window = new ReorderBuffer(16, 64_000, 0xffff_fffe);
  for (const packetId of [0, 0xffff_ffff, 1]) {
    assert.equal(window.insert(packetId, bytes(packetId & 0xff)), InsertResult.STORED);
  }
  assert.deepEqual(window.flushOrdered(), []);
  assert.equal(window.firstMissing, 0xffff_fffe);
  window.insert(0xffff_fffe, bytes(0xfe));
  assert.deepEqual(values(window.flushOrdered()), [0xfe, 0xff, 0, 1]);
});

test("a gap is as old as the first packet behind it, and ends with a skip", () => {
  const window = new ReorderBuffer(16, 64_000, 0);
  window.insert(2, bytes(2), 1.0);
  window.insert(3, bytes(3), 2.0);
  assert.equal(window.gapSince, 1.0);
  assert.equal(window.nextPresent, 2);
  window.skipTo(2);
  assert.equal(window.gapSince, null);
  assert.deepEqual(values(window.flushOrdered()), [2, 3]);
  assert.equal(window.poppedArrivedAt, 2.0);
});

test("what was delivered, given up or is held comes too late or twice", () => {
  const window = new ReorderBuffer(16, 64_000, 5);
  assert.equal(window.insert(4, bytes(4)), InsertResult.TOO_OLD);
  window.insert(6, bytes(6));
  assert.equal(window.insert(6, bytes(9)), InsertResult.DUPLICATE);
  window.skipTo(6);
  assert.deepEqual(values(window.flushOrdered()), [6]);
});

test("beyond the window the oldest packets give way", () => {
  const window = new ReorderBuffer(16, 64_000, 0);
  window.insert(1, bytes(1));
  window.insert(3, bytes(3));
  window.insert(18, bytes(18));
  assert.equal(window.drops, 1);
  assert.equal(window.nextPresent, 3);
});

test("beyond the bytes the oldest packets give way, and never is more held than the cap", () => {
  const window = new ReorderBuffer(64, 10_000, 0);
  for (let packetId = 1; packetId < 60; packetId++) {
    window.insert(packetId, bytes(packetId, 1000));
    assert(window.usedBytes <= window.capBytes);
  }
  assert.equal(window.nextPresent, 60 - window.occupancy);
  assert.equal(window.insert(60, bytes(0, 20_000)), InsertResult.DROPPED);
  assert(window.highWaterBytes > 10_000 - 1000 - PACKET_OVERHEAD_BYTES);
  assert(window.fullness > 0.8 && window.fullness <= 1);
});

test("one far-away id changes nothing, a second one close to it moves the window there", () => {
  const window = new ReorderBuffer(16, 64_000, 0);
  window.insert(1, bytes(1));
  assert.equal(window.insert(100_001, bytes(101)), InsertResult.SUSPECT);
  assert.equal(window.firstMissing, 0);
  assert.equal(window.insert(100_000, bytes(100)), InsertResult.RESTARTED);
  assert.deepEqual(values(window.flushOrdered()), [100, 101]);
});

test("the first packet decides where the ids begin, until something was delivered", () => {
  const window = new ReorderBuffer(16);
  window.insert(7, bytes(7));
  window.insert(6, bytes(6));
  assert.deepEqual(values(window.flushOrdered()), [6, 7]);
  assert.equal(window.insert(5, bytes(5)), InsertResult.TOO_OLD);
});

test("a run of packets is held only if none is missing", () => {
  const window = new ReorderBuffer(16, 64_000, 0);
  for (const packetId of [2, 3, 5]) {
    window.insert(packetId, bytes(packetId));
  }
  assert(window.holds(2, 2));
  assert(!window.holds(2, 3));
  assert(!window.holds(2, 16));
});
