/**
 * The host's pointer as pictures: how large it is drawn, as a cursor of CSS, and an arrow where the host says
 * nothing.
 */

/** Browsers ignore cursors that are larger, in CSS pixels. */
const LARGEST = 128;

/** An arrow for hosts that do not tell what their pointer looks like. The shape is our own. */
const ARROW_ROWS = [
  "#           ",
  "##          ",
  "#.#         ",
  "#..#        ",
  "#...#       ",
  "#....#      ",
  "#.....#     ",
  "#......#    ",
  "#.......#   ",
  "#........#  ",
  "#.........# ",
  "#......#####",
  "#...#..#    ",
  "#..# #..#   ",
  "#.#  #..#   ",
  "##    #..#  ",
  "#     #..#  ",
  "       ##   ",
];
const INK = { " ": [0, 0, 0, 0], "#": [0, 0, 0, 255], ".": [255, 255, 255, 255] };

/** @type {import("../rift/cursor/messages.js").CursorImage} */
export const ARROW = Object.freeze({
  width: ARROW_ROWS[0].length,
  height: ARROW_ROWS.length,
  hotX: 0,
  hotY: 0,
  pixels: new Uint8ClampedArray(ARROW_ROWS.flatMap((row) => [...row].flatMap((dot) => INK[dot]))),
});

/**
 * Return how many CSS pixels a pixel of a pointer takes.
 *
 * Its own size is what it was made to be read at. So it keeps that while the picture is about its own size:
 * in CSS pixels where the picture is as large in them, in pixels of the screen where those are smaller and
 * the picture is drawn in them. Beyond half and double it would hide what it points at, or be lost: there it
 * goes with the picture. In eighths, so that a window that is being resized makes few of them.
 *
 * @param {import("./geometry.js").View} view
 * @param {import("../rift/cursor/messages.js").CursorImage} image
 */
export function pointerScale({ place, picture, pixelRatio }, image) {
  const drawn = place.width / picture.width;
  let scale = Math.min(Math.max(drawn, 1 / pixelRatio), 1);
  if (drawn > 2) {
    scale = drawn;
  } else if (drawn * pixelRatio < 0.5) {
    scale = drawn;
  }
  const eighths = Math.max(1, Math.round(scale * pixelRatio * 8)) / 8 / pixelRatio;
  return Math.min(eighths, LARGEST / Math.max(image.width, image.height));
}

/**
 * Draw a pointer.
 *
 * @param {HTMLCanvasElement} canvas Gets its size and its pixels.
 * @param {import("../rift/cursor/messages.js").CursorImage} image
 * @param {number} width In pixels of the canvas.
 * @param {number} height
 */
export function draw(canvas, image, width, height) {
  const own = canvas.ownerDocument.createElement("canvas");
  [own.width, own.height] = [image.width, image.height];
  own.getContext("2d").putImageData(new ImageData(image.pixels, image.width, image.height), 0, 0);
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(own, 0, 0, width, height);
}

/**
 * Return a value for `cursor` of CSS.
 *
 * @param {HTMLCanvasElement} canvas To draw on; what was on it is lost.
 * @param {import("../rift/cursor/messages.js").CursorImage} image
 * @param {number} scale CSS pixels for each of its pixels.
 * @param {number} pixelRatio Pixels of the screen for each CSS pixel.
 * @returns {string}
 */
export function cssCursor(canvas, image, scale, pixelRatio) {
  if (image.width === 0) {
    return "none";
  }
  draw(canvas, image, extent(image.width, scale * pixelRatio), extent(image.height, scale * pixelRatio));
  const url = `url("${canvas.toDataURL()}")`;
  const source = pixelRatio === 1 ? url : `image-set(${url} ${pixelRatio}x)`;
  return `${source} ${Math.floor(image.hotX * scale)} ${Math.floor(image.hotY * scale)}, default`;
}

/**
 * Return a width or height in other pixels; it never vanishes.
 *
 * @param {number} size
 * @param {number} scale
 */
export function extent(size, scale) {
  return Math.max(1, Math.round(size * scale));
}
