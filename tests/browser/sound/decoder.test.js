import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LOST, TOC, made } from "./audio_fakes.mjs";
import { BlockDecoder, decoderConfig, lostPacket, packetUs } from "../../../wavry/browser/sound/decoder.js";

const opus = (value) => Uint8Array.of(TOC, value, 0, 0);

beforeEach(() => {
  made.decoders = [];
});

test("the length of a packet is that of RFC 6716", () => {
  const silk = 0 << 3;
  const hybrid = 13 << 3;
  const celt = 29 << 3;
  assert.equal(packetUs(Uint8Array.of(silk, 1)), 10_000);
  assert.equal(packetUs(Uint8Array.of(silk | (3 << 3), 1)), 60_000);
  assert.equal(packetUs(Uint8Array.of(hybrid, 1)), 20_000);
  assert.equal(packetUs(Uint8Array.of(celt, 1)), 5000);
  assert.equal(packetUs(Uint8Array.of(celt | 1, 1)), 10_000); // two of the same size
  assert.equal(packetUs(Uint8Array.of(celt | 3, 48)), 240_000); // any number
  assert.equal(packetUs(Uint8Array.of(celt | 3)), 0); // of which nothing is said
});

test("a packet that says lost has the block's length and no sound, in each of its streams", () => {
  assert.deepEqual([...lostPacket(2, 5000)], [TOC]);
  assert.deepEqual([...lostPacket(1, 5000)], [TOC & ~4]);
  assert.equal(packetUs(lostPacket(2, 10_000)), 10_000);
  assert.deepEqual([...lostPacket(6, 5000)], [TOC, 0, TOC, 0, TOC, 0, TOC]);
});

test("six channels come with the head that says where they lie, and what is not known is nothing", () => {
  const { description } = decoderConfig(6, 5000);
  assert.equal(new TextDecoder().decode(description.subarray(0, 8)), "OpusHead");
  assert.equal(description.length, 21 + 6);
  assert.equal(decoderConfig(2, 5000).description, undefined);
  assert.equal(decoderConfig(3, 5000), null);
  assert.equal(decoderConfig(2, 7000), null);
});

test("blocks come back in the order of the calls, those without a packet too", () => {
  const decoder = new BlockDecoder(2, 5000);
  const heard = [];
  const note = (planes) => heard.push(planes === null ? null : planes[1][239]);
  decoder.decode(opus(64), 1, note);
  made.decoders[0].isHeld = true;
  decoder.decode(opus(32), 1, note);
  decoder.pass(note);
  decoder.conceal(1, note);
  decoder.pass(note);
  assert.deepEqual(heard, [0.25]);
  assert.equal(decoder.pending, 4);
  made.decoders[0].release();
  assert.deepEqual(heard, [0.25, 0.125, null, LOST, null]);
  decoder.pass(note);
  assert.equal(heard.length, 6);
});

test("a packet of another length is made up for and never reaches the decoder", () => {
  const decoder = new BlockDecoder(2, 5000);
  const heard = [];
  decoder.decode(Uint8Array.of(0xf4, 9, 9), 1, (planes) => heard.push(planes[0][0])); // 10 ms
  assert.deepEqual(heard, [LOST]);
  assert.equal(decoder.undecodable, 1);
});

test("a decoder that closes itself is made anew, ten times a second at most; no call is forgotten", () => {
  const decoder = new BlockDecoder(2, 5000);
  const heard = [];
  const note = (planes) => heard.push(planes === null ? null : planes[0][0]);
  decoder.decode(opus(64), 1, note);
  made.decoders[0].isHeld = true;
  decoder.decode(opus(64), 1.005, note);
  decoder.pass(note);
  made.decoders[0].fail();
  assert.deepEqual(heard, [0.25, null, null]);
  decoder.decode(opus(64), 1.01, note);
  assert.deepEqual(heard, [0.25, null, null, null]);
  assert.equal(made.decoders.length, 1);
  decoder.decode(opus(64), 1.2, note);
  assert.equal(made.decoders.length, 2);
  assert.equal(heard.at(-1), 0.25);
  assert.equal(decoder.undecodable, 1);
});

test("after its end nothing is called back", () => {
  const decoder = new BlockDecoder(2, 5000);
  decoder.decode(opus(1), 1, () => {});
  made.decoders[0].isHeld = true;
  decoder.decode(opus(1), 1, () => assert.fail("it has ended"));
  decoder.close();
  made.decoders[0].release();
  assert.equal(made.decoders[0].state, "closed");
});
