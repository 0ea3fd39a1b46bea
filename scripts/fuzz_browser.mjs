/**
 * Feeds mutated packets to the browser's receivers of pictures and of sound and to its FEC decoder;
 * `fuzz_browser.py` runs it and says what it looks for.
 *
 *     node --expose-gc scripts/fuzz_browser.mjs SEEDS PICTURE SOUND COUNT SEED
 *
 * SEEDS are datagrams, each behind its size (4 bytes, big-endian); the first PICTURE of them are a stream in
 * order, and so are the next SOUND of them.
 */

import { readFileSync } from "node:fs";

import { RemoteProtocolError } from "../wavry/browser/rift/errors.js";
import { StreamingFecDecoder } from "../wavry/browser/rift/fec/decoder.js";
import { ParityPacket } from "../wavry/browser/rift/fec/packets.js";
import { Stream, readU32, writeU32 } from "../wavry/browser/rift/packet.js";
import { Receiver } from "../wavry/browser/rift/receiver.js";
import { SoundPlayout } from "../wavry/browser/rift/sound/playout.js";
import { SoundReceiver } from "../wavry/browser/rift/sound/receiver.js";

const MEMORY_EVERY = 20_000;
const HOLDERS_EVERY = 50;
const STEP_S = 1e-4;
const FEC_SYMBOL_BYTES = 1500;
const BLOCK_US = 5000;
const CAPTURE_AT = 12; // the lower half of a sound packet's time
const PARITY_STREAMS = new Set([Stream.PARITY, Stream.SOUND_PARITY]);

/** Numbers below a limit, always the same for a seed (mulberry32). */
function makeDice(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Change a few bytes, mostly of the header; sometimes cut, stretch or replace the whole. */
function mutate(dice, data) {
  const kind = dice(100);
  if (kind < 5) {
    return Uint8Array.from({ length: dice(65) }, () => dice(256));
  }
  let changed = data.slice();
  if (kind < 15) {
    changed = changed.slice(0, dice(changed.length + 1));
  } else if (kind < 20) {
    const longer = new Uint8Array(changed.length + 1 + dice(1500));
    longer.set(changed);
    changed = longer;
  }
  const changes = changed.length > 0 ? dice(5) : 0;
  for (let count = 0; count < changes; count++) {
    const reach = Math.min(changed.length, [12, 24, 65_535][dice(3)]);
    changed[dice(reach)] = [0, 1, 0x7f, 0x80, 0xff, dice(256)][dice(6)];
  }
  return changed;
}

/** Move the ids of a datagram to where a stream is that goes on. */
function moveTo(datagram, shift) {
  const at = PARITY_STREAMS.has(datagram[1]) ? 7 : 4;
  if (datagram.length >= at + 4) {
    writeU32(datagram, at, readU32(datagram, at) + shift);
  }
  if (datagram[1] === Stream.SOUND) {
    if (datagram.length >= CAPTURE_AT + 4) {
      writeU32(datagram, CAPTURE_AT, readU32(datagram, CAPTURE_AT) + shift * BLOCK_US);
    }
  } else if (at === 4 && datagram.length >= 12) {
    writeU32(datagram, 8, readU32(datagram, 8) + shift);
  }
  return datagram;
}

/** A receiver; each input comes 0.1 ms after the last. */
class ReceiverTarget {
  #receiver;
  #now = 0;
  values = 0;

  constructor(settings) {
    this.#receiver = new Receiver(settings);
    this.#receiver.rttS = 0.02;
  }

  feed(data) {
    this.#now += STEP_S;
    try {
      this.#receiver.receiveDatagram(data, this.#now);
    } finally {
      this.#receiver.handleTimer(this.#now);
      this.#receiver.datagramsToSend(this.#now);
      this.values += this.#receiver.events().length;
      this.#receiver.nextTimer();
    }
  }

  holders() {
    this.#receiver.makeFeedback(this.#now);
    return Object.entries(this.#receiver.holders());
  }
}

/** A FEC decoder; a third of the packets under the parity are lost. */
class DecoderTarget {
  #decoder = new StreamingFecDecoder(200, FEC_SYMBOL_BYTES);

  feed(data) {
    if (data[1] === Stream.PARITY || data.length < 8) {
      this.#decoder.addParityPacket(ParityPacket.parse(data));
    } else if (readU32(data, 4) % 3 > 0) {
      this.#decoder.addSourcePacket(readU32(data, 4), data);
    }
  }

  get values() {
    return this.#decoder.recovered;
  }

  holders() {
    return [["fec", this.#decoder]];
  }
}

/** Sound: a receiver, and a playout from which a block is pulled with every other input. */
class SoundTarget {
  #receiver = new SoundReceiver();
  #playout = new SoundPlayout();
  #now = 0;
  #inputs = 0;

  feed(data) {
    this.#inputs += 1;
    this.#now += BLOCK_US / 4e6; // half are of the stream, and a third of that is parity
    try {
      for (const packet of this.#receiver.receiveDatagram(data)) {
        this.#playout.add(packet, this.#now);
      }
    } finally {
      if (this.#inputs % 4 === 0) {
        this.#playout.pull(this.#now);
      }
    }
  }

  get values() {
    return this.#playout.played;
  }

  holders() {
    return [["sound fec", this.#receiver.fec], ["sound playout", this.#playout]];
  }
}

/** What a target gets: every other time the next packet of a stream without an end, else a mutated one. */
class Inputs {
  #stream;
  #others;
  #dice;
  #next = 0;
  #shift = 0;

  constructor(stream, others, dice) {
    this.#stream = stream;
    this.#others = others;
    this.#dice = dice;
  }

  next() {
    const dice = this.#dice;
    if (dice(2) === 0) {
      if (this.#next === this.#stream.length) {
        this.#next = 0;
        this.#shift += this.#stream.length;
      }
      this.#next += 1;
      return moveTo(this.#stream[this.#next - 1].slice(), this.#shift);
    }
    if (dice(4) === 0) {
      return mutate(dice, this.#others[dice(this.#others.length)]);
    }
    const near = Math.max(0, Math.min(this.#stream.length - 1, this.#next + dice(20) - 10));
    return mutate(dice, moveTo(this.#stream[near].slice(), this.#shift));
  }
}

function seedsOf(path) {
  const file = readFileSync(path);
  const seeds = [];
  for (let at = 0; at < file.length; ) {
    const end = at + 4 + file.readUInt32BE(at);
    seeds.push(new Uint8Array(file.subarray(at + 4, end)));
    at = end;
  }
  return seeds;
}

/** Feed one input; return the CPU time that it took, milliseconds, and whether it was refused. */
function feed(target, data) {
  let isRefused = false;
  const before = process.cpuUsage();
  try {
    target.feed(data);
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) {
      console.error(`input: ${Buffer.from(data).toString("hex")}`);
      throw error;
    }
    isRefused = true;
  }
  const { user, system } = process.cpuUsage(before);
  return { tookMs: (user + system) / 1000, isRefused };
}

function checkHolders(target) {
  for (const [name, { usedBytes, highWaterBytes, capBytes }] of target.holders()) {
    if (!(usedBytes >= 0 && usedBytes <= capBytes && highWaterBytes <= capBytes)) {
      throw new Error(`${name} holds ${usedBytes} of ${capBytes} bytes`);
    }
  }
}

/** What is held. Buffers of arrays are freed in the background, so a turn of the loop stands between collections. */
async function heapBytes() {
  globalThis.gc();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const path = process.argv[2];
const [pictureLength, soundLength, count, seed] = process.argv.slice(3).map(Number);
const dice = makeDice(seed);
const datagrams = seedsOf(path);
const picture = datagrams.splice(0, pictureLength);
const sound = datagrams.splice(0, soundLength);
const targets = {
  receiver: new ReceiverTarget(),
  smallReceiver: new ReceiverTarget({ windowPackets: 64, windowBytes: 64_000, firstPacketId: null }),
  decoder: new DecoderTarget(),
  sound: new SoundTarget(),
};
const names = Object.keys(targets);
const inputs = names.map((name) => new Inputs(name === "sound" ? sound : picture, datagrams, dice));
const report = { inputs: count, refused: 0, slowestMs: 0, slowestInput: "" };
report.heapBytes = report.mostHeapBytes = await heapBytes();
for (let number = 0; number < count; number++) {
  const target = targets[names[number % names.length]];
  const data = inputs[number % names.length].next();
  const { tookMs, isRefused } = feed(target, data);
  report.refused += isRefused ? 1 : 0;
  if (tookMs > report.slowestMs) {
    report.slowestMs = tookMs;
    const head = Buffer.from(data.subarray(0, 24)).toString("hex");
    report.slowestInput = `${number}, ${data.length} bytes: ${head}`;
  }
  if (number % HOLDERS_EVERY < names.length) {
    checkHolders(target);
  }
  if (number % MEMORY_EVERY === 0) {
    report.mostHeapBytes = Math.max(report.mostHeapBytes, await heapBytes());
  }
}
report.heldBytes = (await heapBytes()) - report.heapBytes;
const holders = names.flatMap((name) => targets[name].holders());
report.capBytes = holders.reduce((sum, [, each]) => sum + each.capBytes, 0);
report.values = Object.fromEntries(names.map((name) => [name, targets[name].values]));
console.log(JSON.stringify(report));
