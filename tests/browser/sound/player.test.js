import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LOST, TOC, made } from "./audio_fakes.mjs";
import { SoundPacket } from "../../../wavry/browser/rift/sound/packet.js";
import { SoundPlayer } from "../../../wavry/browser/sound/player.js";
import { Ring } from "../../../wavry/browser/sound/ring.js";

const FRAME_S = 0.005;
const BURST = 512;

/**
 * A host that sends a packet every 5 ms, a card that takes bursts, and a worker that wakes up when it is
 * asked to.
 */
class Stream {
  constructor() {
    this.ring = new Ring(new ArrayBuffer(Ring.bytesFor(2)), 2);
    this.heard = []; // samples
    this.notes = []; // of packets that were played
    this.now = 100;
    this.number = 0;
    this.value = () => 128;
    this.isLost = () => false;
    this.lateS = () => 0; // of the worker's wake-up
    const heard = (packet, place) => this.notes.push([packet, place]);
    this.player = new SoundPlayer(this.ring, 5000, this.now, heard);
    this.cardAt = this.now + 0.002;
    this.captureAt = this.now;
    this.pumpAt = this.now;
    this.isDry = true;
  }

  run(seconds) {
    const until = this.now + seconds;
    for (;;) {
      const next = Math.min(this.captureAt, this.cardAt, this.pumpAt);
      if (next >= until) {
        this.now = until;
        return;
      }
      this.now = next;
      if (next === this.captureAt) {
        this.#capture();
      } else if (next === this.cardAt) {
        this.#play();
      } else {
        this.pumpAt = next + Math.max(0.0005, this.player.pump(next)) + this.lateS(this.number);
      }
    }
  }

  #capture() {
    const opus = Uint8Array.of(TOC, this.value(this.number), 1, 2);
    if (!this.isLost(this.number)) {
      this.player.playout.add(new SoundPacket(this.number, Math.round(this.captureAt * 1e6), opus), this.now);
    }
    this.number += 1;
    this.captureAt += FRAME_S;
  }

  #play() {
    const planes = [new Float32Array(BURST), new Float32Array(BURST)];
    const count = this.ring.read(planes, BURST);
    if (count < BURST) {
      this.ring.noteDry(BURST - count, count > 0 || !this.isDry);
      this.isDry = true;
    } else {
      this.isDry = false;
    }
    this.heard.push(...planes[1]);
    this.cardAt += BURST / 48_000;
  }
}

beforeEach(() => {
  made.decoders = [];
});

test("every block is played, in order, once the card has begun", () => {
  const stream = new Stream();
  stream.run(0.5);
  stream.heard = [];
  stream.run(4);
  const { playout } = stream.player;
  assert.equal(playout.concealed, 0);
  assert.equal(stream.player.underruns, 0);
  assert.ok(stream.heard.every((sample) => Math.abs(sample - 0.5) < 1e-4));
  const ids = stream.notes.map(([packet]) => packet.packetId);
  assert.deepEqual(ids, Array.from(ids, (_, index) => ids[0] + index));
});

test("what is in the ring is what the burst needs and 8 ms, not more", () => {
  const stream = new Stream();
  stream.run(2);
  for (let look = 0; look < 500; look += 1) {
    stream.run(0.0021);
    const { waiting } = stream.ring;
    assert.ok(waiting > 0 && waiting < BURST + 0.008 * 48_000 + 2 * 240, `${waiting} frames`);
  }
});

test("a packet is noted with the place of its first frame in the ring", () => {
  const stream = new Stream();
  stream.value = (number) => (number === 300 ? 255 : 0);
  stream.run(2);
  const [, place] = stream.notes.find(([packet]) => packet.packetId === 300);
  const heardAt = stream.heard.findIndex((sample) => sample > 0.5);
  const expectedAt = place + stream.ring.dry;
  assert.ok(Math.abs(heardAt - expectedAt) < 24, `${heardAt} and ${expectedAt}`);
});

test("what is lost the decoder makes up", () => {
  const stream = new Stream();
  stream.isLost = (number) => number === 200;
  stream.run(2);
  assert.equal(stream.player.concealed, 1);
  const madeUp = stream.heard.filter((sample) => Math.abs(sample - LOST) < 1e-4).length;
  assert.ok(Math.abs(madeUp - 240) < 30, `${madeUp} frames`);
});

test("a switch is no click: loudness goes over in one block", () => {
  const stream = new Stream();
  stream.run(2);
  stream.player.volume = 0;
  stream.heard = [];
  stream.run(0.1);
  stream.player.volume = 1;
  stream.run(0.1);
  assert.ok(stream.heard.filter((sample) => sample === 0).length > 2000);
  assert.ok(stream.heard.at(-1) > 0.499);
  for (let frame = 1; frame < stream.heard.length; frame += 1) {
    assert.ok(Math.abs(stream.heard[frame] - stream.heard[frame - 1]) < 0.5 / 200);
  }
});

test("when the host falls silent the last block is faded out, and silence is nothing to decode", () => {
  const stream = new Stream();
  stream.run(1);
  const { number } = stream;
  stream.isLost = (each) => each >= number;
  stream.run(1);
  stream.heard = [];
  stream.run(0.2);
  assert.ok(stream.heard.every((sample) => sample === 0));
  assert.equal(stream.player.underruns, 0);
});

test("a worker that wakes up late is given more ahead, and less again after a calm time", () => {
  const stream = new Stream();
  stream.run(4);
  const leastS = stream.player.aheadS;
  stream.lateS = (number) => (number % 60 === 0 ? 0.045 : 0);
  stream.run(10);
  assert.ok(stream.player.underruns >= 2);
  assert.ok(stream.player.aheadS > 0.03 && stream.player.aheadS <= 0.06, `${stream.player.aheadS}`);
  const { underruns } = stream.player;
  stream.run(5);
  assert.equal(stream.player.underruns, underruns);
  stream.lateS = () => 0;
  stream.run(300);
  assert.equal(stream.player.aheadS, leastS);
});

test("when the card has stopped nothing piles up, and it goes on when the card does", () => {
  const stream = new Stream();
  stream.run(2);
  stream.cardAt += 2;
  stream.run(1.9);
  assert.ok(stream.ring.waiting <= 0.14 * 48_000);
  stream.run(2);
  stream.heard = [];
  stream.run(1);
  assert.ok(stream.heard.every((sample) => Math.abs(sample - 0.5) < 1e-4));
  assert.ok(stream.ring.waiting < BURST + 0.03 * 48_000);
});

test("a decoder that gives nothing back is given no more than it can hold", () => {
  const stream = new Stream();
  stream.run(1);
  made.decoders[0].isHeld = true;
  stream.run(5);
  assert.ok(made.decoders[0].waiting.length <= 64);
});
