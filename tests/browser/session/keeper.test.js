import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { ErrorCode } from "../../../wavry/browser/rift/errors.js";
import { Keeper } from "../../../wavry/browser/session/keeper.js";
import { Statistics } from "../../../wavry/browser/session/statistics.js";
import { FakeConnection } from "./fake_connection.mjs";

const SITE = { port: 4790, path: "/wavry", certificateHashes: ["07".repeat(32)], needsPairing: false, name: "desk" };

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A keeper, and a host that answers as the test says; time passes only in `pass`. */
function keeper(t) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const host = { isThere: true, connections: [], urls: [] };
  mock.method(globalThis, "fetch", async () => {
    if (!host.isThere) {
      throw new TypeError("Failed to fetch");
    }
    return { ok: true, text: async () => JSON.stringify(SITE) };
  });
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const said = [];
  const video = { restart: () => {}, take: () => {}, isBehind: () => false };
  const made = new Keeper({
    siteUrl: "http://host.example:4791/",
    hello: { name: "page" },
    statistics: new Statistics(),
    video,
    parts: [],
    say: (notice) => said.push(notice),
    onStream: () => {},
    open: async (url) => {
      host.urls.push(url);
      host.connections.push(new FakeConnection());
      return host.connections.at(-1);
    },
  });
  made.run();
  const pass = async (seconds) => {
    for (let left = seconds; left > 0; left -= 0.25) {
      mock.timers.tick(250);
      await settled();
    }
  };
  return { keeper: made, host, said, video, pass, now: () => host.connections.at(-1) };
}

test("it connects to where the page came from, at the host's port, and says so until there is a picture", async (t) => {
  const { host, said, video, now } = keeper(t);
  await settled();
  assert.deepEqual(host.urls, ["https://host.example:4790/wavry"]);
  assert.deepEqual(said.map((each) => each?.heading), ["Connecting to host.example …", "Connected to desk"]);
  video.onPicture();
  assert.equal(said.at(-1), null);
  now().hear("source_state", { available: false, reason: "the screen is gone" });
  assert.equal(said.at(-1).detail, "the screen is gone");
  now().hear("source_state", { available: true });
  assert.equal(said.at(-1), null);
});

test("a host that is lost is tried for ever, ever more rarely, and found again", async (t) => {
  const { host, said, pass, now } = keeper(t);
  await settled();
  host.isThere = false;
  now().close(ErrorCode.INTERNAL_ERROR, "gone");
  await settled();
  assert.match(said.at(-1).heading, /^Lost desk; trying again/);
  await pass(120);
  const tries = globalThis.fetch.mock.callCount();
  assert.ok(tries > 25 && tries < 40, `${tries}`);
  host.isThere = true;
  await pass(5);
  assert.equal(host.connections.length, 2);
  assert.equal(said.at(-1).heading, "Connected to desk");
});

test("a host that refuses is not tried again until the person wants to", async (t) => {
  const { keeper: each, host, said, pass, now } = keeper(t);
  await settled();
  now().hear("bye", { code: ErrorCode.REFUSED, reason: "revoked" });
  await settled();
  assert.deepEqual([said.at(-1).detail, said.at(-1).wants], ["revoked", "again"]);
  await pass(60);
  assert.equal(host.connections.length, 1);
  each.connect(null);
  await settled();
  assert.equal(host.connections.length, 2);
});

test("who leaves has left, in a session and while the host is waited for", async (t) => {
  const { keeper: each, host, said, pass, now } = keeper(t);
  await settled();
  each.leave();
  await settled();
  assert.equal(now().of("bye")[0].code, ErrorCode.NO_ERROR);
  assert.match(said.at(-1).heading, /You have left/);
  await pass(30);
  assert.equal(host.connections.length, 1);
  each.connect(null);
  await settled();
  host.isThere = false;
  now().close(ErrorCode.INTERNAL_ERROR, "gone");
  await pass(3);
  each.leave();
  await settled();
  const tries = globalThis.fetch.mock.callCount();
  assert.match(said.at(-1).heading, /You have left/);
  each.leave();
  await pass(30);
  assert.equal(globalThis.fetch.mock.callCount(), tries);
});
