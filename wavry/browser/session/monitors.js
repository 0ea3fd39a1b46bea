/** The host's monitors, and the wish for another one. As `wavry/client/monitors.py`. */

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { SessionPart } from "./part.js";

/**
 * Tells the page `{monitors: {name, width, height}[], captured: number | null}` after every change, an empty list
 * without a session, and `{refusal: string}`, words for people. Hears `{choose: number}`, which is of the list.
 */
export class MonitorsPart extends SessionPart {
  name = "monitors";
  messageKinds = { monitor_list: CONTROL_MESSAGES.monitor_list };

  #talk = null;

  welcomed(talk) {
    this.#talk = talk;
  }

  messageReceived(kind, { monitors, captured, refusal }) {
    this.tell({ monitors, captured: captured !== null && captured < monitors.length ? captured : null });
    if (refusal !== "") {
      this.tell({ refusal });
    }
  }

  told({ choose }) {
    this.#talk?.say("choose_monitor", { number: choose });
  }

  ended() {
    this.#talk = null;
    this.tell({ monitors: [], captured: null });
  }
}
