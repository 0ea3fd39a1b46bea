import assert from "node:assert/strict";
import { test } from "node:test";

import { Resampler } from "../../../wavry/browser/sound/resampler.js";

const BLOCK = 240;
const RATE = 48_000;

function tone(hertz, from, frames) {
  const step = (2 * Math.PI * hertz) / RATE;
  return Float32Array.from({ length: frames }, (_, frame) => 0.5 * Math.sin(step * (from + frame)));
}

/** Plays a tone of so many blocks at a speed. */
function stretched(hertz, blocks, speed) {
  const resampler = new Resampler(1, BLOCK, 0.001);
  const heard = [];
  for (let block = 0; block < blocks; block += 1) {
    const frames = resampler.process([tone(hertz, block * BLOCK, BLOCK)], speed);
    assert.ok(frames <= resampler.planes[0].length);
    heard.push(...resampler.planes[0].subarray(0, frames));
  }
  return heard;
}

/** What is left of samples without the sine and cosine that fit them best, relative to these, in dB. */
function restDb(samples, hertz) {
  let [ss, sc, cc, xs, xc, xx] = [0, 0, 0, 0, 0, 0];
  samples.forEach((sample, frame) => {
    const sine = Math.sin((2 * Math.PI * hertz * frame) / RATE);
    const cosine = Math.cos((2 * Math.PI * hertz * frame) / RATE);
    ss += sine * sine;
    sc += sine * cosine;
    cc += cosine * cosine;
    xs += sample * sine;
    xc += sample * cosine;
    xx += sample * sample;
  });
  const determinant = ss * cc - sc * sc;
  const wanted = (xs * (xs * cc - xc * sc) + xc * (xc * ss - xs * sc)) / determinant;
  return 10 * Math.log10(Math.max(xx - wanted, 1e-12) / wanted);
}

for (const speed of [1, 1.0009, 0.9991]) {
  test(`a tone at a speed of ${speed} is a tone, as much longer or shorter`, () => {
    const heard = stretched(1000, 400, speed);
    assert.ok(Math.abs(heard.length - (400 * BLOCK) / speed) <= 2);
    const rest = heard.slice(480);
    assert.ok(restDb(rest, 1000 * speed) < -70, `${restDb(rest, 1000 * speed)} dB`);
  });
}

test("silence and loudness stay as they are", () => {
  const resampler = new Resampler(2, BLOCK, 0.001);
  const block = [new Float32Array(BLOCK).fill(0.75), new Float32Array(BLOCK)];
  resampler.process(block, 1.0005);
  const frames = resampler.process(block, 1.0005);
  for (const sample of resampler.planes[0].subarray(0, frames)) {
    assert.ok(Math.abs(sample - 0.75) < 1e-6);
  }
  assert.ok(resampler.planes[1].every((sample) => sample === 0));
});
