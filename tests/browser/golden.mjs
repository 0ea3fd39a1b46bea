/**
 * Does what `golden.py` has written down, and checks that the same comes of it, byte for byte.
 *
 *     node tests/browser/golden.mjs FILE [OUT]
 *
 * OUT gets what this side sends, for Python to read: the records S (datagrams) and F (the fields of feedback)
 * of the file. The last line printed is JSON: how many records of each kind there were, and how many packets
 * were repaired.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

import { RemoteProtocolError } from "../../wavry/browser/rift/errors.js";
import { AccessUnitReceived, FrameLost } from "../../wavry/browser/rift/events.js";
import { StreamingFecDecoder } from "../../wavry/browser/rift/fec/decoder.js";
import { ParityPacket } from "../../wavry/browser/rift/fec/packets.js";
import { Receiver } from "../../wavry/browser/rift/receiver.js";
import { record, records, u32 } from "./records.mjs";

/** Of the streams that FEC protects; `LONGEST` of the Python side. */
const SYMBOL_BYTES = 1200;
const WINDOW_PACKETS = 200;

/** Streams under FEC, and what a decoder repairs of them after each loss. */
class Patterns {
  repaired = 0;
  #packets = [];
  #sent = new Map();

  P(body) {
    const packetId = body.readUInt32BE();
    const payload = body.subarray(4);
    this.#packets.push({ packetId, payload });
    this.#sent.set(packetId, payload);
  }

  Q(body) {
    this.#packets.push(ParityPacket.parse(body));
  }

  L(body) {
    const decoder = new StreamingFecDecoder(WINDOW_PACKETS, SYMBOL_BYTES);
    const arrivals = body.readUInt16BE();
    const givenBack = [];
    for (let step = 0; step < arrivals; step++) {
      const packet = this.#packets[body.readUInt16BE(2 + 2 * step)];
      for (const { packetId, payload } of deliver(decoder, packet)) {
        const isSame = Buffer.compare(payload, this.#sent.get(packetId)) === 0;
        assert(isSame, `packet ${packetId} is not what was sent`);
        const entry = Buffer.alloc(6);
        entry.writeUInt16BE(step);
        entry.writeUInt32BE(packetId, 2);
        givenBack.push(entry);
      }
    }
    const expected = body.subarray(2 + 2 * arrivals);
    assert.equal(Buffer.concat(givenBack).toString("hex"), expected.toString("hex"));
    assert(decoder.usedBytes <= decoder.capBytes);
    this.repaired += givenBack.length;
  }

  E() {
    this.#packets = [];
    this.#sent.clear();
  }
}

/** Hand a packet over; return those that it helped to repair. */
function deliver(decoder, packet) {
  if (packet instanceof ParityPacket) {
    return decoder.addParityPacket(packet);
  }
  const known = decoder.addSourcePacket(packet.packetId, packet.payload);
  return known.filter(({ packetId }) => packetId !== packet.packetId);
}

/** The calls of receivers, one after the other. */
class Calls {
  /** What was sent. */
  said = [];
  #receiver = null;

  N(body) {
    this.#receiver = new Receiver(JSON.parse(body));
  }

  R(body) {
    this.#receiver.rttS = body.readDoubleBE();
  }

  D(body) {
    const data = new Uint8Array(body.subarray(9));
    let isMalformed = false;
    try {
      this.#receiver.receiveDatagram(data, body.readDoubleBE());
    } catch (error) {
      assert(error instanceof RemoteProtocolError, error);
      isMalformed = true;
    }
    assert.equal(isMalformed, body[8] === 1);
    for (const [name, { usedBytes, capBytes }] of Object.entries(this.#receiver.holders())) {
      assert(usedBytes <= capBytes, name);
    }
  }

  T(body) {
    this.#receiver.handleTimer(body.readDoubleBE());
  }

  X(body) {
    assert.equal(this.#receiver.nextTimer() ?? NaN, body.readDoubleBE());
  }

  S(body) {
    const datagrams = this.#receiver.datagramsToSend(body.readDoubleBE());
    const parts = datagrams.flatMap((datagram) => [u32(datagram.length), datagram]);
    this.said.push(record("S", body.subarray(0, 8), ...parts));
    assert.equal(Buffer.concat(parts).toString("hex"), body.subarray(8).toString("hex"));
  }

  V(body) {
    assert.deepEqual(this.#receiver.events().map(describe), JSON.parse(body));
  }

  F(body) {
    assert.equal(this.#receiver.events().length, 0, "events that were not expected");
    const feedback = this.#receiver.makeFeedback(body.readDoubleBE());
    this.said.push(record("F", body.subarray(0, 8), Buffer.from(JSON.stringify(feedback))));
    assert.deepEqual(feedback, JSON.parse(body.subarray(8)));
  }
}

/** The same of an event as `_describe` of the Python side. */
function describe(event) {
  if (event instanceof AccessUnitReceived) {
    const { unit, firstArrivalAt, completedAt } = event;
    const { capturedUs, encodeStartedUs, encodedUs } = unit.timings;
    const digest = createHash("sha256").update(unit.data).digest("hex");
    const fields = [unit.epoch, unit.frameId, unit.isKeyframe, unit.captureUs];
    const times = [capturedUs, encodeStartedUs, encodedUs];
    return ["AccessUnitReceived", ...fields, ...times, digest, firstArrivalAt, completedAt];
  }
  if (event instanceof FrameLost) {
    return ["FrameLost", event.frameId, event.reason, event.count];
  }
  return ["KeyframeNeeded", event.epoch, event.afterFrameId];
}

const [path, out] = process.argv.slice(2);
const patterns = new Patterns();
const calls = new Calls();
const counts = {};
let number = 0;
for (const [kind, body] of records(readFileSync(path))) {
  const reader = kind in Patterns.prototype ? patterns : calls;
  try {
    reader[kind](body);
  } catch (error) {
    error.message = `record ${number}, ${kind}: ${error.message}`;
    throw error;
  }
  counts[kind] = (counts[kind] ?? 0) + 1;
  number += 1;
}
if (out !== undefined) {
  writeFileSync(out, Buffer.concat(calls.said));
}
console.log(JSON.stringify({ records: counts, repaired: patterns.repaired }));
