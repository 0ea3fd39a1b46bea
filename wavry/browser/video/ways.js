/** Ways to bring a picture on a canvas. `docs/performance.md` has those that were tried and are not here. */

import { changedRects } from "./changes.js";
import { converterModule, PictureMemory } from "./pixels.js";

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
 * What has changed in the frame is converted here, and its pixels are put on the canvas: the quicker way where everything
 * is software, and the browser has less to bring on the screen. For I420 in BT.709, as hosts send it and software decodes it.
 *
 * Bound: a `PictureMemory`.
 */
export class Converting {
  #context;
  /** @type {PictureMemory | null} */
  #memory = null;
  #width = 0;
  #height = 0;
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
   * @throws {Error} It is not coded like that, or the browser can't convert here.
   */
  async draw(frame) {
    const { displayWidth: width, displayHeight: height } = frame;
    const memory = await this.#fit(frame);
    const wasKnown = this.#isKnown;
    this.#isKnown = false;
    memory.turn();
    await frame.copyTo(memory.newer, { layout: memory.layout.planes.map(({ offset, stride }) => ({ offset, stride })) });
    const rects = wasKnown
      ? changedRects(memory, width, height)
      : [{ x: 0, y: 0, width, height }];
    for (const rect of rects) {
      memory.convert(rect);
      this.#context.putImageData(memory.image, 0, 0, rect.x, rect.y, rect.width, rect.height);
    }
    this.#isKnown = true;
  }

  async #fit({ displayWidth: width, displayHeight: height, format, colorSpace: { matrix, fullRange } }) {
    if (format !== "I420" || matrix !== "bt709" || fullRange) {
      throw new Error(`${format} in ${matrix} is not converted here`);
    }
    if (this.#memory === null || this.#width !== width || this.#height !== height) {
      this.#memory = null; // before the next one is made
      this.#memory = new PictureMemory(await converterModule(), width, height);
      [this.#width, this.#height] = [width, height];
      this.#isKnown = false;
    }
    return this.#memory;
  }
}
