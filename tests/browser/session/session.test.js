import assert from "node:assert/strict";
import test, { mock } from "node:test";

import { ErrorCode } from "../../../wavry/browser/rift/errors.js";
import { HostSession } from "../../../wavry/browser/session/session.js";
import { SessionPart } from "../../../wavry/browser/session/part.js";
import { Statistics } from "../../../wavry/browser/session/statistics.js";
import { FakeConnection } from "./fake_connection.mjs";

const STREAM = { epoch: 0, codec: "h264", width: 640, height: 480, fps: 60, bitrateBps: 1000 };

/** Time stands still but for `pass`. */
function clock() {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  mock.method(performance, "now", () => now);
  return {
    pass(seconds) {
      for (let left = Math.round(seconds * 1000); left > 0; left -= 1) {
        now += 1;
        mock.timers.tick(1);
      }
    },
  };
}

function session(t, parts = []) {
  const time = clock();
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const told = { hello: [], streams: [], units: [], states: [] };
  const owner = {
    onHello: (hello) => told.hello.push(hello),
    onStream: (stream) => told.streams.push(stream),
    onUnit: (received) => told.units.push(received),
    onSourceState: (...state) => told.states.push(state),
    isBehind: () => false,
    pictureHoldS: () => 0,
  };
  const connection = new FakeConnection();
  const statistics = new Statistics();
  const made = new HostSession(connection, { name: "page", codecs: ["h264"] }, statistics, owner, parts);
  return { time, told, connection, statistics, session: made };
}

/** A keyframe in one packet (WIRE.md section 2). */
function packet(frameId, { epoch = 0, isKeyframe = true, packetId = frameId } = {}) {
  const bytes = new Uint8Array(24 + 12 + 5);
  const view = new DataView(bytes.buffer);
  bytes.set([1, 0, isKeyframe ? 1 : 0, epoch]);
  view.setUint32(4, packetId);
  view.setUint32(8, frameId);
  view.setUint16(14, 1);
  view.setBigUint64(16, 1_000_000n);
  return bytes;
}

test("hello is the first word, with what datagrams it takes", (t) => {
  const { connection } = session(t);
  assert.equal(connection.said[0].kind, "hello");
  assert.equal(connection.said[0].fields.name, "page");
  assert.ok(connection.said[0].fields.maxDatagramBytes >= 1200);
});

test("units go on in order once their stream is known", (t) => {
  const { connection, told, time } = session(t);
  connection.arrive([packet(0)], 0);
  assert.equal(told.units.length, 0);
  assert.deepEqual(connection.of("keyframe_request"), [{ epoch: 0, afterFrameId: 0 }]);
  connection.hear("stream_config", STREAM);
  connection.arrive([packet(1), packet(2, { isKeyframe: false })], 0);
  time.pass(0.06);
  assert.deepEqual(told.units.map(({ unit }) => unit.frameId), [1, 2]);
  assert.deepEqual(told.units[0].stream, { epoch: 0, codec: "h264", width: 640, height: 480 });
});

test("keyframes are asked for four times a second at most", (t) => {
  const { connection, session: each, time } = session(t);
  time.pass(1);
  for (let count = 0; count < 50; count += 1) {
    each.requestKeyframe(0, count);
    time.pass(0.01);
  }
  assert.equal(connection.of("keyframe_request").length, 2);
});

test("the host hears twenty times a second what came, and nothing more while nothing comes", (t) => {
  const { connection, time } = session(t);
  time.pass(1.5);
  const before = connection.of("feedback").length;
  connection.hear("stream_config", STREAM);
  for (let id = 0; id < 100; id += 1) {
    connection.arrive([packet(id)], performance.now() / 1000);
    time.pass(0.01);
  }
  const reports = connection.of("feedback").slice(before);
  assert.ok(reports.length >= 18 && reports.length <= 40, `${reports.length}`);
  assert.equal(reports.at(-1).highestPacketId >= 94, true);
});

test("pings are answered, and the clock of the host becomes known", (t) => {
  const { connection, statistics, time } = session(t);
  connection.hear("ping", { pingId: 5, sentUs: 77 });
  assert.deepEqual(connection.of("pong"), [{ pingId: 5, sentUs: 77, receivedUs: 0 }]);
  time.pass(0.01);
  const [{ pingId, sentUs }] = connection.of("ping");
  connection.hear("pong", { pingId, sentUs, receivedUs: 1_005_000 });
  assert.equal(statistics.clock.offsetUs, 1_000_000);
});

test("a host that falls silent is given up after five seconds", async (t) => {
  const { session: each, time } = session(t);
  let ending = null;
  each.ended.then((found) => (ending = found));
  time.pass(4);
  await null;
  assert.equal(ending, null);
  time.pass(3);
  assert.equal((await each.ended).code, ErrorCode.TIMEOUT);
});

test("what the host says last is why it ended", async (t) => {
  const { connection, session: each } = session(t);
  connection.hear("bye", { code: ErrorCode.REFUSED, reason: "you were sent away" });
  assert.deepEqual(await each.ended, { code: ErrorCode.REFUSED, reason: "you were sent away", wasLocal: false });
});

test("a message that breaks the protocol ends the session, and says so", async (t) => {
  const { connection, session: each } = session(t);
  connection.hearBytes(Uint8Array.of(255, 255, 255, 255));
  assert.equal((await each.ended).code, ErrorCode.PROTOCOL_VIOLATION);
  assert.equal(connection.of("bye")[0].code, ErrorCode.PROTOCOL_VIOLATION);
});

test("a malformed datagram is skipped", (t) => {
  const { connection, told, time } = session(t);
  connection.hear("stream_config", STREAM);
  connection.arrive([new Uint8Array(0), Uint8Array.of(9, 0), Uint8Array.of(1, 0, 1), packet(0)], 0);
  time.pass(0.06);
  assert.equal(told.units.length, 1);
  assert.equal(connection.closed, null);
});

test("parts get what they take, from the host's hello to the end", (t) => {
  const seen = [];
  class Part extends SessionPart {
    datagramStreams = [7];
    welcomed = (talk, hello) => seen.push(["welcomed", hello.name]);
    datagramReceived = (bytes) => seen.push(["datagram", bytes.length]);
    ended = () => seen.push(["ended"]);
  }
  const { connection, session: each } = session(t, [new Part()]);
  connection.hear("hello", { name: "host" });
  connection.arrive([Uint8Array.of(1, 7, 0)], 0);
  each.leave(ErrorCode.NO_ERROR, "");
  assert.deepEqual(seen, [["welcomed", "host"], ["datagram", 3], ["ended"]]);
});

test("nothing is sent and no timer runs after the end", (t) => {
  const { connection, session: each, time } = session(t);
  each.leave(ErrorCode.NO_ERROR, "");
  const said = connection.said.length;
  time.pass(10);
  each.requestKeyframe(0, 0);
  assert.equal(connection.said.length, said);
});

test("another major version is not talked with", async (t) => {
  const { connection, session: each } = session(t);
  connection.hear("hello", { versionMajor: 2, versionMinor: 0 });
  assert.equal((await each.ended).code, ErrorCode.UNSUPPORTED_VERSION);
});
