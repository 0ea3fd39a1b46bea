import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { TOC, made } from "./audio_fakes.mjs";
import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { SoundPart } from "../../../wavry/browser/sound/part.js";
import { Ring } from "../../../wavry/browser/sound/ring.js";

const CONFIG = { epoch: 3, codec: "opus", channels: 2, frameUs: 5000, available: true, reason: "" };

let part;
let said;
let ring;

/** Stream 4, as WIRE.md has it. */
function datagram(packetId, { epoch = 3, captureUs = packetId * 5000 } = {}) {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  bytes.set([1, 4, 0, epoch]);
  view.setUint32(4, packetId);
  view.setBigUint64(8, BigInt(captureUs));
  bytes.set([TOC, 128, 1, 2], 16);
  return bytes;
}

/** Opens the page's ring, as if its card had begun. */
function open(channels = 2) {
  ring = new Ring(new SharedArrayBuffer(Ring.bytesFor(channels)), channels);
  ring.noteDry(128, false);
  part.told({ kind: "opened", buffer: ring.buffer, channels }, 1);
}

/** Lets so many packets come in time, while the card takes what is there. */
function stream(count, from = 0) {
  const planes = [new Float32Array(240), new Float32Array(240)];
  for (let packetId = from; packetId < from + count; packetId += 1) {
    part.datagramReceived(datagram(packetId), 1 + packetId * 0.005);
    ring?.noteDry(240 - ring.read(planes, 240), false);
  }
}

beforeEach(() => {
  made.decoders = [];
  said = [];
  ring = null;
  part = new SoundPart();
  part.tell = (data) => said.push(data);
  part.welcomed();
});

afterEach(() => part.ended()); // stops its timer

test("it wants sound where the browser can decode it", () => {
  assert.deepEqual(part.hello, { sound: true });
});

test("a host without sound says why, and the page hears it", () => {
  part.messageReceived("sound_config", { ...CONFIG, available: false, reason: "no sound server" }, 1);
  assert.deepEqual(said, [{ kind: "unwanted", words: "The host has no sound: no sound server" }]);
});

test("of a form that is not known nothing is played, and the page hears it", () => {
  for (const change of [{ channels: 5 }, { codec: "flac" }, { frameUs: 7000 }]) {
    part.messageReceived("sound_config", { ...CONFIG, ...change }, 1);
    assert.equal(said.at(-1).kind, "unwanted");
  }
  open();
  stream(50);
  assert.equal(made.decoders.length, 0);
});

test("what comes is played once the page has opened, and counted before that", () => {
  part.messageReceived("sound_config", CONFIG, 1);
  assert.deepEqual(said, [{ kind: "wanted", channels: 2, words: "" }]);
  stream(100);
  assert.equal(part.report().packetsReceived, 100);
  assert.equal(ring, null);
  open();
  stream(200, 100);
  assert.equal(part.report().packetsReceived, 300);
  assert.ok(ring.written > 100 * 240);
  assert.equal(part.report().concealed, 0);
});

test("while nobody reads the ring nothing waits, and then it begins with what is new", () => {
  part.messageReceived("sound_config", CONFIG, 1);
  ring = new Ring(new SharedArrayBuffer(Ring.bytesFor(2)), 2);
  part.told({ kind: "opened", buffer: ring.buffer, channels: 2 }, 1);
  for (let packetId = 0; packetId < 300; packetId += 1) {
    part.datagramReceived(datagram(packetId), 1 + packetId * 0.005);
  }
  ring.noteDry(128, false);
  stream(100, 300);
  const { packetsReceived, dropped } = part.report();
  assert.deepEqual([packetsReceived, dropped], [400, 0]);
  assert.ok(ring.written > 50 * 240);
});

test("packets of another epoch are not played", () => {
  part.messageReceived("sound_config", CONFIG, 1);
  open();
  for (let packetId = 0; packetId < 100; packetId += 1) {
    part.datagramReceived(datagram(packetId, { epoch: 4 }), 1 + packetId * 0.005);
  }
  assert.equal(part.report().bufferMs, null); // none was played
});

test("a ring of other channels is not written to", () => {
  part.messageReceived("sound_config", { ...CONFIG, channels: 6 }, 1);
  open(2);
  stream(20);
  assert.equal(ring.written, 0);
});

test("a malformed datagram is the peer's fault and changes nothing", () => {
  part.messageReceived("sound_config", CONFIG, 1);
  open();
  stream(50);
  assert.throws(() => part.datagramReceived(datagram(50).subarray(0, 12), 1.3), RemoteProtocolError);
  stream(50, 50);
  assert.equal(part.report().packetsReceived, 100);
  assert.equal(part.report().packetsLost, 0);
});

test("figures go on over connections, and the sound ends with each", () => {
  part.messageReceived("sound_config", CONFIG, 1);
  open();
  stream(100);
  part.ended();
  assert.deepEqual(said.at(-1), { kind: "unwanted", words: "" });
  assert.equal(made.decoders.at(-1).state, "closed");
  part.welcomed();
  part.messageReceived("sound_config", CONFIG, 2);
  stream(70);
  assert.equal(part.report().packetsReceived, 170);
});

test("how much later sound is than the picture is known from the context's clock", () => {
  part.messageReceived("sound_config", CONFIG, 1);
  open();
  part.told({ kind: "clock", contextS: 0, atMs: performance.timeOrigin + 1040 }, 1);
  stream(400);
  part.notePicture(0, 1_020_000);
  const { offsetMs, captureToHeardMs } = part.report();
  assert.ok(Math.abs(offsetMs - 40) < 25, `${offsetMs}`);
  assert.equal(captureToHeardMs, null); // nothing says how far the host's clock is from ours
});
