import assert from "node:assert/strict";
import test from "node:test";

import { RemoteProtocolError } from "../../../wavry/browser/rift/errors.js";
import { MAX_DATA_BYTES, MAX_TEXT_BYTES } from "../../../wavry/browser/rift/clipboard/messages.js";
import { ClipboardReceiver } from "../../../wavry/browser/rift/clipboard/receiver.js";
import { MAX_BACKLOG_BYTES, ClipboardSender } from "../../../wavry/browser/rift/clipboard/sender.js";
import { ClipboardPart } from "../../../wavry/browser/session/clipboard.js";
import { RightsPart } from "../../../wavry/browser/session/rights.js";

const utf8 = (text) => new TextEncoder().encode(text);

/** Let a sender say all it has to, with nothing in its way; return the messages and how long it took. */
function sendAll(sender, now = 0) {
  const messages = [];
  let time = now;
  while (!sender.isIdle) {
    time = Math.max(time, sender.nextTimer);
    messages.push(sender.nextMessage(0, time));
  }
  return [messages, time - now];
}

test("a text goes over in pieces and is the same at the other end", () => {
  const text = "aß漢😀\n".repeat(20_000);
  const sender = new ClipboardSender(4_000_000);
  sender.offer(utf8(text));
  const [[offer, ...pieces], tookS] = sendAll(sender);
  const receiver = new ClipboardReceiver();
  assert.equal(receiver.receiveOffer(offer.fields), null);
  const results = pieces.map(({ fields }) => receiver.receiveData(fields));
  assert.equal(results.pop(), text);
  assert.ok(results.every((each) => each === null));
  assert.ok(pieces.every(({ fields }) => fields.data.length <= MAX_DATA_BYTES));
  const fullS = (utf8(text).length * 8) / 4_000_000;
  assert.ok(Math.abs(tookS - fullS) < 0.05, `${tookS} s`);
  assert.equal(receiver.usedBytes, 0);
});

test("an empty text is whole with its offer", () => {
  const sender = new ClipboardSender(1_000_000);
  sender.offer(utf8(""));
  const [messages] = sendAll(sender);
  assert.equal(messages.length, 1);
  assert.equal(new ClipboardReceiver().receiveOffer(messages[0].fields), "");
});

test("little is under way, and the peer is waited for", () => {
  const sender = new ClipboardSender(4_000_000);
  sender.offer(utf8("x".repeat(100_000)));
  assert.equal(sender.nextMessage(MAX_BACKLOG_BYTES, 0), null);
  assert.equal(sender.nextTimer, null);
  assert.equal(sender.nextMessage(0, 0).kind, "clipboard_offer");
});

test("a newer text takes the place of one that is not whole", () => {
  const receiver = new ClipboardReceiver();
  receiver.receiveOffer({ transfer: 1, sizeBytes: 4 });
  assert.equal(receiver.receiveData({ transfer: 1, data: utf8("ab") }), null);
  receiver.receiveOffer({ transfer: 2, sizeBytes: 2 });
  assert.equal(receiver.receiveData({ transfer: 1, data: utf8("cd") }), null);
  assert.equal(receiver.receiveData({ transfer: 2, data: utf8("xy") }), "xy");
  assert.equal(receiver.receiveData({ transfer: 2, data: utf8("xy") }), null);
  assert.equal(receiver.drops, 1);
});

test("nothing is allocated before bytes come, and twice those at most", () => {
  const receiver = new ClipboardReceiver();
  receiver.receiveOffer({ transfer: 1, sizeBytes: MAX_TEXT_BYTES });
  assert.equal(receiver.usedBytes, 0);
  for (let count = 1; count <= 20_000; count += 1) {
    receiver.receiveData({ transfer: 1, data: utf8("x") });
    assert.ok(receiver.usedBytes <= Math.max(2 * count, 4096));
  }
  receiver.cancel();
  assert.equal(receiver.usedBytes, 0);
});

test("more than was offered is refused, and so is what is not UTF-8", () => {
  const receiver = new ClipboardReceiver();
  receiver.receiveOffer({ transfer: 1, sizeBytes: 2 });
  assert.throws(() => receiver.receiveData({ transfer: 1, data: utf8("abc") }), RemoteProtocolError);
  receiver.receiveOffer({ transfer: 2, sizeBytes: 2 });
  assert.throws(() => receiver.receiveData({ transfer: 2, data: Uint8Array.of(0xc3, 0x28) }), RemoteProtocolError);
});

/** A part in a session with a host that said this, and may do everything. */
function clipboardPart(hello, rights = ["clipboard"]) {
  const right = new RightsPart();
  const part = new ClipboardPart(right);
  const [told, said] = [[], []];
  part.tell = (data) => {
    told.push(data);
    part.told({ taken: true }, 0);
  };
  const talk = { say: (kind, fields) => said.push({ kind, fields }), connection: { streamBacklogBytes: () => 0 } };
  part.welcomed(talk, { clipboardSend: false, clipboardReceive: false, ...hello });
  right.messageReceived("rights_granted", { rights }, 0);
  return { part, right, told, said };
}

test("with a host that shares nothing nothing is said or taken", () => {
  const { part, told, said } = clipboardPart({});
  part.told({ offer: utf8("secret"), number: 1 }, 0);
  part.messageReceived("clipboard_offer", { transfer: 1, sizeBytes: 0 }, 0);
  assert.deepEqual(said, []);
  assert.deepEqual(told, [{ ways: { maySend: false, mayReceive: false } }, { sent: 1 }]);
  part.ended();
});

test("a text goes to a host that takes it, and its end is told", () => {
  const { part, told, said } = clipboardPart({ clipboardReceive: true });
  part.told({ offer: utf8("hello"), number: 3 }, 10);
  part.writable(10.1);
  assert.deepEqual(said.map(({ kind }) => kind), ["clipboard_ready", "clipboard_offer", "clipboard_data"]);
  assert.deepEqual(told, [{ ways: { maySend: true, mayReceive: false } }, { sent: 3 }]);
  part.ended();
});

test("a right that is refused stops it, and words say so once", () => {
  const { part, right, told, said } = clipboardPart({ clipboardReceive: true, clipboardSend: true });
  const words = [];
  right.told();
  right.tell = ({ lack }) => {
    if (lack !== undefined) {
      words.push(lack);
    }
  };
  right.messageReceived("denied", { right: "clipboard" }, 0);
  right.messageReceived("denied", { right: "clipboard" }, 0);
  part.told({ offer: utf8("hello"), number: 1 }, 1);
  assert.deepEqual(said.map(({ kind }) => kind), ["clipboard_ready"]);
  assert.deepEqual(told.at(-2), { ways: { maySend: false, mayReceive: true } });
  assert.deepEqual(words, ["the host does not share its clipboard with this client"]);
  part.ended();
});

test("the host's text comes to the page", () => {
  const { part, told } = clipboardPart({ clipboardSend: true });
  part.messageReceived("clipboard_offer", { transfer: 1, sizeBytes: 2 }, 0);
  part.messageReceived("clipboard_data", { transfer: 1, data: utf8("é") }, 0);
  assert.deepEqual(told.at(-1), { text: "é" });
  part.ended();
  assert.deepEqual(told.at(-1), { ways: { maySend: false, mayReceive: false } });
});
