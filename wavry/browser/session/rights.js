/** What the host lets this page do, and what it has refused: for the page. */

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { SessionPart } from "./part.js";

/** Tells the page `{granted: string[] | null}` on every change and `{denied: string}` once for each right. */
export class RightsPart extends SessionPart {
  name = "rights";
  messageKinds = { rights_granted: CONTROL_MESSAGES.rights_granted, denied: CONTROL_MESSAGES.denied };

  messageReceived(kind, { rights, right }) {
    this.tell(kind === "rights_granted" ? { granted: rights } : { denied: right });
  }

  ended() {
    this.tell({ granted: null });
  }
}
