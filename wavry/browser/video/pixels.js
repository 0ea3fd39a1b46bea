/**
 * Two decoded pictures and the pixels of the newer one, in a memory of WebAssembly, which compares and converts them: a
 * million pixels in 0.9 ms, where browsers' own `copyTo` takes 2.3 (`docs/performance.md`).
 */

import { layoutOf } from "./changes.js";

const PAGE_BYTES = 65536;
const PIXEL_BYTES = 4;

/** `convertRow` takes so many pixels at a time. */
const GROUP = 16;

let compiling = null;

/**
 * Return what converts, compiled once.
 *
 * @returns {Promise<WebAssembly.Module>}
 * @throws {Error} This browser has no SIMD in WebAssembly, or the file did not come.
 */
export function converterModule() {
  compiling ??= WebAssembly.compileStreaming(fetch(new URL("./pixels.wasm", import.meta.url)));
  return compiling;
}

/** Bound: 7 bytes for each pixel of the picture, taken at once. */
export class PictureMemory {
  /** How a picture lies in `newer`. */
  layout;
  /** Its pixels where they have been converted: RGBA, rows at least as wide as the picture. @type {ImageData} */
  image;
  /** The picture that is shown next, I420. @type {Uint8Array<ArrayBuffer>} */
  newer;
  /** The one before it. @type {Uint8Array<ArrayBuffer>} */
  older;
  #functions;

  /**
   * @param {WebAssembly.Module} module See `converterModule`.
   * @param {number} width Of the picture.
   * @param {number} height
   */
  constructor(module, width, height) {
    this.layout = layoutOf(width, height);
    const { bytes, planes: [luma] } = this.layout;
    const pages = Math.ceil((2 * bytes + PIXEL_BYTES * luma.stride * height) / PAGE_BYTES);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#functions = new WebAssembly.Instance(module, { picture: { memory } }).exports;
    this.newer = new Uint8Array(memory.buffer, 0, bytes);
    this.older = new Uint8Array(memory.buffer, bytes, bytes);
    const pixels = new Uint8ClampedArray(memory.buffer, 2 * bytes, PIXEL_BYTES * luma.stride * height);
    this.image = new ImageData(pixels, luma.stride, height);
  }

  /** Make room for a picture that is newer than both; what is in `newer` then is to be written over. */
  turn() {
    [this.older, this.newer] = [this.newer, this.older];
  }

  /**
   * Return where the pictures differ first, in bytes of both and to the 32 that are compared at once; `end` if nowhere.
   *
   * @param {number} begin A multiple of 32.
   * @param {number} end Likewise.
   */
  firstDifference(begin, end) {
    const { byteOffset: newer } = this.newer;
    return this.#functions.firstDifference(newer + begin, this.older.byteOffset + begin, newer + end) - newer;
  }

  /**
   * Convert a part of the newer picture, and up to 15 pixels beside it.
   *
   * @param {{x: number, y: number, width: number, height: number}} rect In the picture.
   */
  convert({ x, y, width, height }) {
    const left = x - (x % GROUP);
    const begin = this.newer.byteOffset;
    const [luma, blueness, redness] = this.layout.planes;
    for (let row = y; row < y + height; row += 1) {
      const at = begin + luma.offset + row * luma.stride;
      const chroma = begin + (row >> 1) * blueness.stride + left / 2;
      const pixels = this.image.data.byteOffset + PIXEL_BYTES * (row * luma.stride + left);
      this.#functions.convertRow(at + left, chroma + blueness.offset, chroma + redness.offset, pixels, at + x + width);
    }
  }
}
