// What happened, newest first. Bounded: `MOST` lines; the oldest go.

import { find, make } from "./dom.js";
import { clock } from "./format.js";

const MOST = 200;

/** The list of events. */
export class EventList {
  #list = find("log");
  #newest = 0;

  /**
   * @param {{number: number, at_s: number, level: string, source: string, text: string}[]} events
   *     Oldest first.
   */
  add(events) {
    if (events.length && events[0].number === 1) this.#restart();
    for (const event of events) {
      if (event.number <= this.#newest) continue;
      this.#newest = event.number;
      const when = new Date(event.at_s * 1000);
      this.#list.prepend(
        make(
          "li",
          { class: event.level },
          make("time", {
            datetime: when.toISOString(),
            title: when.toLocaleString(),
            text: clock(event.at_s),
          }),
          make("span", { class: "source", text: event.source }),
          make("span", { class: "text", text: event.text }),
        ),
      );
    }
    while (this.#list.childElementCount > MOST) this.#list.lastElementChild?.remove();
  }

  /** Another run of the host counts from one again. */
  #restart() {
    this.#newest = 0;
    this.#list.replaceChildren();
  }
}
