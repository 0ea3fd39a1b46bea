import assert from "node:assert/strict";
import { test } from "node:test";

import { ArrivalLog, EAGER_PACKETS, NOTED_LIMIT_PACKETS } from "../../../wavry/browser/rift/arrivals.js";
import { MAX_MISSING, MissingPackets } from "../../../wavry/browser/rift/missing.js";
import { MAX_NACK_ENTRIES, serializeNacks } from "../../../wavry/browser/rift/nack.js";

const RTT_S = 0.02;
const DEADLINE_S = 0.1;

test("a missing packet is asked for once a round trip while the answer is of use", () => {
  const missing = new MissingPackets();
  missing.note(2, 2, 1.0, 0);
  assert.deepEqual(missing.takeDue(1.0, RTT_S, DEADLINE_S), [0, 1]);
  assert.deepEqual(missing.takeDue(1.0, RTT_S, DEADLINE_S), []);
  assert(Math.abs(missing.nextDueAt - 1.033) < 1e-9);
  missing.arrived(0, 1.02, false);
  assert.deepEqual(missing.takeDue(1.04, RTT_S, DEADLINE_S), [1]);
  assert.deepEqual(missing.takeDue(1.09, RTT_S, DEADLINE_S), []);
});

test("nothing is asked for before parity had its time, nor while overtaken packets may come", () => {
  const missing = new MissingPackets();
  missing.note(1, 1, 1.0, 0.004);
  assert.deepEqual(missing.takeDue(1.003, RTT_S, DEADLINE_S), []);
  missing.arrived(0, 1.01, true); // overtaken by 10 ms
  missing.note(5, 1, 2.0, 0.004);
  assert.deepEqual(missing.takeDue(2.009, RTT_S, DEADLINE_S), []);
  assert.deepEqual(missing.takeDue(2.011, RTT_S, DEADLINE_S), [4]);
});

test("a hole too large is not asked for", () => {
  const missing = new MissingPackets();
  missing.note(5, 5, 1.0, 0);
  missing.note(200, MAX_MISSING, 1.0, 0);
  assert.equal(missing.size, 0);
  assert.equal(missing.nextDueAt, null);
  assert.equal(missing.drops, MAX_MISSING + 5);
  assert(missing.highWaterBytes <= missing.capBytes);
});

test("what lies before an id is given up, across the wrap", () => {
  const missing = new MissingPackets();
  missing.note(2 ** 32 + 2, 4, 1.0, 0);
  missing.forgetBefore(0);
  assert.deepEqual(missing.takeDue(1.0, RTT_S, DEADLINE_S), [0, 1]);
});

test("losses side by side share an entry of a request", () => {
  const [request] = serializeNacks([0xffff_ffff, 0, 16, 17]);
  const entries = [0xff, 0xff, 0xff, 0xff, 0x00, 0x01, 0, 0, 0, 16, 0, 1];
  assert.deepEqual([...request], [1, 2, 2, ...entries]);
});

test("more entries than fit go into another request", () => {
  const ids = Array.from({ length: MAX_NACK_ENTRIES + 1 }, (_, place) => place * 100);
  assert.deepEqual(serializeNacks(ids).map((each) => each[2]), [MAX_NACK_ENTRIES, 1]);
});

test("arrivals are told after 25 ms, losses between them included", () => {
  const log = new ArrivalLog();
  log.note(0, 1.0);
  log.note(2, 1.00032);
  assert.deepEqual(log.takeReports(1.02), []);
  const [report] = log.takeReports(1.025);
  assert.deepEqual([...report], [1, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 66, 64, 0, 0, 255, 255, 0, 10]);
  assert.equal(log.dueAt, null);
});

test("a packet that comes late is told of in a range of its own", () => {
  const log = new ArrivalLog();
  log.note(0, 1.0);
  log.note(2, 1.0);
  log.takeReports(1.03);
  log.note(1, 1.04);
  log.note(3, 1.04);
  const reports = log.takeReports(1.07);
  assert.deepEqual(reports.map((each) => [each[7], each[3] + 1]), [[1, 1], [3, 1]]);
});

test("many arrivals are told at once, and only so many wait", () => {
  const log = new ArrivalLog();
  for (let packetId = 0; packetId < EAGER_PACKETS; packetId++) {
    log.note(packetId, 1.0);
  }
  assert.equal(log.takeReports(1.0).length, 1);
  for (let packetId = 0; packetId < NOTED_LIMIT_PACKETS + 10; packetId++) {
    log.note(1000 + packetId, 2.0);
  }
  assert.equal(log.drops, 10);
  assert.equal(log.usedBytes, log.capBytes);
});
