/**
 * Where two pictures differ, so that only that is converted and shown. Pure.
 *
 * What an encoder has not coded anew is the same to the last bit in the next picture, so equal bytes are all
 * there is to look for: 0.9 ms at 1080p for a picture that has changed nowhere, less where it has.
 */

/** Rows and columns of a tile: what has changed is looked for in tiles. */
const TILE_ROWS = 32;
const TILE_COLUMNS = 64;

/**
 * Pixels that have not changed and are converted all the same where that makes one rectangle of two: what a rectangle of
 * its own cost while browsers' `copyTo` converted it, 0.2 ms. With the page's own conversion it is less, not measured yet.
 */
const WORTH = 1 << 16;

/** Of these, between two tiles of a band: four tiles. */
const WORTH_BETWEEN = 1 << 13;

const WORD_BYTES = 4;

/** Rows of Y are padded to so many samples, those of U and V to half of it. */
const PADDING = 16;

/**
 * How the planes of a picture lie in a buffer.
 *
 * @typedef {object} Plane
 * @property {number} offset Of its first byte.
 * @property {number} stride Bytes from row to row, a multiple of eight.
 * @property {number} rows
 * @property {number} share Rows, and columns, of the picture that one of its samples covers.
 */

/**
 * Return how the planes of I420 are laid out here.
 *
 * @param {number} width Of the picture.
 * @param {number} height
 * @returns {{planes: Plane[], bytes: number}}
 */
export function layoutOf(width, height) {
  let bytes = 0;
  const planes = [1, 2, 2].map((share) => {
    const stride = (Math.ceil(width / PADDING) * PADDING) / share;
    const rows = Math.ceil(height / share);
    const plane = { offset: bytes, stride, rows, share };
    bytes += stride * rows;
    return plane;
  });
  return { planes, bytes: Math.ceil(bytes / WORD_BYTES) * WORD_BYTES };
}

/**
 * Return where a picture differs from the one before, as few rectangles; their sides are even but for the picture's own
 * edges.
 *
 * @param {Int32Array} older Its bytes as words, laid out by `layoutOf`.
 * @param {Int32Array} newer Likewise.
 * @param {Plane[]} planes
 * @param {number} width Of the picture.
 * @param {number} height
 * @returns {{x: number, y: number, width: number, height: number}[]}
 */
export function changedRects(older, newer, planes, width, height) {
  const columns = [];
  const changed = new Uint8Array(Math.ceil(width / TILE_COLUMNS) + 1); // the last one never: it ends a run
  let above = []; // the rectangles that a band may go on with
  for (let top = 0; top < height; top += TILE_ROWS) {
    const bottom = Math.min(height, top + TILE_ROWS);
    changed.fill(0);
    for (const plane of planes) {
      markChanged(changed, older, newer, plane, top, bottom);
    }
    above = runsOf(changed, top, bottom, width).map((run) => goesOn(run, above) ?? added(run, columns));
  }
  return columns.reduce((rects, rect) => {
    takenIn(rect, rects, WORTH) ?? added(rect, rects);
    return rects;
  }, []);
}

function added(rect, rects) {
  rects.push(rect);
  return rect;
}

/** Return the runs of changed tiles in a band; runs that are close are one. */
function runsOf(changed, top, bottom, width) {
  const runs = [];
  for (let begin = changed.indexOf(1); begin >= 0; ) {
    const end = changed.indexOf(0, begin);
    const x = begin * TILE_COLUMNS;
    const run = { x, y: top, width: Math.min(width, end * TILE_COLUMNS) - x, height: bottom - top };
    takenIn(run, runs.slice(-1), WORTH_BETWEEN) ?? added(run, runs);
    begin = changed.indexOf(1, end);
  }
  return runs;
}

/** Return the rectangle of the bands above that has taken in a run about as wide as it is; undefined if there is none. */
function goesOn(run, above) {
  return takenIn(run, above.filter(({ y, height }) => y + height === run.y), area(run) / 2);
}

/** Return the first of some rectangles that can take in another one with no more than so much spare, after it has. */
function takenIn(other, rects, mostSpare) {
  const rect = rects.find((each) => area(union(each, other)) - area(each) - area(other) <= mostSpare);
  return rect && Object.assign(rect, union(rect, other));
}

function union(one, other) {
  const x = Math.min(one.x, other.x);
  const y = Math.min(one.y, other.y);
  const width = Math.max(one.x + one.width, other.x + other.width) - x;
  const height = Math.max(one.y + one.height, other.y + other.height) - y;
  return { x, y, width, height };
}

function area({ width, height }) {
  return width * height;
}

/** Mark the tiles of a band in which the rows of a plane differ. */
function markChanged(changed, older, newer, { offset, stride, rows, share }, top, bottom) {
  const words = stride / WORD_BYTES;
  const tileWords = TILE_COLUMNS / share / WORD_BYTES;
  const last = Math.min(rows, Math.ceil(bottom / share));
  for (let row = Math.floor(top / share); row < last; row += 1) {
    const begin = offset / WORD_BYTES + row * words;
    for (let tile = changed.indexOf(0); tile * tileWords < words; ) {
      const end = nextChanged(changed, tile);
      const stop = begin + Math.min(words, end * tileWords);
      const found = firstDifference(older, newer, begin + tile * tileWords, stop);
      if (found < stop) {
        tile = Math.floor((found - begin) / tileWords);
        changed[tile] = 1;
      } else {
        tile = end;
      }
      tile = changed.indexOf(0, tile);
    }
  }
}

/** Return the first tile that is marked, beginning at one that is not. */
function nextChanged(changed, tile) {
  const marked = changed.indexOf(1, tile);
  return marked < 0 ? changed.length - 1 : marked;
}

/**
 * Return where two pictures differ first, in words; `end` if they do not before. Eight at a time, and compared one by one:
 * browsers take half the time of what is as many XORs.
 */
function firstDifference(older, newer, begin, end) {
  let at = begin;
  while (
    at + 8 <= end &&
    older[at] === newer[at] &&
    older[at + 1] === newer[at + 1] &&
    older[at + 2] === newer[at + 2] &&
    older[at + 3] === newer[at + 3] &&
    older[at + 4] === newer[at + 4] &&
    older[at + 5] === newer[at + 5] &&
    older[at + 6] === newer[at + 6] &&
    older[at + 7] === newer[at + 7]
  ) {
    at += 8;
  }
  while (at < end && older[at] === newer[at]) {
    at += 1;
  }
  return at;
}
