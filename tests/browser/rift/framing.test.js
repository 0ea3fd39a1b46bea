import assert from "node:assert/strict";
import test from "node:test";

import { ErrorCode, LocalProtocolError, RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { MAX_MESSAGE_BYTES, MessageDecoder, MessageKind } from "../../../wavry/browser/rift/framing.js";
import { CONTROL_MESSAGES, checkVersion } from "../../../wavry/browser/rift/messages.js";
import { MessagePackWriter } from "../../../wavry/browser/rift/msgpack.js";
import { u8 } from "../../../wavry/browser/rift/schema.js";

const encode = (kind, fields = {}) => CONTROL_MESSAGES[kind].encode(kind, fields);

function framed(write) {
  const writer = new MessagePackWriter();
  write(writer);
  const body = writer.finish();
  const message = new Uint8Array(body.length + 4);
  new DataView(message.buffer).setUint32(0, body.length);
  message.set(body, 4);
  return message;
}

test("messages come whole from any cut of the stream, in order", () => {
  const stream = [encode("ping", { pingId: 7, sentUs: 2 ** 50 }), encode("bye", { code: 3, reason: "ä €" }), encode("hello")];
  const joined = Buffer.concat(stream);
  for (const size of [1, 2, 3, 7, 50, joined.length]) {
    const decoder = new MessageDecoder(CONTROL_MESSAGES);
    const found = [];
    for (let begin = 0; begin < joined.length; begin += size) {
      found.push(...decoder.receive(joined.subarray(begin, begin + size)));
    }
    assert.deepEqual(found.map(({ kind }) => kind), ["ping", "bye", "hello"]);
    assert.deepEqual(found[0].fields, { pingId: 7, sentUs: 2 ** 50 });
    assert.deepEqual(found[1].fields, { code: 3, reason: "ä €" });
  }
});

test("an unknown kind is skipped and counted, a kind with the name of a property of objects too", () => {
  const decoder = new MessageDecoder(CONTROL_MESSAGES);
  for (const kind of ["sing", "constructor", "__proto__"]) {
    const message = framed((writer) => {
      writer.arrayHeader(2);
      writer.text(kind);
      writer.arrayHeader(1);
      writer.nil();
    });
    assert.deepEqual(decoder.receive(message), []);
  }
  assert.equal(decoder.messagesSkipped, 3);
});

test("unknown fields are ignored and known ones that are left out have their defaults", () => {
  const message = framed((writer) => {
    writer.arrayHeader(2);
    writer.text("bye");
    writer.mapHeader(3);
    writer.text("mood");
    writer.arrayHeader(1);
    writer.text("sad");
    writer.text("__proto__");
    writer.nil();
    writer.text("code");
    writer.integer(6);
  });
  const [{ fields }] = new MessageDecoder(CONTROL_MESSAGES).receive(message);
  assert.deepEqual(fields, { code: 6, reason: "" });
});

test("what breaks the framing or a bound ends the stream for good", () => {
  const broken = {
    "no body": new Uint8Array(4),
    "a body that is too long": Uint8Array.of(0, 0, 128, 1),
    "no array": framed((writer) => writer.integer(1)),
    "an array of three": framed((writer) => [writer.arrayHeader(3), writer.text("x"), writer.nil(), writer.nil()]),
    "a kind that is no text": framed((writer) => [writer.arrayHeader(2), writer.nil(), writer.mapHeader(0)]),
    "a kind of 65 bytes": framed((writer) => [writer.arrayHeader(2), writer.text("k".repeat(65)), writer.nil()]),
    "bytes after its end": framed((writer) => [writer.arrayHeader(2), writer.text("x"), writer.nil(), writer.nil()]),
    "fields that are no map": framed((writer) => [writer.arrayHeader(2), writer.text("bye"), writer.nil()]),
    "a field that is missing": framed((writer) => [writer.arrayHeader(2), writer.text("bye"), writer.mapHeader(0)]),
    "a field out of its bounds": framed((writer) => {
      writer.arrayHeader(2);
      writer.text("bye");
      writer.mapHeader(1);
      writer.text("code");
      writer.integer(65_536);
    }),
    "a known kind of too many bytes": framed((writer) => {
      writer.arrayHeader(2);
      writer.text("bye");
      writer.mapHeader(2);
      writer.text("code");
      writer.integer(1);
      writer.text("x");
      writer.bytes(new Uint8Array(8192));
    }),
  };
  for (const [name, bytes] of Object.entries(broken)) {
    const decoder = new MessageDecoder(CONTROL_MESSAGES);
    assert.throws(() => decoder.receive(bytes), RemoteProtocolError, name);
    assert.throws(() => decoder.receive(encode("hello")), RemoteProtocolError, name);
  }
});

test("a length allocates nothing beyond the largest message", () => {
  const decoder = new MessageDecoder(CONTROL_MESSAGES);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, MAX_MESSAGE_BYTES);
  assert.deepEqual(decoder.receive(length), []);
  assert.throws(() => decoder.receive(new Uint8Array(MAX_MESSAGE_BYTES)), RemoteProtocolError);
});

test("what no peer would take is not said", () => {
  assert.throws(() => encode("ping", { pingId: -1, sentUs: 0 }), LocalProtocolError);
  assert.throws(() => encode("ping", { pingId: 1.5, sentUs: 0 }), LocalProtocolError);
  assert.throws(() => encode("ping", { pingId: 1 }), LocalProtocolError);
  assert.throws(() => encode("hello", { codecs: new Array(17).fill("h264") }), LocalProtocolError);
  assert.throws(() => encode("hello", { name: "x".repeat(257) }), LocalProtocolError);
  assert.throws(() => encode("hello", { sound: 1 }), LocalProtocolError);
  const small = new MessageKind({ level: u8 }, { maxBytes: 4 });
  assert.throws(() => small.encode("small", { level: 1 }), LocalProtocolError);
});

test("characters are counted as people count them, and not in halves", () => {
  assert.doesNotThrow(() => encode("bye", { code: 0, reason: "😀".repeat(256) }));
  assert.throws(() => encode("bye", { code: 0, reason: "😀".repeat(257) }), LocalProtocolError);
});

test("another major version is refused with a text that names both", () => {
  checkVersion({ versionMajor: 1, versionMinor: 99 });
  assert.throws(() => checkVersion({ versionMajor: 2, versionMinor: 3 }), (error) => {
    assert.equal(error.code, ErrorCode.UNSUPPORTED_VERSION);
    assert.match(error.message, /2\.3.*1\.4/);
    return true;
  });
});
