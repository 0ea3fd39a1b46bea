/** The host's monitors, and the wish for another one. As `wavry/client/monitors.py`. */

import { CONTROL_MESSAGES } from "../rift/messages.js";
import { Outbox } from "./outbox.js";
import { SessionPart } from "./part.js";

/**
 * The page hears `layout` after every change, `{monitors: {name, width, height}[], captured: number | null}`,
 * an empty list without a session; and `refusal`, words for people. It answers each time with `{taken:
 * true}`, and says `{choose: number}`, which is of the list.
 */
export class MonitorsPart extends SessionPart {
  name = "monitors";
  messageKinds = { monitor_list: CONTROL_MESSAGES.monitor_list };

  #news = new Outbox((news) => this.tell(news));
  #talk = null;

  welcomed(talk) {
    this.#talk = talk;
  }

  messageReceived(kind, { monitors, captured, refusal }) {
    const layout = { monitors, captured: captured !== null && captured < monitors.length ? captured : null };
    this.#news.put(refusal === "" ? { layout } : { layout, refusal });
  }

  told({ choose, taken }) {
    if (taken) {
      this.#news.taken();
    } else {
      this.#talk?.say("choose_monitor", { number: choose });
    }
  }

  ended() {
    this.#talk = null;
    this.#news.put({ layout: { monitors: [], captured: null } });
  }
}
