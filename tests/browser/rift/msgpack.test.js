import assert from "node:assert/strict";
import test from "node:test";

import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { MessagePackReader, MessagePackWriter } from "../../../wavry/browser/rift/msgpack.js";

const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (data) => Buffer.from(data).toString("hex");

function written(write) {
  const writer = new MessagePackWriter();
  write(writer);
  return hex(writer.finish());
}

const INTEGERS = [
  [0, "00"], [127, "7f"], [128, "cc80"], [255, "ccff"], [256, "cd0100"], [65_535, "cdffff"], [65_536, "ce00010000"],
  [2 ** 32 - 1, "ceffffffff"], [2 ** 32, "cf0000000100000000"], [2 ** 53 - 1, "cf001fffffffffffff"],
  [2n ** 64n - 1n, "cfffffffffffffffff"], [-1, "ff"], [-32, "e0"], [-33, "d0df"], [-128, "d080"], [-129, "d1ff7f"],
  [-32_768, "d18000"], [-32_769, "d2ffff7fff"], [-(2 ** 31), "d280000000"], [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
  [-(2n ** 63n), "d38000000000000000"],
];

for (const [value, wanted] of INTEGERS) {
  test(`${value} is written in its shortest form and read again`, () => {
    assert.equal(written((writer) => writer.integer(value)), wanted);
    assert.equal(new MessagePackReader(bytes(wanted)).integer(), value);
  });
}

test("a writer that has to grow in the middle of a value loses nothing", () => {
  const writer = new MessagePackWriter();
  for (let count = 0; count < 1000; count += 1) {
    writer.integer(2 ** 40 + count);
  }
  const reader = new MessagePackReader(writer.finish());
  for (let count = 0; count < 1000; count += 1) {
    assert.equal(reader.integer(), 2 ** 40 + count);
  }
  assert.ok(reader.isAtEnd);
});

test("sizes and counts take as many bytes as they need", () => {
  assert.equal(written((writer) => writer.text("x".repeat(31))).slice(0, 2), "bf");
  assert.equal(written((writer) => writer.text("x".repeat(32))).slice(0, 4), "d920");
  assert.equal(written((writer) => writer.text("x".repeat(256))).slice(0, 6), "da0100");
  assert.equal(written((writer) => writer.bytes(new Uint8Array(70_000))).slice(0, 10), "c600011170");
  assert.equal(written((writer) => writer.arrayHeader(16)), "dc0010");
  assert.equal(written((writer) => writer.mapHeader(15)), "8f");
});

test("what was read does not change with the bytes it was read from", () => {
  const source = bytes("c40201ff");
  const read = new MessagePackReader(source).bytes(2);
  source.fill(0);
  assert.deepEqual([...read], [1, 255]);
});

test("skipping passes over every format, however nested", () => {
  const values = [
    "c0", "c2", "7f", "ff", "cc80", "cd0100", "ce00010000", "cf0000000100000000", "d080", "d1ff7f", "d2ffff7fff",
    "d3ffffffff7fffffff", "ca3f800000", "cb3ff0000000000000", "a161", "d90161", "da000161", "db0000000161", "c40100",
    "c5000100", "c600000001ff", "d40100", "d5010000", "d60100000000", `d701${"00".repeat(8)}`, `d801${"00".repeat(16)}`,
    "c7010100", "c800010100", "c90000000101ff", "9201c0", "dc000101", "dd0000000102", "8101c0", "de000101c0", "df0000000101c3",
  ];
  for (const value of values) {
    const reader = new MessagePackReader(bytes(`${value}2a`));
    reader.skip();
    assert.equal(reader.integer(), 42, value);
  }
  const nested = new MessagePackReader(bytes(`${"91".repeat(30_000)}c02a`));
  nested.skip();
  assert.equal(nested.integer(), 42);
});

const BROKEN = {
  "nothing at all": "",
  "a size without its bytes": "a561",
  "an array of more values than there are bytes": "ddffffffff",
  "a map of more values than there are bytes": "df7fffffff00",
  "a byte that MessagePack never uses": "c1",
  "a size that is cut off": "da01",
};

for (const [name, broken] of Object.entries(BROKEN)) {
  test(`${name} is a fault of the peer`, () => {
    assert.throws(() => new MessagePackReader(bytes(broken)).skip(), RemoteProtocolError);
  });
}

test("values of another type, and texts that are not UTF-8, are a fault of the peer", () => {
  const read = (data, how) => () => how(new MessagePackReader(bytes(data)));
  assert.throws(read("c3", (reader) => reader.integer()), RemoteProtocolError);
  assert.throws(read("01", (reader) => reader.boolean()), RemoteProtocolError);
  assert.throws(read("01", (reader) => reader.text(9)), RemoteProtocolError);
  assert.throws(read("a161", (reader) => reader.bytes(9)), RemoteProtocolError);
  assert.throws(read("80", (reader) => reader.arrayHeader()), RemoteProtocolError);
  assert.throws(read("90", (reader) => reader.mapHeader()), RemoteProtocolError);
  assert.throws(read("a1ff", (reader) => reader.text(9)), RemoteProtocolError);
  assert.throws(read("a3616263", (reader) => reader.text(2)), RemoteProtocolError);
  assert.throws(read("c403616263", (reader) => reader.bytes(2)), RemoteProtocolError);
});
