// When the dashboard's page is connected to its host, and when it is not.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

/** @type {any[]} */
const sources = [];

class FakeEventSource extends EventTarget {
  static CLOSED = 2;
  readyState = 1;

  constructor() {
    super();
    sources.push(this);
  }

  close() {
    this.readyState = FakeEventSource.CLOSED;
  }

  say(kind, told) {
    this.dispatchEvent(Object.assign(new Event(kind), { data: JSON.stringify(told) }));
  }
}

/** @type {any} */
let page;
Object.assign(globalThis, { EventSource: FakeEventSource });
const { Stream } = await import("../../../wavry/server/dashboard/static/stream.js");

function hide(hidden) {
  page.hidden = hidden;
  page.dispatchEvent(new Event("visibilitychange"));
}

function follow(t) {
  t.mock.timers.enable({ apis: ["setInterval", "setTimeout"] });
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const states = [];
  new Stream({ sample() {}, log() {}, state: (state) => states.push(state) });
  const pass = (seconds) => {
    for (let second = 0; second < seconds; second++) {
      now += 1000;
      t.mock.timers.tick(1000);
    }
  };
  return { states, pass };
}

beforeEach(() => {
  sources.length = 0;
  page = Object.assign(new EventTarget(), { hidden: false });
  Object.assign(globalThis, { document: page });
});

test("a host that has said nothing for a while is looked for", (t) => {
  const { states, pass } = follow(t);
  sources[0].say("sample", {});
  pass(4);
  assert.equal(sources.length, 1);
  pass(3);
  assert.equal(sources.length, 2);
  assert.equal(sources[0].readyState, FakeEventSource.CLOSED);
  assert.deepEqual(states, ["connecting", "live", "gone"]);
});

test("a hidden page stays away, and comes back when it is seen", (t) => {
  const { states, pass } = follow(t);
  sources[0].say("sample", {});
  hide(true);
  assert.equal(sources[0].readyState, FakeEventSource.CLOSED);
  pass(60);
  assert.equal(sources.length, 1);
  assert.deepEqual(states, ["connecting", "live"]);
  hide(false);
  assert.equal(sources.length, 2);
  sources[1].say("sample", {});
  assert.equal(states.at(-1), "live");
});
