import assert from "node:assert/strict";
import test from "node:test";

import { ClockSync } from "../../../wavry/browser/session/clock_sync.js";
import { Histogram, percentilesBetween } from "../../../wavry/browser/session/histogram.js";
import { Statistics } from "../../../wavry/browser/session/statistics.js";

test("the answer with the shortest way counts", () => {
  const clock = new ClockSync();
  assert.equal(clock.offsetUs, null);
  clock.onPong(1000, 501_500, 2000);
  assert.equal(clock.offsetUs, 500_000);
  clock.onPong(10_000, 600_000, 90_000);
  assert.equal(clock.offsetUs, 500_000);
  assert.equal(clock.rttUs, 80_000);
  clock.onPong(100_000, 600_150, 100_300);
  assert.equal(clock.offsetUs, 500_000);
});

test("of more than sixteen answers the oldest is forgotten, and an answer to nothing has no effect", () => {
  const clock = new ClockSync();
  clock.onPong(0, 700_050, 100);
  for (let count = 0; count < 16; count += 1) {
    clock.onPong(0, 900_500, 1000);
  }
  assert.equal(clock.offsetUs, 900_000);
  assert.ok(clock.isSettled);
  clock.onPong(2000, 5, 1000);
  assert.equal(clock.rttUs, 1000);
  clock.restart();
  assert.equal(clock.offsetUs, null);
  assert.ok(!clock.isSettled);
});

test("percentiles are right to a percent, over what came in between", () => {
  const histogram = new Histogram();
  histogram.add(5000);
  const older = histogram.counts();
  assert.equal(percentilesBetween(older, older, [50]), null);
  for (let value = 1; value <= 100; value += 1) {
    histogram.add(value);
  }
  const [median, high] = percentilesBetween(older, histogram.counts(), [50, 95]);
  assert.ok(Math.abs(median - 50) <= 0.6, `${median}`);
  assert.ok(Math.abs(high - 95) <= 1, `${high}`);
});

test("what lies outside the range counts as its end", () => {
  const histogram = new Histogram();
  const older = histogram.counts();
  histogram.add(-5);
  histogram.add(1e9);
  const [low, high] = percentilesBetween(older, histogram.counts(), [50, 100]);
  assert.ok(low < 0.011);
  assert.ok(high > 98_000);
});

const STATS = {
  packetsReceived: 90, packetsLost: 10, packetsRepaired: 8, packetsRequested: 1, bytesReceived: 1_000_000,
  framesReceived: 30, framesRecovered: 2, framesLost: 1, framesUndecodable: 0,
};

function received(captureUs) {
  const timings = { capturedUs: 1000, encodeStartedUs: 1500, encodedUs: 6000 };
  return { unit: { captureUs, timings }, receivedUs: 20_000, releasedUs: 25_000 };
}

test("figures are of the last seconds, and add up over connections", () => {
  const statistics = new Statistics();
  statistics.clock.onPong(0, 1_000_000, 0); // the host's clock is a second ahead
  statistics.look(0);
  statistics.takeNetwork(STATS, { usedBytes: 1, capBytes: 2 });
  statistics.onDecoded(received(1_010_000), 30_000);
  statistics.onShown(received(1_010_000), 30_000, 32_000);
  const figures = statistics.look(2);
  assert.equal(figures.fps, 0.5);
  assert.equal(figures.bitrateBps, 4_000_000);
  assert.equal(figures.loss, 0.1);
  assert.equal(figures.repaired, 0.8);
  assert.ok(Math.abs(figures.latenciesMs.network[0] - 4) < 0.1);
  assert.ok(Math.abs(figures.latenciesMs.captureToShown[0] - 22) < 0.5);
  statistics.finishNetwork();
  statistics.takeNetwork(STATS, { usedBytes: 1, capBytes: 2 });
  assert.equal(statistics.totals().packetsReceived, 180);
});

test("the host is told of each picture once, in numbers that fit the wire", () => {
  const statistics = new Statistics();
  statistics.onDecoded(received(1_010_000), 30_000);
  assert.equal(statistics.takeNewest(), undefined); // the host's clock is not known
  statistics.clock.onPong(0, 1_000_000, 1);
  statistics.onDecoded(received(1_010_000), 30_000);
  const times = { networkUs: 4000, playoutUs: 5000, decodeUs: 5000, captureToDecodedUs: 20_000 };
  assert.deepEqual(statistics.takeNewest(), times);
  assert.equal(statistics.takeNewest(), undefined);
  statistics.onDecoded(received(9_000_000), 30_000);
  assert.equal(statistics.takeNewest().captureToDecodedUs, 0);
});
