/**
 * The host's pointer in the page: seen once, and never a round trip behind the hand. As
 * `wavry/client/window/cursor.py`.
 *
 * While the person's pointer is over the picture and moves the host's, it is the browser's own pointer, in
 * the host's shape: it moves at once, whatever the network does. Otherwise (no right, pointer locked,
 * fingers, pointer elsewhere) the host's pointer is drawn at the place that the host tells. Hidden by a
 * program of the host, it is hidden here.
 */

import { isInside, pointOf } from "./geometry.js";
import { ARROW, cssCursor, draw, extent, pointerScale } from "./shapes.js";

/**
 * Draws the host's pointer. It holds one shape: 256 KiB at most, and as much on each of its two canvases.
 */
export class HostCursor {
  #surface;
  #view;
  #shape = null;
  #place = null;
  #mouse = null;
  #isOurs = true;
  #isLocked = false;
  #canvas;
  #sprite;
  #shown = { image: null, key: "" };
  #drawn = { image: null, key: "" };

  /**
   * @param {HTMLElement} surface What the pointer is over; its style says what the pointer looks like.
   * @param {HTMLElement} layer Gets what is drawn over the picture; covers the visible part of the page.
   * @param {() => import("./geometry.js").View | null} view Where the picture is; null while there is none.
   */
  constructor(surface, layer, view) {
    this.#surface = surface;
    this.#view = view;
    surface.style.cursor = "default";
    this.#canvas = surface.ownerDocument.createElement("canvas");
    this.#sprite = surface.ownerDocument.createElement("canvas");
    this.#sprite.className = "host-pointer";
    this.#sprite.hidden = true;
    Object.assign(this.#sprite.style, { position: "fixed", left: "0", top: "0", pointerEvents: "none" });
    layer.append(this.#sprite);
  }

  /**
   * Take what the worker tells: `CursorPart`.
   *
   * @param {{shape?: object | null, place?: object | null}} news What changed; null: not known.
   */
  told({ shape, place }) {
    if (shape !== undefined) {
      this.#shape = shape;
    }
    if (place !== undefined) {
      this.#place = place;
    }
    this.settle();
  }

  /**
   * Note where the person's pointer is.
   *
   * @param {[number, number] | null} at As `clientX` and `clientY`; null while it is elsewhere, or is a
   *   finger.
   */
  setMouse(at) {
    this.#mouse = at;
    this.settle();
  }

  /**
   * Note whether the person moves the host's pointer; unless told, they do.
   *
   * @param {boolean} isOurs
   */
  setControl(isOurs) {
    this.#isOurs = isOurs;
    this.settle();
  }

  /**
   * Note whether the pointer is locked.
   *
   * @param {boolean} isLocked
   */
  setLock(isLocked) {
    this.#isLocked = isLocked;
    this.settle();
  }

  /** Make the browser's pointer and what is drawn what they have to be now; cheap when they are. */
  settle() {
    const view = this.#view();
    const mouse = this.#mouse;
    const hasPointer =
      view !== null && mouse !== null && this.#isOurs && !this.#isLocked && isInside(...mouse, view);
    this.#showPointer(hasPointer ? view : null);
    this.#showSprite(hasPointer ? null : view);
  }

  #showPointer(view) {
    const image = view === null ? null : this.#shape;
    if (image === null) {
      this.#setPointer(null, "", () => "default");
      return;
    }
    const scale = pointerScale(view, image);
    const css = () => cssCursor(this.#canvas, image, scale, view.pixelRatio);
    this.#setPointer(image, `${scale} ${view.pixelRatio}`, css);
  }

  #setPointer(image, key, css) {
    if (image !== this.#shown.image || key !== this.#shown.key) {
      this.#shown = { image, key };
      this.#surface.style.cursor = css();
    }
  }

  #showSprite(view) {
    const image = this.#shape ?? ARROW;
    const place = this.#place;
    this.#sprite.hidden = view === null || place === null || !place.isInside || image.width === 0;
    if (this.#sprite.hidden) {
      return;
    }
    const scale = pointerScale(view, image);
    this.#drawSprite(image, scale, view.pixelRatio);
    const [x, y] = pointOf(place.x, place.y, view);
    const [left, top] = [x - (image.hotX + 0.5) * scale, y - (image.hotY + 0.5) * scale];
    // On a whole pixel of the screen.
    const sharp = (at) => Math.round(at * view.pixelRatio) / view.pixelRatio;
    this.#sprite.style.transform = `translate(${sharp(left)}px, ${sharp(top)}px)`;
  }

  #drawSprite(image, scale, pixelRatio) {
    const key = `${scale} ${pixelRatio}`;
    if (image === this.#drawn.image && key === this.#drawn.key) {
      return;
    }
    this.#drawn = { image, key };
    const [width, height] = [image.width, image.height].map((size) => extent(size, scale * pixelRatio));
    draw(this.#sprite, image, width, height);
    this.#sprite.style.width = `${width / pixelRatio}px`;
    this.#sprite.style.height = `${height / pixelRatio}px`;
  }
}
