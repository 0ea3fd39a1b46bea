/**
 * The session's worker: everything between the network and the canvas, off the page's thread.
 *
 * What the page says comes as `{to, data}`, what it is told goes as `{from, data}`; the name of a part, or "" for the
 * worker itself.
 */

/** @type {import("./part.js").SessionPart[]} What a session does beside the stream, in order of the hello. */
const parts = [];

const byName = new Map(parts.filter((each) => each.name !== "").map((each) => [each.name, each]));
for (const part of byName.values()) {
  part.tell = (data, transfer = []) => self.postMessage({ from: part.name, data }, transfer);
}

self.onmessage = ({ data: { to, data } }) => {
  byName.get(to)?.told(data, performance.now() / 1000);
};
