/**
 * Draws pictures on the page's canvas, from the worker. At once when they are decoded: waiting for an animation frame
 * would add half a frame.
 *
 * Bound: one picture, the canvas itself.
 */
export class Painter {
  #canvas;
  #context;

  /** @param {OffscreenCanvas} canvas Transferred from the page. */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false, desynchronized: true });
  }

  /**
   * Draw a picture.
   *
   * @param {VideoFrame} frame Closed.
   */
  draw(frame) {
    const { displayWidth: width, displayHeight: height } = frame;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
    }
    this.#context.drawImage(frame, 0, 0);
    frame.close();
  }
}
