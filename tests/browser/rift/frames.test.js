import assert from "node:assert/strict";
import { test } from "node:test";

import { FrameAssembler, MAX_ASSEMBLY_BYTES } from "../../../wavry/browser/rift/assembler.js";
import { makeReceiverConfig } from "../../../wavry/browser/rift/config.js";
import { FrameDelivery } from "../../../wavry/browser/rift/delivery.js";
import { FrameLost, KeyframeNeeded, LossReason } from "../../../wavry/browser/rift/events.js";
import { Packet } from "../../../wavry/browser/rift/packet.js";
import { deliveredIds, makeDatagram, makeFrame, ofType } from "./packets.mjs";

const packetsOf = (datagrams) => datagrams.map((each) => Packet.parse(each));

function deliver(delivery, datagrams, now = 1) {
  for (const packet of packetsOf(datagrams)) {
    delivery.lastArrivalAt = now;
    delivery.take(packet, now, now);
  }
  return delivery.events();
}

test("fragments become the unit that was cut, with its times", () => {
  const assembler = new FrameAssembler();
  const first = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0, 70, 71);
  const packets = packetsOf([
    makeDatagram(4, { frameId: 9, index: 0, count: 3, flags: 1, payload: first }),
    makeDatagram(5, { frameId: 9, index: 1, count: 3, flags: 1, payload: Uint8Array.of(72) }),
    makeDatagram(6, { frameId: 9, index: 2, count: 3, flags: 1, payload: new Uint8Array(0) }),
  ]);
  assert.equal(assembler.add(packets[0], 2.0), null);
  assert.equal(assembler.add(packets[1], 1.5), null);
  const { unit, firstArrivalAt } = assembler.add(packets[2], 3.0);
  assert.deepEqual([...unit.data], [70, 71, 72]);
  assert.deepEqual(unit.timings, { capturedUs: 1, encodeStartedUs: 2, encodedUs: 256 });
  assert.deepEqual([unit.frameId, unit.isKeyframe, unit.captureUs], [9, true, 9 * 16_667]);
  assert.equal(firstArrivalAt, 1.5);
  assert.equal(assembler.usedBytes, 0);
});

test("a unit with a hole is lost once, whatever else comes of it", () => {
  const assembler = new FrameAssembler();
  const packets = packetsOf(makeFrame(1, 0, 5));
  for (const place of [0, 2, 3, 4]) {
    assert.equal(assembler.add(packets[place], 1), null);
  }
  assert.deepEqual(assembler.losses.map((loss) => [loss.frameId, loss.reason]), [[1, LossReason.INCOMPLETE]]);
});

test("fragments that contradict each other lose their unit", () => {
  const second = { index: 1 };
  for (const contrary of [{ payload: new Uint8Array(3) }, { ...second, count: 4 }, { ...second, captureUs: 5 }]) {
    const assembler = new FrameAssembler();
    assembler.add(Packet.parse(makeDatagram(0, { frameId: 1, count: 3 })), 1);
    assembler.add(Packet.parse(makeDatagram(1, { frameId: 1, count: 3, ...contrary })), 1);
    assert.equal(assembler.losses.at(-1).reason, LossReason.MALFORMED);
  }
});

test("a unit that grows beyond the cap is given up", () => {
  const assembler = new FrameAssembler();
  const payload = new Uint8Array(60_000);
  for (let index = 0; index < 40; index++) {
    assembler.add(Packet.parse(makeDatagram(index, { frameId: 1, index, count: 100, payload })), 1);
    assert(assembler.usedBytes <= MAX_ASSEMBLY_BYTES);
  }
  assert.equal(assembler.drops, 1);
  assert.equal(assembler.losses.length, 1);
  assert.equal(assembler.usedBytes, 0);
});

test("after a loss nothing is delivered before the next keyframe", () => {
  const delivery = new FrameDelivery(makeReceiverConfig());
  const frames = [0, 1, 3, 4, 5].map((frameId) => makeDatagram(frameId, { flags: frameId % 4 ? 0 : 1 }));
  const events = deliver(delivery, frames);
  assert.deepEqual(deliveredIds(events), [0, 1, 4, 5]);
  assert.deepEqual(ofType(events, FrameLost), [new FrameLost(2, LossReason.MISSING, 1)]);
  assert.deepEqual(ofType(events, KeyframeNeeded), [new KeyframeNeeded(0, 3)]);
  assert.deepEqual([delivery.received, delivery.lost, delivery.undecodable], [4, 1, 1]);
});

test("a keyframe is asked for again while it does not come", () => {
  const delivery = new FrameDelivery(makeReceiverConfig({ keyframeRequestIntervalMs: 100 }));
  deliver(delivery, [makeDatagram(0), makeDatagram(2)], 1.0);
  delivery.handleTimer(1.05);
  assert.deepEqual(delivery.events(), []);
  assert.equal(delivery.nextTimer(), 1.1);
  delivery.handleTimer(1.1);
  assert.deepEqual(delivery.events(), [new KeyframeNeeded(0, 2)]);
  assert(delivery.isBroken);
});

test("a unit whose end never comes is given up", () => {
  const delivery = new FrameDelivery(makeReceiverConfig({ unitDeadlineMs: 250 }));
  deliver(delivery, [makeDatagram(0), ...makeFrame(1, 1, 2).slice(0, 1)], 1.0);
  assert.equal(delivery.nextTimer(), 1.25);
  delivery.handleTimer(1.25);
  assert.deepEqual(ofType(delivery.events(), FrameLost), [new FrameLost(1, LossReason.INCOMPLETE)]);
});
