import assert from "node:assert/strict";
import { test } from "node:test";

import { JitterMeter, LossTracker } from "../../../wavry/browser/rift/loss.js";

test("what ids skip is lost until it comes late", () => {
  const tracker = new LossTracker(0);
  assert.equal(tracker.record(0), 0);
  assert.equal(tracker.record(3), 2);
  assert.deepEqual([tracker.received, tracker.lost, tracker.highestPacketId], [2, 2, 3]);
  assert.equal(tracker.record(1), 0);
  assert.deepEqual([tracker.received, tracker.lost], [3, 1]);
});

test("a packet that comes twice counts once", () => {
  const tracker = new LossTracker(0);
  for (const packetId of [0, 1, 1, 0]) {
    tracker.record(packetId);
  }
  assert.deepEqual([tracker.received, tracker.duplicate], [2, 2]);
});

test("a repaired packet stays lost, and is no longer repaired when it comes by itself", () => {
  const tracker = new LossTracker(0);
  tracker.record(0);
  tracker.record(2);
  tracker.recordRepaired(1);
  assert.deepEqual([tracker.lost, tracker.repaired], [1, 1]);
  tracker.recordRepaired(1);
  assert.equal(tracker.duplicate, 1);
  tracker.record(1);
  assert.deepEqual([tracker.lost, tracker.repaired, tracker.received], [0, 0, 3]);
});

test("parity tells of packets that were sent and did not come", () => {
  const tracker = new LossTracker(0xffff_fffe);
  tracker.record(0xffff_fffe);
  assert.equal(tracker.noteSent(1), 3);
  assert.equal(tracker.noteSent(1), 0);
  assert.equal(tracker.lost, 3);
});

test("places of the history are used again without taking old losses for new ones", () => {
  const tracker = new LossTracker(0);
  tracker.record(0);
  tracker.record(2); // 1 is missing
  for (let packetId = 3; packetId <= 2049; packetId++) {
    tracker.record(packetId); // 2049 has the place of 1
  }
  tracker.record(2049);
  assert.equal(tracker.duplicate, 1);
  tracker.record(1); // further back than the history: a duplicate, as far as anybody knows
  assert.deepEqual([tracker.duplicate, tracker.lost], [2, 1]);
});

test("a jump to another sequence is no loss", () => {
  const tracker = new LossTracker(0);
  tracker.record(0);
  tracker.restart();
  tracker.record(5000);
  tracker.record(5002);
  assert.deepEqual([tracker.expected, tracker.lost], [4, 1]);
});

test("jitter is what the spacing of arrivals differs from that of captures", () => {
  const meter = new JitterMeter();
  meter.record(0, 1.0);
  meter.record(16_000, 1.016);
  assert(Math.abs(meter.jitterUs) < 1e-6);
  meter.record(32_000, 1.048);
  assert(Math.abs(meter.jitterUs - 1000) < 1e-6);
});
