/** Full screen: the whole page, on the person's wish. */

/** Enters and leaves it. */
export class FullScreen {
  #hint;

  /** @param {(text: string) => void} hint Says why it is not possible. */
  constructor(hint) {
    this.#hint = hint;
  }

  /** @returns {boolean} */
  get isFull() {
    return document.fullscreenElement !== null;
  }

  /** Enter it, or leave it; only on a key or a click of the person. */
  async toggle() {
    try {
      if (this.isFull) {
        await document.exitFullscreen();
      } else {
        await document.documentElement.requestFullscreen({ navigationUI: "hide" });
      }
    } catch {
      this.#hint("This browser does not allow full screen now");
    }
  }
}
