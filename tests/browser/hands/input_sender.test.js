import assert from "node:assert/strict";
import test from "node:test";

import { TO_HOST } from "../../../wavry/browser/rift/input/messages.js";
import { MIN_INTERVAL_S, REPEATS_S } from "../../../wavry/browser/rift/input/repetition.js";
import { CAP_BYTES, HELD_INTERVAL_S, InputSender } from "../../../wavry/browser/rift/input/sender.js";

function states(sender, now) {
  return sender.datagramsToSend(now).map((bytes) => {
    const view = new DataView(bytes.buffer);
    return {
      stream: bytes[1],
      isRelative: bytes[2] === 1,
      sequence: view.getUint32(4),
      x: view.getUint16(8),
      y: view.getUint16(10),
      dx: view.getInt32(12),
      dy: view.getInt32(16),
    };
  });
}

/** Let time pass as an owner would; yield what leaves, and when. */
function* run(sender, until) {
  for (let dueAt = sender.nextTimer(); dueAt !== null && dueAt <= until; dueAt = sender.nextTimer()) {
    sender.handleTimer(dueAt);
    yield { at: dueAt, messages: sender.messages(), states: states(sender, dueAt) };
  }
}

test("a place is told at once and again for a moment", () => {
  const sender = new InputSender();
  sender.moveTo(100, 200, 1);
  const [state] = states(sender, 1);
  assert.deepEqual([state.x, state.y, state.isRelative, state.stream], [100, 200, false, 6]);
  const repeats = [...run(sender, 9)];
  assert.deepEqual(repeats.map(({ at }) => at), REPEATS_S.map((each) => 1 + each));
  assert.ok(repeats.every((each) => assert.deepEqual(each.states, [state]) === undefined));
  assert.equal(sender.nextTimer(), null);
});

test("a place that did not change is not told again", () => {
  const sender = new InputSender();
  sender.moveTo(1, 1, 0);
  assert.equal(states(sender, 0).length, 1);
  sender.moveTo(1, 1, 0.01);
  assert.equal(states(sender, 0.01).length, 0);
});

test("of many places the newest is told 250 times a second", () => {
  const sender = new InputSender();
  const told = [];
  for (let step = 0; step < 1000; step += 1) {
    sender.moveTo(step, 0, step / 1000);
    told.push(...states(sender, step / 1000));
  }
  assert.ok(told.length >= 240 && told.length <= 250, `${told.length}`);
  assert.deepEqual(told.map(({ sequence }) => sequence), told.map((_, place) => place + 1));
});

test("a locked pointer tells totals that wrap", () => {
  const sender = new InputSender();
  sender.moveBy(3, -2, 0);
  assert.deepEqual(states(sender, 0)[0], { stream: 6, isRelative: true, sequence: 1, x: 0, y: 0, dx: 3, dy: -2 });
  sender.moveBy(2 ** 31 - 1, -7, 1);
  const [{ dx, dy }] = states(sender, 1);
  assert.deepEqual([dx, dy], [-(2 ** 31) + 2, -9]);
});

test("a button carries the newest place, which then needs no datagram", () => {
  const sender = new InputSender();
  sender.moveTo(5, 6, 0);
  assert.equal(states(sender, 0)[0].sequence, 1);
  sender.moveTo(7, 8, 0.001);
  sender.pressButton(1, 0.001);
  assert.deepEqual(sender.messages(), [
    { kind: "button", fields: { button: 1, isDown: true, sequence: 1, x: 7, y: 8 } },
  ]);
  assert.equal(states(sender, 0.1).length, 0);
});

test("a button of a locked pointer has no place, and motion is told under a new number", () => {
  const sender = new InputSender();
  sender.moveBy(1, 1, 0);
  assert.equal(states(sender, 0)[0].sequence, 1);
  sender.pressButton(3, 0.001);
  assert.deepEqual(sender.messages(), [
    { kind: "button", fields: { button: 3, isDown: true, sequence: 1, x: null, y: null } },
  ]);
  assert.equal(states(sender, MIN_INTERVAL_S)[0].sequence, 2);
});

test("the wheel turns where the pointer has just gone", () => {
  const sender = new InputSender();
  sender.moveTo(1, 1, 0);
  assert.equal(states(sender, 0).length, 1);
  sender.moveTo(2, 2, 0.001);
  sender.scroll(0, 120);
  assert.equal(states(sender, 0.001)[0].x, 2);
  sender.scroll(0, 0);
  sender.scroll(-99_999, 99_999);
  assert.deepEqual(sender.messages().map(({ fields }) => fields), [
    { horizontal: 0, vertical: 120 },
    { horizontal: -12_000, vertical: 12_000 },
  ]);
});

test("what is down is told twice a second until it is up", () => {
  const sender = new InputSender();
  sender.pressKey(4, "a", 1);
  sender.pressButton(1, 1.1);
  sender.messages();
  const told = [...run(sender, 2.2)].filter(({ messages }) => messages.length > 0);
  assert.deepEqual(told.map(({ at }) => at), [1 + HELD_INTERVAL_S, 1 + 2 * HELD_INTERVAL_S]);
  assert.deepEqual(told[0].messages, [{ kind: "held", fields: { keys: [4], buttons: [1] } }]);
  sender.releaseKey(4);
  sender.releaseButton(1, 2.2);
  assert.equal(sender.nextTimer(), null);
});

test("a key that repeats is pressed again, and is released once", () => {
  const sender = new InputSender();
  sender.pressKey(4, "a", 0);
  sender.pressKey(4, "a", 0);
  sender.releaseKey(4);
  sender.releaseKey(4);
  assert.deepEqual(sender.messages().map(({ fields }) => fields.isDown), [true, true, false]);
});

test("long text goes in several messages, and half a character is replaced", () => {
  const sender = new InputSender();
  sender.typeText("ä😀".repeat(1500));
  sender.typeText("a\ud800");
  const said = sender.messages().map(({ fields }) => fields.text);
  assert.deepEqual(said.map((text) => [...text].length), [1024, 1024, 952, 2]);
  assert.equal(said.join(""), `${"ä😀".repeat(1500)}a\ufffd`);
});

test("what nobody takes is dropped, and everything let go, within the bound", () => {
  const sender = new InputSender();
  for (let round = 0; round < 5000; round += 1) {
    sender.pressKey(4 + (round % 100), "x", 0);
    sender.typeText("y".repeat(100));
    assert.ok(sender.usedBytes <= CAP_BYTES);
  }
  assert.ok(sender.drops > 0);
  assert.equal(sender.messages()[0].kind, "release_all");
});

test("a 65th key is left out, and so is its release", () => {
  const sender = new InputSender();
  for (let usage = 4; usage < 4 + 70; usage += 1) {
    sender.pressKey(usage, "", 0);
  }
  sender.releaseKey(73);
  assert.equal(sender.messages().length, 64);
});

test("letting go is said once", () => {
  const sender = new InputSender();
  sender.releaseAll();
  sender.pressKey(4, "", 0);
  sender.releaseAll();
  sender.releaseAll();
  assert.deepEqual(sender.messages().map(({ kind }) => kind), ["key", "release_all"]);
});

test("pads tell their buttons at once and their axes as states, of four at most", () => {
  const sender = new InputSender();
  sender.plugPad(4, "one too many");
  sender.plugPad(2, "n".repeat(80));
  sender.pressPad(2, 3);
  sender.pressPad(2, 3);
  sender.pressPad(1, 3);
  sender.movePad(2, [1, -2, 3, -4, 5, 32_767], 0);
  const said = sender.messages();
  assert.deepEqual(said.map(({ fields }) => fields.buttons), [0, 3]);
  assert.equal(said[0].fields.name.length, 64);
  const [datagram] = sender.datagramsToSend(0);
  const view = new DataView(datagram.buffer);
  assert.deepEqual([...datagram.subarray(0, 4)], [1, 8, 2, 0]);
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((axis) => view.getInt16(8 + 2 * axis)), [1, -2, 3, -4, 5, 32_767]);
  sender.repeatPads();
  sender.unplugPad(2);
  sender.unplugPad(2);
  assert.deepEqual(sender.messages().map(({ fields }) => fields.isThere), [true, false]);
});

test("everything that is said has a form on the wire", () => {
  const sender = new InputSender();
  sender.pressKey(0xe7, "", 0);
  sender.releaseKey(0xe7);
  sender.typeText("日本");
  sender.moveTo(65_535, 0, 0);
  sender.pressButton(5, 0);
  sender.scroll(1, -1);
  sender.handleTimer(1);
  sender.releaseAll();
  sender.plugPad(0, "a pad");
  sender.pressPad(0, 2 ** 24 - 1);
  const said = sender.messages();
  assert.deepEqual(new Set(said.map(({ kind }) => kind)), new Set(Object.keys(TO_HOST)));
  for (const { kind, fields } of said) {
    const bytes = TO_HOST[kind].encode(kind, fields);
    assert.equal(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0), bytes.length - 4);
  }
});
