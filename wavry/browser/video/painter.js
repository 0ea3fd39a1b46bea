/**
 * Draws pictures on the page's canvas, from the worker. At once when they are decoded: waiting for an animation frame
 * would add half a frame.
 *
 * There are two ways: have the canvas draw the frame, which costs nothing where there is a GPU, or have the frame
 * converted and put its pixels there, which is the quicker one where everything is software. Which one it is on this
 * machine is measured with the first pictures of a size. `docs/performance.md` has the ways that were tried.
 *
 * Bound: one picture that is drawn, one that waits and gives way to a newer one, and the pixels of one in between.
 */

/** Pictures of each way, before one is chosen; the first one of each is not looked at: it allocates. */
const TRIALS = 5;

/** Shows pictures on a canvas. */
export class Painter {
  #canvas;
  #context;
  #ways;
  #waiting = null;
  #isDrawing = false;
  #trials = [];
  #way = null;

  /** @param {OffscreenCanvas} canvas Transferred from the page. */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.#ways = [new Drawing(this.#context), new Copying(this.#context)];
  }

  /**
   * Show a picture, unless a newer one comes before its turn.
   *
   * @param {VideoFrame} frame Owned from now on: it is closed as soon as it is drawn.
   * @param {() => void} onShown Called when it has been drawn.
   */
  show(frame, onShown) {
    this.forget();
    this.#waiting = { frame, onShown };
    if (!this.#isDrawing) {
      this.#isDrawing = true;
      this.#drawAll();
    }
  }

  /** Let go of a picture that waits. */
  forget() {
    this.#waiting?.frame.close();
    this.#waiting = null;
  }

  async #drawAll() {
    await null; // what the decoder gives back in the same turn comes first
    while (this.#waiting !== null) {
      const { frame, onShown } = this.#waiting;
      this.#waiting = null;
      await this.#draw(frame);
      onShown();
    }
    this.#isDrawing = false;
  }

  async #draw(frame) {
    try {
      this.#fit(frame);
      if (this.#way === null) {
        await this.#try(frame);
      } else {
        await this.#way.draw(frame);
      }
    } finally {
      frame.close();
    }
  }

  /** Have the canvas be as large as the picture; for another size the better way may be the other one. */
  #fit({ displayWidth: width, displayHeight: height }) {
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#way = null;
      this.#trials = this.#ways.map((way) => ({ way, times: [] }));
    }
  }

  /** Draw in the way that was tried less often; choose when both were tried often enough. */
  async #try(frame) {
    const trial = this.#trials.reduce((least, each) => (each.times.length < least.times.length ? each : least));
    const began = performance.now();
    try {
      await trial.way.draw(frame);
      trial.times.push(performance.now() - began);
    } catch (error) {
      // This browser converts no frames: what the other way draws is as good.
      this.#trials = this.#trials.filter((each) => each !== trial);
      if (this.#trials.length === 0) {
        throw error;
      }
      await this.#try(frame);
      return;
    }
    if (this.#trials.every(({ times }) => times.length > TRIALS)) {
      this.#way = this.#trials.reduce((best, each) => (quickest(each) < quickest(best) ? each : best)).way;
    }
  }
}

function quickest({ times }) {
  return Math.min(...times.slice(1));
}

/** The canvas draws the frame. */
class Drawing {
  #context;

  constructor(context) {
    this.#context = context;
  }

  async draw(frame) {
    this.#context.drawImage(frame, 0, 0);
  }
}

/** The frame is converted, and its pixels are put on the canvas. */
class Copying {
  #context;
  #pixels = null;

  constructor(context) {
    this.#context = context;
  }

  async draw(frame) {
    const { displayWidth: width, displayHeight: height } = frame;
    if (this.#pixels?.width !== width || this.#pixels.height !== height) {
      this.#pixels = new ImageData(width, height);
    }
    await frame.copyTo(this.#pixels.data, { format: "RGBX" });
    this.#context.putImageData(this.#pixels, 0, 0);
  }
}
