/**
 * Where the picture is in the window: the one truth, for drawing it and for pointing into it. Pure; the twin
 * of `wavry/client/window/scaling.py`.
 *
 * @typedef {{width: number, height: number}} Size
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 */

/** How large the picture is drawn. */
export const ScaleMode = Object.freeze({
  /** As large as fits, its shape kept. */
  FIT: "fit",
  /**
   * A pixel of the host is a pixel of the screen. Where the picture is larger it is panned with the pointer.
   */
  ONE_TO_ONE: "1:1",
  /**
   * Two, three, ... times its size, whatever fits, each pixel a sharp square; as `FIT` where not even once
   * fits.
   */
  INTEGER: "integer",
});

const MODES = Object.values(ScaleMode);

/** What a person reads. */
export const SCALE_LABELS = Object.freeze({
  [ScaleMode.FIT]: "fit",
  [ScaleMode.ONE_TO_ONE]: "1:1",
  [ScaleMode.INTEGER]: "whole multiples",
});

/** Neither end of a picture that is larger than the window. */
export const CENTRE = Object.freeze({ x: 0.5, y: 0.5 });

/**
 * Return the mode after this one.
 *
 * @param {string} mode
 * @returns {string}
 */
export function nextMode(mode) {
  return MODES[(MODES.indexOf(mode) + 1) % MODES.length];
}

/**
 * Return where a picture goes in a window.
 *
 * @param {Size} picture
 * @param {Size} room The size of what is drawn into, in pixels of the screen, as the result.
 * @param {string} [mode]
 * @param {{x: number, y: number}} [pan] Which part is seen of a picture that is larger than the window, for
 *   each axis: 0 its left or upper end, 1 the other one. A picture that fits is in the middle.
 * @returns {Rect}
 */
export function placed(picture, room, mode = ScaleMode.FIT, pan = CENTRE) {
  const { width, height } = drawnSize(picture, room, mode);
  return { x: begin(width, room.width, pan.x), y: begin(height, room.height, pan.y), width, height };
}

/** Pixels that may be missing, or left over, for a picture that is drawn in its own size where it almost fits. */
const ALMOST = 2;

/**
 * Return where a picture is drawn that `placed` has put somewhere: there, or in its own size around the same middle where
 * that is the same but for a few pixels. Those are cut off or left black: text stays sharp, and nothing has to be scaled.
 * Pointing is not changed by it: every pixel at the edges can still be reached, and what is pointed at is off by one pixel
 * at most, at the edges.
 *
 * @param {Size} picture
 * @param {Rect} place From `placed`.
 * @returns {Rect}
 */
export function drawnAt(picture, place) {
  const [across, down] = [place.width - picture.width, place.height - picture.height];
  if (Math.max(Math.abs(across), Math.abs(down)) > ALMOST) {
    return place;
  }
  return { x: place.x + Math.trunc(across / 2), y: place.y + Math.trunc(down / 2), ...picture };
}

function drawnSize(picture, room, mode) {
  if (mode === ScaleMode.ONE_TO_ONE) {
    return picture;
  }
  let scale = Math.min(room.width / picture.width, room.height / picture.height);
  if (mode === ScaleMode.INTEGER && scale >= 1) {
    scale = Math.trunc(scale);
  }
  return {
    width: Math.max(1, Math.round(picture.width * scale)),
    height: Math.max(1, Math.round(picture.height * scale)),
  };
}

function begin(drawn, room, pan) {
  return drawn <= room ? Math.floor((room - drawn) / 2) : Math.round((room - drawn) * pan);
}

/** Pixels of the window, on each side, in which the pointer pushes the picture. */
const EDGE = 32;

/** Pixels that it is pushed at once, at the very edge; less further in. */
const STEP = 24;

/**
 * Return where one axis of the pan goes in a step.
 *
 * @param {number} pan Where it is.
 * @param {number} pointer Where the pointer is, 0 to `room` - 1.
 * @param {number} drawn How long the picture is drawn along the axis.
 * @param {number} room And how long the window is.
 * @returns {number}
 */
export function pushed(pan, pointer, drawn, room) {
  const hidden = drawn - room;
  if (hidden <= 0) {
    return pan;
  }
  const depth = Math.max(0, EDGE - (room - 1 - pointer)) - Math.max(0, EDGE - pointer);
  return Math.min(1, Math.max(0, pan + ((depth / EDGE) * STEP) / hidden));
}
