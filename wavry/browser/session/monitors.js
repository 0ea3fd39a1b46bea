/** The host's monitors, and the wish for another one. */

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { SessionPart } from "./part.js";

/** Tells the page `{monitors, captured, refusal}` on every change; is told `{choose: number}`. */
export class MonitorsPart extends SessionPart {
  name = "monitors";
  messageKinds = { monitor_list: CONTROL_MESSAGES.monitor_list };
  #talk = null;

  welcomed(talk) {
    this.#talk = talk;
  }

  messageReceived(kind, fields) {
    this.tell(fields);
  }

  told({ choose }) {
    this.#talk?.say("choose_monitor", { number: choose });
  }

  ended() {
    this.#talk = null;
    this.tell({ monitors: [], captured: null, refusal: "" });
  }
}
