/**
 * Draws pictures on the page's canvas, from the worker. At once when they are decoded: waiting for an
 * animation frame would add half a frame.
 *
 * Which way is the cheapest on this machine is measured with the first pictures of a size (`ways.js`).
 *
 * Bound: one picture that is drawn, one that waits and gives way to a newer one, and what the way holds.
 */

import { converterModule } from "./pixels.js";
import { Converting, Drawing } from "./ways.js";

/**
 * What drawing costs beside the time that it takes in this worker: the browser's other threads help it, and the compositor
 * brings the whole picture on the screen, not what has changed. Where all is software that is as much again, and a page that
 * has just been opened is no quiet place to measure; where there is a GPU drawing is quicker by far more than this.
 */
const DRAWING_COSTS = 4;

/** Pictures in each way, before one is chosen; the first one of each is not looked at: it allocates. */
const TRIALS = 6;

/** Shows pictures on a canvas. */
export class Painter {
  #canvas;
  #context;
  #drawing;
  #waiting = null;
  #isDrawing = false;
  /** @type {{way: Drawing | Converting, weight: number, times: number[]}[]} The chosen one alone, or those that are tried. */
  #trials = [];

  /** @param {OffscreenCanvas} canvas Transferred from the page. */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.#drawing = new Drawing(this.#context);
    converterModule().catch(() => {}); // while the host is surely there; who needs it will hear of a failure
  }

  /**
   * Show a picture, unless a newer one comes before its turn.
   *
   * @param {VideoFrame} frame Owned from now on: it is closed as soon as it is drawn.
   * @param {(isShown: boolean) => void} onShown Called when it has been drawn, or could not be.
   */
  show(frame, onShown) {
    this.#waiting?.frame.close();
    this.#waiting = { frame, onShown };
    if (!this.#isDrawing) {
      this.#isDrawing = true;
      this.#drawAll();
    }
  }

  async #drawAll() {
    await null; // what the decoder gives back in the same turn comes first
    while (this.#waiting !== null) {
      const { frame, onShown } = this.#waiting;
      this.#waiting = null;
      this.#fit(frame);
      let isShown = true;
      try {
        await this.#draw(frame);
      } catch {
        isShown = false; // the canvas does not draw it either; the next one may be another
      }
      frame.close();
      onShown(isShown);
    }
    this.#isDrawing = false;
  }

  /** Have the canvas be as large as the picture; for another size the better way may be another one. */
  #fit({ displayWidth: width, displayHeight: height }) {
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#trials = [
        { way: this.#drawing, weight: DRAWING_COSTS, times: [] },
        { way: new Converting(this.#context), weight: 1, times: [] },
      ];
    }
  }

  /**
   * Draw a frame in the way whose turn it is. One that this browser can't go is left for good, for plain
   * drawing.
   */
  async #draw(frame) {
    const trial = this.#trials.find(({ times }) => times.length < TRIALS) ?? this.#trials[0];
    const isTrial = this.#trials.length > 1;
    if (isTrial && trial.times.length === 0) {
      trial.way.forget();
    }
    const began = performance.now();
    try {
      await trial.way.draw(frame);
    } catch {
      this.#trials = [{ way: this.#drawing, weight: 1, times: [] }];
      await this.#drawing.draw(frame);
      return;
    }
    if (isTrial) {
      trial.times.push(performance.now() - began);
      this.#choose();
    }
  }

  /** Keep the cheapest way when all were tried often enough. */
  #choose() {
    if (this.#trials.every(({ times }) => times.length >= TRIALS)) {
      const best = this.#trials.reduce((one, other) => (cost(other) < cost(one) ? other : one));
      best.way.forget();
      this.#trials = [best];
    }
  }
}

function cost({ times, weight }) {
  return weight * Math.min(...times.slice(1));
}
