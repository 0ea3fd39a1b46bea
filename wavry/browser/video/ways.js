/** Ways to bring a picture on a canvas. `docs/performance.md` has those that were tried and are not here. */

import { changedRects, layoutOf } from "./changes.js";

/** The canvas draws the frame: costs nothing where there is a GPU, and much where there is none. */
export class Drawing {
  #context;

  /** @param {OffscreenCanvasRenderingContext2D} context */
  constructor(context) {
    this.#context = context;
  }

  /** @param {VideoFrame} frame Not closed. */
  async draw(frame) {
    this.#context.drawImage(frame, 0, 0);
  }

  /** Forget what is on the canvas: something else has drawn there. */
  forget() {}
}

/**
 * What has changed in the frame is converted, and its pixels are put on the canvas: the quicker way where
 * everything is software, and the browser has less to bring on the screen.
 *
 * Bound: two pictures as they were decoded and the pixels of one, 7 bytes for each pixel of the picture.
 */
export class Copying {
  #context;
  #pixels = null;
  #layout = null;
  #older = null;
  #newer = null;
  #width = 0;
  #height = 0;
  #format = "";
  #isKnown = false;

  /** @param {OffscreenCanvasRenderingContext2D} context */
  constructor(context) {
    this.#context = context;
  }

  /** Forget what is on the canvas: something else has drawn there. */
  forget() {
    this.#isKnown = false;
  }

  /**
   * @param {VideoFrame} frame Not closed.
   * @throws {Error} The browser does not convert it.
   */
  async draw(frame) {
    this.#fit(frame);
    const rects = await this.#changes(frame);
    const width = this.#width;
    const { x: left, y: top } = frame.visibleRect;
    const conversions = rects.map(({ x, y, width: across, height: down }) =>
      frame.copyTo(this.#pixels.data, {
        rect: { x: left + x, y: top + y, width: across, height: down },
        format: "RGBX",
        layout: [{ offset: 4 * (y * width + x), stride: 4 * width }],
      }),
    );
    await Promise.all(conversions); // to wait for each one would take 0.2 ms more for each
    for (const { x, y, width: across, height: down } of rects) {
      this.#context.putImageData(this.#pixels, 0, 0, x, y, across, down);
    }
  }

  /** Return where the frame differs from what is on the canvas, and remember it as what will be there. */
  async #changes(frame) {
    const [width, height] = [this.#width, this.#height];
    const whole = [{ x: 0, y: 0, width, height }];
    if (this.#layout === null) {
      return whole;
    }
    const wasKnown = this.#isKnown;
    this.#isKnown = false;
    const layout = this.#layout.planes.map(({ offset, stride }) => ({ offset, stride }));
    await frame.copyTo(this.#newer, { layout });
    [this.#older, this.#newer] = [this.#newer, this.#older];
    this.#isKnown = true;
    return wasKnown ? changedRects(this.#newer, this.#older, this.#layout.planes, width, height) : whole;
  }

  #fit({ displayWidth: width, displayHeight: height, format }) {
    if (this.#width === width && this.#height === height && this.#format === format) {
      return;
    }
    [this.#width, this.#height, this.#format] = [width, height, format];
    // One row more: browsers reckon the last row of a rectangle as long as the others.
    this.#pixels = new ImageData(width, height + 1);
    this.#layout = layoutOf(format, width, height);
    this.#isKnown = false;
    const words = (this.#layout?.bytes ?? 0) / 4;
    this.#older = new Int32Array(words);
    this.#newer = new Int32Array(words);
  }
}
