/**
 * The painter, seen from the session's worker.
 *
 * Bound: one picture that the painter has, one that waits and gives way to a newer one.
 */
export class RemotePainter {
  #worker;
  #onShown = null;
  #waiting = null;

  /**
   * @param {Worker} worker Runs `paint_worker.js`.
   * @param {OffscreenCanvas} canvas Handed on.
   */
  constructor(worker, canvas) {
    this.#worker = worker;
    worker.onmessage = ({ data: { shown } }) => this.#done(shown);
    worker.postMessage({ canvas }, [canvas]);
  }

  /**
   * Show a picture, unless a newer one comes before its turn.
   *
   * @param {VideoFrame} frame Owned from now on.
   * @param {() => void} onShown Called when it has been drawn.
   */
  show(frame, onShown) {
    this.#waiting?.frame.close();
    this.#waiting = { frame, onShown };
    this.#next();
  }

  #next() {
    if (this.#onShown === null && this.#waiting !== null) {
      const { frame, onShown } = this.#waiting;
      this.#waiting = null;
      this.#onShown = onShown;
      this.#worker.postMessage({ frame }, [frame]);
    }
  }

  #done(isShown) {
    const onShown = this.#onShown;
    this.#onShown = null;
    this.#next();
    if (isShown) {
      onShown();
    }
  }
}
