import assert from "node:assert/strict";
import { test } from "node:test";

import { ErrorCode, RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { Packet, unmarkRetransmitted } from "../../../wavry/browser/rift/packet.js";
import { serialDistance, unwrap } from "../../../wavry/browser/rift/sequence.js";
import { makeDatagram } from "./packets.mjs";

test("serial numbers are compared across the wrap", () => {
  assert.equal(serialDistance(3, 0xffff_fffe), 5);
  assert.equal(serialDistance(0xffff_fffe, 3), -5);
  assert.equal(serialDistance(0x8000_0000, 0), -(2 ** 31));
  assert.equal(serialDistance(2 ** 40 + 7, 4), 3);
});

test("ids are unwrapped to the closest integer, below zero and beyond 2^32 too", () => {
  assert.equal(unwrap(2, 0xffff_ffff), 2 ** 32 + 2);
  assert.equal(unwrap(0xffff_ffff, 1), -1);
  assert.equal(unwrap(5, 3 * 2 ** 32 + 1), 3 * 2 ** 32 + 5);
});

test("all fields are read from where WIRE.md has them", () => {
  const ids = { frameId: 0xfedc_ba98, index: 258, count: 772 };
  const fields = { ...ids, flags: 5, epoch: 255, captureUs: 2 ** 53 - 1, payload: Uint8Array.of(7, 8) };
  const packet = Packet.parse(makeDatagram(0x8765_4321, fields));
  assert.equal(packet.packetId, 0x8765_4321);
  assert.equal(packet.frameId, 0xfedc_ba98);
  assert.deepEqual([packet.fragmentIndex, packet.fragmentCount], [258, 772]);
  assert.deepEqual([packet.flags, packet.epoch, packet.isKeyframe], [5, 255, true]);
  assert.equal(packet.captureUs, 2 ** 53 - 1);
  assert.deepEqual([...packet.payload], [7, 8]);
});

test("what is no packet is refused, and another version by its own code", () => {
  const good = makeDatagram(1);
  const isViolation = (error) =>
    error instanceof RemoteProtocolError && error.code === ErrorCode.PROTOCOL_VIOLATION;
  assert.throws(() => Packet.parse(good.subarray(0, 23)), isViolation);
  assert.throws(() => Packet.parse(new Uint8Array(0)), isViolation);
  assert.throws(() => Packet.parse(makeDatagram(1, { index: 3, count: 3 })), isViolation);
  assert.throws(() => Packet.parse(makeDatagram(1, { captureUs: 2 ** 53 })), isViolation);
  const other = good.slice();
  other[0] = 2;
  assert.throws(() => Packet.parse(other), (error) => error.code === ErrorCode.UNSUPPORTED_VERSION);
});

test("a packet that was sent again loses the mark in a copy", () => {
  const again = makeDatagram(1, { flags: 0b111 });
  assert.equal(unmarkRetransmitted(again)[2], 0b101);
  assert.equal(again[2], 0b111);
});
