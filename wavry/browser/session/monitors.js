<<<<<<< HEAD
/** The host's monitors, and the wish for another one. */
=======
/** The host's monitors, and the wish for another one. As `wavry/client/monitors.py`. */
>>>>>>> hands

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { SessionPart } from "./part.js";

<<<<<<< HEAD
/** Tells the page `{monitors, captured, refusal}` on every change; is told `{choose: number}`. */
export class MonitorsPart extends SessionPart {
  name = "monitors";
  messageKinds = { monitor_list: CONTROL_MESSAGES.monitor_list };
=======
/**
 * Tells the page `{monitors: {name, width, height}[], captured: number | null}` after every change, an empty list
 * without a session, and `{refusal: string}`, words for people. Hears `{choose: number}`, which is of the list.
 */
export class MonitorsPart extends SessionPart {
  name = "monitors";
  messageKinds = { monitor_list: CONTROL_MESSAGES.monitor_list };

>>>>>>> hands
  #talk = null;

  welcomed(talk) {
    this.#talk = talk;
  }

<<<<<<< HEAD
  messageReceived(kind, fields) {
    this.tell(fields);
=======
  messageReceived(kind, { monitors, captured, refusal }) {
    this.tell({ monitors, captured: captured !== null && captured < monitors.length ? captured : null });
    if (refusal !== "") {
      this.tell({ refusal });
    }
>>>>>>> hands
  }

  told({ choose }) {
    this.#talk?.say("choose_monitor", { number: choose });
  }

  ended() {
    this.#talk = null;
<<<<<<< HEAD
    this.tell({ monitors: [], captured: null, refusal: "" });
=======
    this.tell({ monitors: [], captured: null });
>>>>>>> hands
  }
}
