import assert from "node:assert/strict";
import test from "node:test";

import { ErrorCode } from "../../../wavry/browser/rift/errors.js";
import { Connection } from "../../../wavry/browser/session/connection.js";

/** A WebTransport session of which the test is the other end. */
class FakeTransport {
  written = [[], [], []];
  sent = [];
  streams = [];
  takes = true;
  closedWith = null;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
    this.ready = Promise.resolve();
    this.datagrams = {
      readable: new ReadableStream({ start: (controller) => (this.arrivals = controller) }),
      writable: new WritableStream({ write: (bytes) => this.#take(this.sent, bytes) }),
    };
  }

  #take(list, bytes) {
    list.push(bytes);
    return this.takes ? undefined : new Promise(() => {});
  }

  async createBidirectionalStream() {
    const channel = this.streams.length;
    const stream = {
      readable: new ReadableStream({ start: (controller) => (this.streams[channel] = controller) }),
      writable: new WritableStream({ write: (bytes) => this.#take(this.written[channel], bytes) }),
    };
    return stream;
  }

  close(info) {
    this.closedWith ??= info;
  }
}

async function connect(t) {
  let transport = null;
  globalThis.WebTransport = class {
    constructor(url, options) {
      transport = new FakeTransport();
      transport.url = url;
      transport.options = options;
      return transport;
    }
  };
  t.after(() => {
    delete globalThis.WebTransport;
    connection.close(0, "");
  });
  const connection = await Connection.open("https://host:4790/wavry", ["00ff".repeat(16)], 5);
  const seen = { datagrams: [], ends: 0, streams: [], endings: [] };
  const observer = {
    datagramReceived: (bytes) => seen.datagrams.push(bytes),
    datagramsEnd: () => (seen.ends += 1),
    streamReceived: (channel, bytes) => seen.streams.push([channel, ...bytes]),
    writable: () => {},
    connectionLost: (ending) => seen.endings.push(ending),
  };
  connection.observe(observer);
  return { connection, transport, seen, observer };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

test("it pins the certificates it was given", async (t) => {
  const { transport } = await connect(t);
  assert.equal(transport.url, "https://host:4790/wavry");
  const [{ algorithm, value }] = transport.options.serverCertificateHashes;
  assert.equal(algorithm, "sha-256");
  assert.deepEqual([...value.slice(0, 3)], [0, 255, 0]);
});

test("datagrams that come together end once", async (t) => {
  const { transport, seen } = await connect(t);
  for (let count = 0; count < 20; count += 1) {
    transport.arrivals.enqueue(Uint8Array.of(count));
  }
  await turn();
  await turn();
  assert.equal(seen.datagrams.length, 20);
  assert.ok(seen.ends >= 1 && seen.ends <= 2, `${seen.ends}`);
});

test("streams are told apart, and one observer follows the other", async (t) => {
  const { transport, connection, seen, observer } = await connect(t);
  transport.streams[0].enqueue(Uint8Array.of(1));
  transport.streams[2].enqueue(Uint8Array.of(2));
  await turn();
  const later = [];
  connection.observe({ ...observer, streamReceived: (channel, bytes) => later.push([channel, ...bytes]) });
  transport.streams[1].enqueue(Uint8Array.of(3));
  await turn();
  assert.deepEqual(seen.streams, [[0, 1], [2, 2]]);
  assert.deepEqual(later, [[1, 3]]);
});

test("datagrams that can't leave are dropped, and the bytes of streams are bounded", async (t) => {
  const { transport, connection, seen } = await connect(t);
  transport.takes = false;
  for (let count = 0; count < 200; count += 1) {
    connection.sendDatagram(new Uint8Array(20));
  }
  assert.equal(connection.datagramsDropped, 200 - 64);
  const piece = new Uint8Array(64 * 1024);
  for (let count = 0; count < 8; count += 1) {
    connection.sendStream(2, piece);
  }
  assert.equal(connection.streamBacklogBytes(2), 512 * 1024);
  assert.deepEqual(seen.endings, []);
  connection.sendStream(2, piece);
  assert.equal(seen.endings[0].code, ErrorCode.TIMEOUT);
  assert.equal(transport.closedWith.closeCode, ErrorCode.TIMEOUT);
});

test("a stream that ends breaks the protocol", async (t) => {
  const { transport, seen, connection, observer } = await connect(t);
  const ending = new Promise((resolve) => connection.observe({ ...observer, connectionLost: resolve }));
  transport.streams[1].close();
  assert.equal((await ending).code, ErrorCode.PROTOCOL_VIOLATION);
  assert.equal(seen.endings.length, 0);
});

test("streams that end with the session are no news: why it has ended is", async (t) => {
  const { transport, seen } = await connect(t);
  transport.streams[0].close();
  transport.streams[1].error(new Error("reset"));
  transport.arrivals.error(new Error("session ended"));
  await turn();
  transport.resolveClosed({ closeCode: ErrorCode.SHUTTING_DOWN, reason: "the host is being stopped" });
  await turn();
  assert.deepEqual(seen.endings, [{ code: 6, reason: "the host is being stopped", wasLocal: false }]);
});

test("what the host gave as its reason is told once, and nothing after it", async (t) => {
  const { transport, connection, seen } = await connect(t);
  transport.resolveClosed({ closeCode: ErrorCode.SHUTTING_DOWN, reason: "the host is being stopped" });
  await turn();
  transport.arrivals.enqueue(Uint8Array.of(1));
  connection.close(0, "");
  await turn();
  assert.deepEqual(seen.endings, [{ code: 6, reason: "the host is being stopped", wasLocal: false }]);
  assert.equal(seen.datagrams.length, 0);
});

test("a reason is cut so that a capsule takes it", async (t) => {
  const { transport, connection } = await connect(t);
  connection.close(1, "ä€😀".repeat(200));
  assert.ok(new TextEncoder().encode(transport.closedWith.reason).length <= 256);
});
