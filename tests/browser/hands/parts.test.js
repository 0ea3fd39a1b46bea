import assert from "node:assert/strict";
import test from "node:test";

import { keyPressed, padPlugged, pointerAt } from "../../../wavry/browser/hands/deeds.js";
import { handsParts } from "../../../wavry/browser/session/hands_parts.js";
import { HandsPart } from "../../../wavry/browser/session/hands.js";
import { MonitorsPart } from "../../../wavry/browser/session/monitors.js";
import { RightsPart } from "../../../wavry/browser/session/rights.js";

const PRESS = [keyPressed(4, "a")];

function session() {
  const rights = new RightsPart();
  const part = new HandsPart(rights);
  const [said, datagrams, told, words] = [[], [], [], []];
  part.tell = (data) => told.push(data);
  rights.tell = ({ lack }) => {
    if (lack !== undefined) {
      words.push(lack);
    }
    queueMicrotask(() => rights.told({ taken: true }));
  };
  const talk = { say: (kind, fields) => said.push({ kind, fields }), sendDatagram: (bytes) => datagrams.push(bytes) };
  const begin = (...granted) => {
    part.welcomed(talk);
    rights.messageReceived("rights_granted", { rights: granted }, 0);
  };
  const end = () => {
    part.ended();
    rights.ended();
  };
  return { rights, part, said, datagrams, told, words, begin, end };
}

test("nothing is sent before the host has said what is allowed, and the page does not wait", () => {
  const { part, said, told, begin, end } = session();
  part.told({ deeds: PRESS }, 0);
  begin("keys");
  part.told({ deeds: PRESS }, 0);
  assert.deepEqual(said, [{ kind: "key", fields: { usage: 4, isDown: true, text: "a" } }]);
  assert.deepEqual(told, [{ hasTaken: true }, { hasTaken: true }]);
  end();
});

test("what is not allowed is sent until the host says so, then not, until it is allowed again", async () => {
  const { part, rights, said, datagrams, words, begin, end } = session();
  begin("view");
  part.told({ deeds: [...PRESS, pointerAt(1, 1)] }, 0);
  assert.deepEqual([said.length, datagrams.length], [1, 1]);
  await Promise.resolve();
  rights.messageReceived("denied", { right: "keys" }, 0);
  await Promise.resolve();
  rights.messageReceived("denied", { right: "pointer" }, 0);
  await Promise.resolve();
  rights.messageReceived("denied", { right: "keys" }, 0);
  rights.messageReceived("denied", { right: "something new" }, 0);
  part.told({ deeds: [...PRESS, pointerAt(2, 2)] }, 1);
  assert.deepEqual([said.length, datagrams.length], [1, 1]);
  assert.deepEqual(words, ["the host does not let this client type", "the host does not let this client point"]);
  rights.messageReceived("rights_granted", { rights: ["keys", "flight"] }, 2);
  assert.deepEqual([...rights.granted], ["keys"]);
  part.told({ deeds: PRESS }, 2);
  assert.equal(said.length, 2);
  end();
});

test("pads are told to each host, and again to one that begins to take them", () => {
  const { part, rights, said, begin, end } = session();
  part.told({ deeds: [padPlugged(0, "a pad")] }, 0);
  begin("pads");
  const plug = { kind: "pad", fields: { pad: 0, isThere: true, name: "a pad", buttons: 0 } };
  assert.deepEqual(said, [plug]);
  rights.messageReceived("rights_granted", { rights: ["view"] }, 0);
  rights.messageReceived("rights_granted", { rights: ["pads"] }, 0);
  assert.deepEqual(said, [plug, plug]);
  end();
  begin("pads");
  assert.equal(said.length, 3);
  end();
});

test("of wishes to shake pads the page has one of each before it, however many come", () => {
  const { part, told } = session();
  const wish = (pad, low) => ({ pad, low, high: 0, durationMs: 4 });
  for (let low = 0; low < 1000; low += 1) {
    part.messageReceived("rumble", wish(1, low));
    part.messageReceived("rumble", wish(2, low));
  }
  assert.deepEqual(told, [{ rumbles: { 1: wish(1, 0) } }]);
  part.told({ taken: true }, 0);
  part.told({ taken: true }, 0);
  assert.deepEqual(told.slice(1), [{ rumbles: { 1: wish(1, 999), 2: wish(2, 999) } }]);
});

test("monitors are told and chosen", () => {
  const part = new MonitorsPart();
  const [told, said] = [[], []];
  part.tell = (data) => {
    told.push(data);
    part.told({ taken: true });
  };
  part.told({ choose: 1 }); // without a session
  part.welcomed({ say: (kind, fields) => said.push({ kind, fields }) });
  const monitors = [{ name: "A", width: 1, height: 2 }];
  part.messageReceived("monitor_list", { monitors, captured: 3, refusal: "there is none" });
  part.told({ choose: 1 });
  part.ended();
  assert.deepEqual(said, [{ kind: "choose_monitor", fields: { number: 1 } }]);
  assert.deepEqual(told, [
    { layout: { monitors, captured: null }, refusal: "there is none" },
    { layout: { monitors: [], captured: null } },
  ]);
});

test("each part has a name of its own", () => {
  const names = handsParts().map(({ name }) => name);
  assert.deepEqual(names, ["rights", "hands", "cursor", "clipboard", "monitors"]);
});
