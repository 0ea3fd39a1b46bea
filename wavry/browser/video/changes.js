/**
 * Where two pictures differ, so that only that is converted and shown.
 *
 * What an encoder has not coded anew is the same to the last bit in the next picture, so equal bytes are all
 * there is to look for.
 */

/** Rows and columns of a tile: what has changed is looked for in tiles. */
const TILE_ROWS = 32;
const TILE_COLUMNS = 64;

/** Pixels that have not changed and are converted all the same where that makes one rectangle of two, which costs 3 µs more. */
const WORTH = 1 << 13;

/** Of these, between two tiles of a band: two tiles. */
const WORTH_BETWEEN = 1 << 12;

/** Rows of Y are padded to so many samples, those of U and V to half of it: what is compared at once. */
const PADDING = 64;

/**
 * How the planes of a picture lie in a buffer.
 *
 * @typedef {object} Plane
 * @property {number} offset Of its first byte.
 * @property {number} stride Bytes from row to row, a multiple of 32.
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
  return { planes, bytes };
}

/**
 * Return where a picture differs from the one before, as few rectangles; their sides are even but for the picture's own
 * edges.
 *
 * @param {import("./pixels.js").PictureMemory} pictures Both.
 * @param {number} width Of the picture.
 * @param {number} height
 * @returns {{x: number, y: number, width: number, height: number}[]}
 */
export function changedRects(pictures, width, height) {
  const columns = [];
  const changed = new Uint8Array(Math.ceil(width / TILE_COLUMNS) + 1); // the last one never: it ends a run
  let above = []; // the rectangles that a band may go on with
  for (let top = 0; top < height; top += TILE_ROWS) {
    const bottom = Math.min(height, top + TILE_ROWS);
    changed.fill(0);
    for (const plane of pictures.layout.planes) {
      markChanged(changed, pictures, plane, top, bottom);
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
function markChanged(changed, pictures, { offset, stride, rows, share }, top, bottom) {
  const tileBytes = TILE_COLUMNS / share;
  const last = Math.min(rows, Math.ceil(bottom / share));
  for (let row = Math.floor(top / share); row < last; row += 1) {
    const begin = offset + row * stride;
    for (let tile = changed.indexOf(0); tile * tileBytes < stride; ) {
      const end = nextChanged(changed, tile);
      const stop = begin + Math.min(stride, end * tileBytes);
      const found = pictures.firstDifference(begin + tile * tileBytes, stop);
      if (found < stop) {
        tile = Math.floor((found - begin) / tileBytes);
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
