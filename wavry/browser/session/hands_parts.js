/** What a session does for the hands of the page (`hands/index.js`). */

import { ClipboardPart } from "./clipboard.js";
import { CursorPart } from "./cursor.js";
import { HandsPart } from "./hands.js";
import { MonitorsPart } from "./monitors.js";
import { RightsPart } from "./rights.js";

/**
 * Return the parts, in the order in which they have to be in a session.
 *
 * @returns {import("./part.js").SessionPart[]}
 */
export function handsParts() {
  const rights = new RightsPart();
  return [rights, new HandsPart(rights), new CursorPart(), new ClipboardPart(rights), new MonitorsPart()];
}
