import assert from "node:assert/strict";
import { test } from "node:test";

import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { factorOf } from "../../../wavry/browser/rift/fec/coefficients.js";
import { MAX_EQUATIONS, StreamingFecDecoder } from "../../../wavry/browser/rift/fec/decoder.js";
import { inverse, multiply } from "../../../wavry/browser/rift/fec/gf256.js";
import { ParityPacket } from "../../../wavry/browser/rift/fec/packets.js";
import { makeParity } from "./packets.mjs";

const SYMBOL_BYTES = 64;

function payloads(count, first = 0) {
  return Array.from({ length: count }, (_, place) => {
    const length = 1 + ((first + place * 7) % SYMBOL_BYTES);
    return Uint8Array.from({ length }, (_each, at) => first + place * 31 + at);
  });
}

function parityOver(first, sources, shape) {
  return ParityPacket.parse(makeParity(first, sources, shape));
}

/** What was given back, as plain pairs. */
function pairs(packets) {
  return packets.map(({ packetId, payload }) => [packetId, [...payload]]);
}

test("multiplication is that of polynomials modulo 0x11d", () => {
  for (let one = 0; one < 256; one++) {
    for (const other of [0, 1, 2, 0x53, 0xca, 0xff]) {
      let product = 0;
      for (let bit = 7; bit >= 0; bit--) {
        product = (product << 1) ^ (product & 0x80 ? 0x11d : 0) ^ ((other >> bit) & 1 ? one : 0);
      }
      assert.equal(multiply(one, other), product & 0xff);
    }
    assert(one === 0 || multiply(one, inverse(one)) === 1);
  }
});

test("a block of two parity packets has the coefficients of (x + 1)(x + 2)", () => {
  // x^2 modulo x^2 + 3x + 2 is 3x + 2; index 0 is the coefficient of x.
  assert.deepEqual([factorOf(0, 0, 0, 2), factorOf(0, 0, 1, 2)], [3, 2]);
});

test("losses are repaired as soon as there is as much parity, by windows that overlap", () => {
  const sources = payloads(12);
  const decoder = new StreamingFecDecoder(200, SYMBOL_BYTES);
  const lost = [2, 5, 9];
  sources.forEach((payload, packetId) => {
    if (!lost.includes(packetId)) {
      decoder.addSourcePacket(packetId, payload);
    }
  });
  assert.deepEqual(decoder.addParityPacket(parityOver(0, sources.slice(0, 8))), []);
  assert.deepEqual(decoder.addParityPacket(parityOver(4, sources.slice(4))), []);
  assert.equal(decoder.pendingGroups, 2);
  const found = decoder.addParityPacket(parityOver(0, sources, { index: 10, parityCount: 11 }));
  assert.deepEqual(pairs(found), lost.map((packetId) => [packetId, [...sources[packetId]]]));
  assert.equal(decoder.pendingGroups, 0);
});

test("a packet that comes after its parity completes the others", () => {
  const sources = payloads(6);
  const decoder = new StreamingFecDecoder(200, SYMBOL_BYTES);
  decoder.addSourcePacket(0, sources[0]);
  decoder.addParityPacket(parityOver(0, sources.slice(0, 3)));
  const known = decoder.addSourcePacket(2, sources[2]);
  assert.deepEqual(pairs(known), [[2, [...sources[2]]], [1, [...sources[1]]]]);
});

test("ids wrap", () => {
  const sources = payloads(4);
  const first = 0xffff_fffe;
  const decoder = new StreamingFecDecoder(200, SYMBOL_BYTES);
  for (const place of [0, 1, 3]) {
    decoder.addSourcePacket((first + place) >>> 0, sources[place]);
  }
  assert.deepEqual(pairs(decoder.addParityPacket(parityOver(first, sources))), [[0, [...sources[2]]]]);
});

test("forged parity gives back nothing but what could be a packet", () => {
  const sources = payloads(4);
  const forged = makeParity(0, sources);
  forged[11] ^= 0x40; // the length of what is missing
  const decoder = new StreamingFecDecoder(200, SYMBOL_BYTES);
  for (const packetId of [0, 1, 3]) {
    decoder.addSourcePacket(packetId, sources[packetId]);
  }
  assert.deepEqual(decoder.addParityPacket(ParityPacket.parse(forged)), []);
  assert.equal(decoder.corrupt, 1);
});

test("what is larger than a symbol, or covers more than a window, is refused", () => {
  const decoder = new StreamingFecDecoder(10, SYMBOL_BYTES);
  const large = new Uint8Array(SYMBOL_BYTES + 1);
  assert.throws(() => decoder.addSourcePacket(0, large), RemoteProtocolError);
  assert.throws(() => decoder.addParityPacket(parityOver(0, [large])), RemoteProtocolError);
  assert.throws(() => decoder.addParityPacket(parityOver(0, payloads(11))), RemoteProtocolError);
});

test("numbers of a parity packet that contradict each other are refused", () => {
  const good = makeParity(0, payloads(3));
  for (const [place, value] of [[0, 2], [1, 2], [2, 2], [3, 0], [3, 201], [4, 10], [5, 253], [6, 4]]) {
    const bad = good.slice();
    bad[place] = value;
    assert.throws(() => ParityPacket.parse(bad), RemoteProtocolError, `byte ${place} is ${value}`);
  }
  assert.throws(() => ParityPacket.parse(good.subarray(0, 12)), RemoteProtocolError);
  assert.throws(() => ParityPacket.parse(good, 5), RemoteProtocolError);
});

test("parity that waits is bounded, and so are the bytes held", () => {
  const decoder = new StreamingFecDecoder(200, SYMBOL_BYTES);
  decoder.addSourcePacket(0, payloads(1)[0]);
  for (let number = 0; number < 3 * MAX_EQUATIONS; number++) {
    const window = payloads(100 + (number % 7));
    const parity = parityOver(1 + (number % 90), window, { index: number % 140, parityCount: 140 });
    decoder.addParityPacket(parity);
    assert(decoder.pendingGroups <= MAX_EQUATIONS);
    assert(decoder.usedBytes <= decoder.capBytes);
  }
  assert(decoder.drops > 0);
});
