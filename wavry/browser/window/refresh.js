/** How the screen is drawn: as browsers tell it, by animation frames. */

/** Frames that are looked at: browsers round their times to 0.1 ms. */
const FRAMES = 13;

/**
 * Look at the next few refreshes. It is never told where nobody sees the page.
 *
 * @param {Window} window
 * @returns {Promise<{at: number, interval: number}>} When one was, ms since 1970, and ms from one to the next.
 */
export function measureRefresh(window) {
  const { timeOrigin } = window.performance;
  const times = [];
  return new Promise((resolve) => {
    const look = (time) => {
      times.push(time);
      if (times.length < FRAMES) {
        window.requestAnimationFrame(look);
      } else {
        resolve({ at: timeOrigin + time, interval: intervalOf(times) });
      }
    };
    window.requestAnimationFrame(look);
  });
}

/** Return what lies between two refreshes, though some were missed. */
function intervalOf(times) {
  const between = times.slice(1).map((time, index) => time - times[index]);
  const shortest = Math.min(...between);
  const refreshes = between.reduce((sum, each) => sum + Math.round(each / shortest), 0);
  return (times.at(-1) - times[0]) / refreshes;
}
