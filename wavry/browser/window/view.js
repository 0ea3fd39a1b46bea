/** Where the canvas is in the window, and what of the picture is under a point of the page. */

import { CENTRE, ScaleMode, drawnAt, nextMode, placed, pushed } from "./scaling.js";

const STEP_S = 1 / 60;

/** Places the canvas. */
export class View {
  #canvas;
  #stage;
  #picture = null;
  #mode = ScaleMode.FIT;
  #pan = CENTRE;
  #place = null;
  #pointer = null;
  #timer = null;

  /**
   * @param {HTMLCanvasElement} canvas Shows the picture.
   * @param {HTMLElement} stage What it is placed in.
   */
  constructor(canvas, stage) {
    this.#canvas = canvas;
    this.#stage = stage;
    /** Told after every change of place: the same point of the page is another point of the picture. */
    this.onPlaced = () => {};
    new ResizeObserver(() => this.#arrange()).observe(stage);
    const options = { capture: true, passive: true };
    stage.addEventListener("pointermove", (event) => this.#pointerMoved(event), options);
    stage.addEventListener("pointerleave", () => this.#pointerMoved(null));
  }

  /** @returns {string} A `ScaleMode`. */
  get mode() {
    return this.#mode;
  }

  /** @returns {import("./scaling.js").Size | null} Of the picture, in its own pixels. */
  get picture() {
    return this.#picture;
  }

  /** @returns {import("./scaling.js").Rect | null} Where the picture is, in CSS pixels of the page. */
  get place() {
    return this.#place;
  }

  /**
   * Show pictures of another size from now on.
   *
   * @param {import("./scaling.js").Size} size
   */
  setPicture({ width, height }) {
    this.#picture = { width, height };
    this.#arrange();
  }

  /** Take the next way of scaling; return it. */
  changeMode() {
    this.#mode = nextMode(this.#mode);
    this.#pan = CENTRE;
    this.#arrange();
    return this.#mode;
  }

  /**
   * Return what is under a point of the page, as shares of the picture's width and height.
   *
   * @param {number} clientX
   * @param {number} clientY
   * @returns {{x: number, y: number, isInside: boolean} | null} 0 to 1, of the nearest place where it is not
   *   inside; null while there is no picture.
   */
  pointAt(clientX, clientY) {
    if (this.#place === null) {
      return null;
    }
    const { x, y, width, height } = this.#place;
    const across = (clientX - x) / width;
    const down = (clientY - y) / height;
    const isInside = across >= 0 && across < 1 && down >= 0 && down < 1;
    return { x: clamp(across), y: clamp(down), isInside };
  }

  #room() {
    const { clientWidth, clientHeight } = this.#stage;
    const ratio = window.devicePixelRatio;
    return { width: Math.round(clientWidth * ratio), height: Math.round(clientHeight * ratio) };
  }

  /** Place the canvas on whole pixels of the screen. */
  #arrange() {
    if (this.#picture === null) {
      return;
    }
    const ratio = window.devicePixelRatio;
    const place = placed(this.#picture, this.#room(), this.#mode, this.#pan);
    const drawn = drawnAt(this.#picture, place);
    this.#put(inCssPixels(drawn, ratio));
    // A browser without a GPU smooths even a picture in its own size, at five times the cost, if it may.
    this.#canvas.classList.toggle("sharp", this.#mode !== ScaleMode.FIT || drawn.width === this.#picture.width);
    this.#place = inCssPixels(place, ratio);
    this.onPlaced();
  }

  #put(drawn) {
    const { style } = this.#canvas;
    style.left = `${drawn.x}px`;
    style.top = `${drawn.y}px`;
    style.width = `${drawn.width}px`;
    style.height = `${drawn.height}px`;
  }

  // At the window's edge the pointer pushes a picture that is larger.

  #pointerMoved(event) {
    this.#pointer = event === null ? null : { x: event.clientX, y: event.clientY };
    if (this.#timer === null && this.#pushedPan() !== null) {
      this.#timer = setInterval(() => this.#push(), STEP_S * 1000);
    }
  }

  #push() {
    const pan = this.#pushedPan();
    if (pan === null) {
      clearInterval(this.#timer);
      this.#timer = null;
      return;
    }
    this.#pan = pan;
    this.#arrange();
  }

  /** Return the pan after a step; null if that changes nothing. */
  #pushedPan() {
    if (this.#pointer === null || this.#mode !== ScaleMode.ONE_TO_ONE || this.#picture === null) {
      return null;
    }
    const ratio = window.devicePixelRatio;
    const room = this.#room();
    const pan = {
      x: pushed(this.#pan.x, this.#pointer.x * ratio, this.#picture.width, room.width),
      y: pushed(this.#pan.y, this.#pointer.y * ratio, this.#picture.height, room.height),
    };
    return pan.x === this.#pan.x && pan.y === this.#pan.y ? null : pan;
  }
}

function clamp(share) {
  return Math.min(1, Math.max(0, share));
}

function inCssPixels({ x, y, width, height }, ratio) {
  return { x: x / ratio, y: y / ratio, width: width / ratio, height: height / ratio };
}
