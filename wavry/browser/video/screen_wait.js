/**
 * How long pictures that are ready wait for the screen, and at which point of its refresh they would wait least. Pure.
 *
 * A browser takes one picture from a canvas per refresh: the first one at once, one that comes after it with the next
 * refresh. So pictures that come once per refresh do not wait, until two have come in the same; from then on each finds its
 * refresh taken, and waits. How likely that is depends on how far from the edge of a refresh they come.
 */

/** Shifts that are tried, evenly spread over a refresh. */
const STEPS = 16;

/** A GPU's picture must be there so long before the refresh that shows it. */
const LEAD_MS = 4;

/**
 * How the screen is drawn.
 *
 * @typedef {object} Refresh
 * @property {number} at When it was drawn once, ms.
 * @property {number} interval ms from one time to the next.
 * @property {boolean} isImmediate Whether what the browser takes is seen at once, as without a GPU; not with the next refresh.
 */

/**
 * Return how long pictures wait on average until they, or newer ones, are seen.
 *
 * @param {number[]} ready When they were ready, ms on the clock of `refresh`, in order; not empty.
 * @param {Refresh} refresh
 * @returns {number} ms
 */
export function meanWait(ready, { at, interval, isImmediate }) {
  const endOf = (refresh) => at + (refresh + 1) * interval;
  const seenAt = (taken, refresh) => {
    if (isImmediate) {
      return taken;
    }
    return endOf(refresh) - taken >= LEAD_MS ? endOf(refresh) : endOf(refresh + 1);
  };
  let waited = 0;
  let newest = -Infinity; // refresh that has taken a picture, or will take the one that waits
  let waiting = []; // pictures that are seen with it, all but the last superseded
  const takeWaiting = () => {
    const taken = endOf(newest - 1);
    waited += waiting.reduce((sum, each) => sum + seenAt(taken, newest) - each, 0);
    waiting = [];
  };
  for (const time of ready) {
    const refresh = Math.floor((time - at) / interval);
    if (waiting.length > 0 && refresh >= newest) {
      takeWaiting();
    }
    if (refresh > newest) {
      newest = refresh;
      waited += seenAt(time, refresh) - time;
    } else {
      if (waiting.length === 0) {
        newest += 1;
      }
      waiting.push(time);
    }
  }
  takeWaiting();
  return waited / ready.length;
}

/**
 * Return by how much later pictures should come so that they wait least.
 *
 * @param {number[]} ready See `meanWait`.
 * @param {Refresh} refresh
 * @returns {{laterMs: number, gainMs: number}} And by how much less they wait then, on average.
 */
export function bestShift(ready, refresh) {
  const step = refresh.interval / STEPS;
  const waits = Array.from({ length: STEPS }, (_, index) => meanWait(ready, { ...refresh, at: refresh.at - index * step }));
  const around = (index) => (waits.at(index - 1) + waits[index] + waits[(index + 1) % STEPS]) / 3;
  let best = 0;
  for (let index = 1; index < STEPS; index += 1) {
    if (around(index) < around(best)) {
      best = index;
    }
  }
  return { laterMs: best * step, gainMs: around(0) - around(best) };
}
