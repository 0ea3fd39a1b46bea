/**
 * From points of the page to places of the stream, and back: the one truth for pointing and for drawing the
 * pointer.
 */

import { MAX_SHARE } from "../rift/cursor/receiver.js";

/**
 * Where the picture is in the page.
 *
 * @typedef {object} View
 * @property {{x: number, y: number, width: number, height: number}} place Of the whole picture as it is
 *   drawn, in CSS pixels from the corner of the page's visible part (as `clientX`); it may reach beyond what
 *   is seen of it.
 * @property {{width: number, height: number}} picture Of the stream, in its pixels.
 * @property {number} pixelRatio Pixels of the screen for each CSS pixel.
 */

/** Browsers divide pixels of the screen by the ratio: this much is an error of the division. */
const ROUNDING = 1e-3;

/**
 * Return the place of the stream that is seen at a point of the page; beside the picture, its nearest edge.
 *
 * The middle of a pixel of the screen shows a point of the picture; the host's pixel around it is meant.
 * Where a pixel of the screen is a pixel of the host this is exact.
 *
 * @param {number} x As `clientX`.
 * @param {number} y
 * @param {View} view
 * @returns {[number, number]} Shares of 65_535.
 */
export function shareOf(x, y, view) {
  return [
    share(x, view.place.x, view.place.width, view.picture.width, view.pixelRatio),
    share(y, view.place.y, view.place.height, view.picture.height, view.pixelRatio),
  ];
}

function share(at, begin, extent, pixels, pixelRatio) {
  if (pixels === 1) {
    return 0;
  }
  const middle = (Math.floor(at * pixelRatio + ROUNDING) + 0.5) / pixelRatio;
  const pixel = ((middle - begin) * pixels) / extent - 0.5;
  return Math.round(Math.min(Math.max(pixel / (pixels - 1), 0), 1) * MAX_SHARE);
}

/**
 * Return the point of the page that shows the middle of a place of the stream.
 *
 * @param {number} x Share of 65_535.
 * @param {number} y
 * @param {View} view
 * @returns {[number, number]} As `clientX` and `clientY`.
 */
export function pointOf(x, y, { place, picture }) {
  return [
    place.x + point(x, place.width, picture.width),
    place.y + point(y, place.height, picture.height),
  ];
}

function point(at, extent, pixels) {
  return (((at * (pixels - 1)) / MAX_SHARE + 0.5) * extent) / pixels;
}

/**
 * Whether a point of the page is in the picture.
 *
 * @param {number} x
 * @param {number} y
 * @param {View} view
 */
export function isInside(x, y, { place }) {
  return x >= place.x && y >= place.y && x < place.x + place.width && y < place.y + place.height;
}
