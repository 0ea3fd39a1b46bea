import assert from "node:assert/strict";
import { test } from "node:test";

import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { FrameLost, KeyframeNeeded } from "../../../wavry/browser/rift/events.js";
import { Receiver } from "../../../wavry/browser/rift/receiver.js";
import { deliveredIds, makeDatagram, makeFrame, makeParity, ofType } from "./packets.mjs";

function receiveAll(receiver, datagrams, now = 1) {
  for (const datagram of datagrams) {
    receiver.receiveDatagram(datagram, now);
  }
  return receiver.events();
}

test("frames in order are delivered at once", () => {
  const receiver = new Receiver();
  const events = receiveAll(receiver, [...makeFrame(0, 0, 3), ...makeFrame(1, 3, 2)]);
  assert.deepEqual(deliveredIds(events), [0, 1]);
  assert.equal(receiver.window.occupancy, 0);
});

test("swapped packets cost nothing but the wait", () => {
  const receiver = new Receiver();
  const [a, b, c] = makeFrame(0, 0, 3);
  assert.deepEqual(deliveredIds(receiveAll(receiver, [b, c, a])), [0]);
  assert.equal(receiver.stats.packetsLost, 0);
});

test("a hole is skipped after the deadline, and a keyframe asked for", () => {
  const receiver = new Receiver();
  receiveAll(receiver, [makeDatagram(0), makeDatagram(2)], 1.0);
  assert.equal(receiver.nextTimer(), 1.012);
  receiver.handleTimer(1.012);
  const events = receiver.events();
  assert.deepEqual(ofType(events, FrameLost).map((event) => event.frameId), [1]);
  assert.equal(ofType(events, KeyframeNeeded).length, 1);
  assert(receiver.awaitsKeyframe);
});

test("parity rebuilds a lost packet, of either family", () => {
  for (const family of [0, 1]) {
    const receiver = new Receiver();
    const datagrams = makeFrame(0, 0, 5);
    const parity = makeParity(0, datagrams, family ? { family } : { family, index: 1, parityCount: 2 });
    const events = receiveAll(receiver, [...datagrams.filter((_, place) => place !== 2), parity]);
    assert.deepEqual(deliveredIds(events), [0]);
    const { packetsLost, packetsRepaired, framesRecovered } = receiver.stats;
    assert.deepEqual([packetsLost, packetsRepaired, framesRecovered], [1, 1, 1]);
  }
});

test("a missing packet is asked for when the round trip is known, and helps when it comes", () => {
  const receiver = new Receiver();
  receiveAll(receiver, [makeDatagram(0), makeDatagram(2)], 1.0);
  assert.deepEqual(receiver.datagramsToSend(1.0), []);
  receiver.rttS = 0.02;
  assert.deepEqual([...receiver.datagramsToSend(1.0)[0]], [1, 2, 1, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual(deliveredIds(receiveAll(receiver, [makeDatagram(1, { flags: 2 })], 1.02)), [1, 2]);
  assert.equal(receiver.stats.packetsRetransmitted, 1);
});

test("a keyframe that is whole behind a hole is not held up by parity that may come", () => {
  const receiver = new Receiver();
  const [first, third] = [0, 2].map((frameId) => makeDatagram(frameId, { flags: 1 }));
  receiveAll(receiver, [first, makeParity(0, [first])], 1.0);
  receiveAll(receiver, [third], 1.1);
  receiver.datagramsToSend(1.1); // else the next thing due were to tell of arrivals
  assert(Math.abs(receiver.nextTimer() - 1.112) < 1e-9);
  receiver.handleTimer(receiver.nextTimer());
  assert.deepEqual(deliveredIds(receiver.events()), [2]);
});

test("a view on a larger buffer is copied, so that nothing keeps the buffer", () => {
  const receiver = new Receiver();
  const buffer = new Uint8Array(1000);
  const datagram = makeDatagram(1);
  buffer.set(datagram, 100);
  receiver.receiveDatagram(buffer.subarray(100, 100 + datagram.length), 1.0);
  buffer.fill(0xff);
  assert.deepEqual(deliveredIds(receiveAll(receiver, [makeDatagram(0)])), [0, 1]);
});

test("malformed datagrams and foreign streams are counted and change nothing", () => {
  const receiver = new Receiver();
  for (const datagram of [new Uint8Array(0), Uint8Array.of(1, 1), makeDatagram(0).subarray(0, 20)]) {
    assert.throws(() => receiver.receiveDatagram(datagram, 1), RemoteProtocolError);
  }
  receiver.receiveDatagram(makeDatagram(0, { stream: 77 }), 1);
  const { datagramsReceived, datagramsMalformed, datagramsSkipped, packetsReceived } = receiver.stats;
  assert.deepEqual([datagramsReceived, datagramsMalformed, datagramsSkipped, packetsReceived], [4, 3, 1, 0]);
});

test("feedback says what came, how full the window is and where a picture's time went", () => {
  const receiver = new Receiver();
  const datagrams = [makeDatagram(0), makeDatagram(2)];
  receiveAll(receiver, datagrams, 1.0);
  const picture = { networkUs: 1, playoutUs: 2, decodeUs: 3, captureToDecodedUs: 4 };
  const feedback = receiver.makeFeedback(1.0, { isPlayoutBehind: true, picture });
  assert.deepEqual(feedback, {
    epoch: 0,
    highestPacketId: 2,
    packetsReceived: 2,
    packetsLost: 1,
    packetsRepaired: 0,
    packetsDuplicate: 0,
    framesReceived: 1,
    framesLost: 0,
    bytesReceived: datagrams[0].length + datagrams[1].length,
    jitterUs: 0,
    isPlayoutBehind: true,
    reorderPermille: 0,
    fecPendingGroups: 0,
    ...picture,
  });
  assert.equal(receiver.makeFeedback(1.0).networkUs, null);
});

test("settings out of their range, or unknown, are refused", () => {
  assert.throws(() => new Receiver({ windowPackets: 15 }), RangeError);
  assert.throws(() => new Receiver({ windowPackets: NaN }), RangeError);
  assert.throws(() => new Receiver({ colour: 1 }), RangeError);
  assert.equal(new Receiver({ firstPacketId: null }).config.firstPacketId, null);
});
