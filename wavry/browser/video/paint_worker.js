/**
 * The painter's own worker: it is told `{canvas}` once, then `{frame}`, and answers each frame with `{shown}`: whether
 * it has been drawn. Drawing takes milliseconds where there is no GPU; in the session's worker packets would wait for
 * it, and what waits looks like an uneven network.
 */

import { Painter } from "./painter.js";

let painter = null;

self.onmessage = ({ data: { canvas, frame } }) => {
  if (canvas !== undefined) {
    painter = new Painter(canvas);
  } else {
    painter.show(frame, (isShown) => self.postMessage({ shown: isShown }));
  }
};
