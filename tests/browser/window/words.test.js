import assert from "node:assert/strict";
import test from "node:test";

import { overlayRows } from "../../../wavry/browser/window/overlay.js";
import { missing } from "../../../wavry/browser/window/support.js";
import { Statistics } from "../../../wavry/browser/session/statistics.js";

const MODERN = { isSecureContext: true, WebTransport: class {}, VideoDecoder: class {}, OffscreenCanvas: class {} };

test("a browser that can do it is told nothing", () => {
  assert.equal(missing(MODERN), null);
});

test("a browser that can't is told what it lacks and what to do", () => {
  const { WebTransport, ...old } = MODERN;
  assert.match(missing(old).detail, /no WebTransport\. .*Chrome.*wavry\.client/);
  const { VideoDecoder, ...older } = old;
  assert.match(missing(older).detail, /no WebTransport and no WebCodecs/);
  assert.match(missing({ isSecureContext: false }).detail, /https:/);
});

test("the overlay says what is known, and a dash for what is not", () => {
  const rows = overlayRows(new Statistics().look(0));
  assert.deepEqual(rows[0], { name: "no stream yet", left: "", right: "", isHeading: true });
  const values = rows.filter(({ isHeading }) => !isHeading).map(({ right }) => right);
  assert.deepEqual(new Set(values), new Set(["-"]));
});

test("the overlay has the rows and the units of the native one", () => {
  const figures = {
    ...new Statistics().look(0),
    stream: { width: 1920, height: 1080, codec: "h264" },
    fps: 59.94, bitrateBps: 8_420_000, loss: 0.0123, repaired: 1, rttMs: 1.26, soundOffsetMs: -3.04,
    reorder: { usedBytes: 48_000, capBytes: 2_000_000 },
  };
  figures.latenciesMs.captureToShown = [12.34, 20];
  const said = Object.fromEntries(overlayRows(figures).map(({ name, left, right }) => [name, `${left} ${right}`.trim()]));
  assert.equal(said["1920x1080"], "h264");
  assert.equal(said["frames a second"], "59.9");
  assert.equal(said["bit rate"], "8.4 Mbit/s");
  assert.equal(said["screen to screen"], "12.3 20.0");
  assert.equal(said["round trip"], "1.3 ms");
  assert.equal(said.lost, "1.23 %");
  assert.equal(said["of these repaired"], "100.00 %");
  assert.equal(said["sound after picture"], "-3.0 ms");
  assert.equal(said.reordering, "0.0 of 2.0 MB");
});
