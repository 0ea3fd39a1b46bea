import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import { ARROW, pointerScale } from "../../../wavry/browser/hands/shapes.js";
import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { CURSOR_MESSAGES, HIDDEN, imageOf } from "../../../wavry/browser/rift/cursor/messages.js";
import { CursorReceiver } from "../../../wavry/browser/rift/cursor/receiver.js";
import { CursorPart } from "../../../wavry/browser/session/cursor.js";

function shape(width, height, pixels, rest = {}) {
  const packed = new Uint8Array(deflateSync(pixels));
  return { width, height, hotX: 0, hotY: 0, pixels: packed, isDefault: false, ...rest };
}

test("premultiplied BGRA becomes straight RGBA", async () => {
  const pixels = Uint8Array.of(10, 20, 30, 255, 1, 2, 4, 128, 9, 9, 9, 0, 255, 0, 0, 100);
  const image = await imageOf(shape(4, 1, pixels, { hotX: 3 }));
  assert.deepEqual([...image.pixels], [30, 20, 10, 255, 8, 4, 2, 128, 0, 0, 0, 0, 0, 0, 255, 100]);
  assert.deepEqual([image.width, image.height, image.hotX, image.hotY], [4, 1, 3, 0]);
});

test("a shape may be hidden, or the client's own", async () => {
  assert.equal(await imageOf(shape(0, 5, new Uint8Array(0))), HIDDEN);
  assert.equal(await imageOf(shape(5, 5, new Uint8Array(1), { isDefault: true })), null);
});

for (const [name, fields] of Object.entries({
  "more pixels than said": shape(2, 2, new Uint8Array(20)),
  "fewer": shape(2, 2, new Uint8Array(15)),
  "far more": shape(2, 2, new Uint8Array(20_000_000)),
  "no pixels": { ...shape(2, 2, new Uint8Array(0)), pixels: new Uint8Array(0) },
  "bytes that are not compressed": { ...shape(2, 2, new Uint8Array(0)), pixels: new Uint8Array(16) },
  "a stream that ends early": { ...shape(8, 8, new Uint8Array(256)), pixels: deflateSync(new Uint8Array(256)).subarray(0, 8) },
  "a hot spot outside": shape(1, 1, new Uint8Array(4), { hotX: 1 }),
})) {
  test(`a shape with ${name} is refused`, async () => {
    await assert.rejects(imageOf(fields), RemoteProtocolError);
  });
}

function place(sequence, { flags = 1, warps = 0, x = 5, y = 6 } = {}) {
  const bytes = new Uint8Array(12);
  bytes.set([1, 7, flags, warps]);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, sequence);
  view.setUint16(8, x);
  view.setUint16(10, y);
  return bytes;
}

test("only a newer place counts, and the count goes round", () => {
  const receiver = new CursorReceiver();
  assert.deepEqual(receiver.receiveDatagram(place(2 ** 32 - 1, { warps: 9 })), { isInside: true, x: 5, y: 6, warps: 9 });
  assert.equal(receiver.receiveDatagram(place(2 ** 32 - 1)), null);
  assert.equal(receiver.receiveDatagram(place(1, { flags: 0 })).isInside, false);
  assert.equal(receiver.receiveDatagram(place(0)), null);
});

test("a place of another size or version is refused", () => {
  const receiver = new CursorReceiver();
  assert.throws(() => receiver.receiveDatagram(place(0).subarray(0, 11)), RemoteProtocolError);
  assert.throws(() => receiver.receiveDatagram(Uint8Array.of(2, ...place(0).subarray(1))), RemoteProtocolError);
});

test("a shape has the bounds of the wire", () => {
  const kind = CURSOR_MESSAGES.cursor_shape;
  assert.throws(() => kind.encode("cursor_shape", { width: 257 }));
  assert.throws(() => kind.encode("cursor_shape", { pixels: new Uint8Array(27_649) }));
  assert.equal(kind.maxBytes, 28_672);
});

/** A part, and a promise for the next news that a condition holds for. */
function cursorPart() {
  const part = new CursorPart();
  const news = [];
  part.tell = (data) => news.push(data);
  return [part, news];
}

test("of many shapes the last is told, of one that is broken nothing", async () => {
  const [part, news] = cursorPart();
  part.welcomed();
  const told = new Promise((resolve) => {
    part.tell = (data) => {
      news.push(data);
      queueMicrotask(() => part.told({ taken: true }));
      if (data.shape?.width === 3) {
        resolve();
      }
    };
  });
  part.messageReceived("cursor_shape", shape(1, 1, new Uint8Array(4)));
  part.messageReceived("cursor_shape", shape(2, 2, new Uint8Array(16)));
  part.messageReceived("cursor_shape", shape(2, 2, new Uint8Array(17)));
  part.messageReceived("cursor_shape", shape(3, 3, new Uint8Array(36)));
  await told;
  assert.deepEqual(news.map((each) => each.shape.width), [1, 3]);
  await Promise.resolve();
  part.messageReceived("cursor_shape", shape(3, 3, new Uint8Array(35)));
  part.datagramReceived(place(4));
  assert.deepEqual(news.at(-1), { place: { isInside: true, x: 5, y: 6, warps: 0 } });
});

test("what is unpacked when the session has ended is not told", async () => {
  const [part, news] = cursorPart();
  part.welcomed();
  part.messageReceived("cursor_shape", shape(1, 1, new Uint8Array(4)));
  part.ended();
  part.welcomed();
  part.told({ taken: true });
  const told = new Promise((resolve) => { part.tell = (data) => resolve(data); });
  part.messageReceived("cursor_shape", shape(2, 2, new Uint8Array(16)));
  assert.equal((await told).shape.width, 2);
  assert.deepEqual(news, [{ shape: null, place: null }]);
});

test("a pointer keeps a size that can be read", () => {
  const scaleOf = (drawn, pixelRatio = 1, image = ARROW) =>
    pointerScale({ place: { width: 1000 * drawn }, picture: { width: 1000 }, pixelRatio }, image);
  assert.equal(scaleOf(1), 1);
  assert.equal(scaleOf(0.5), 1);
  assert.equal(scaleOf(2), 1);
  assert.equal(scaleOf(3), 3);
  assert.equal(scaleOf(0.25), 0.25);
  assert.equal(scaleOf(0.01), 1 / 8);
  assert.equal(scaleOf(0.5, 2), 0.5); // a pixel of the host is one of the screen
  assert.equal(scaleOf(1, 2), 1);
  assert.equal(scaleOf(1, 1, { width: 256, height: 256 }), 0.5);
});
