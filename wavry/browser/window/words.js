/**
 * Words in the window: what is the matter while there is no picture, what the person can do about it, and
 * short hints.
 *
 * Where there is a picture already it is dimmed, so that nobody takes it for the present.
 */

/** How long a hint is shown. */
const HINT_S = 4;

/** What a person should read. */
export class Words {
  #root;
  #hintTimer = null;
  #notice = null;

  /**
   * @param {Document} root Has the elements: `notice` and what is in it, `dimmer`, `hint`.
   * @param {(pin: string | null) => void} connect Called when the person has typed a PIN, or wants to try
   *   again.
   */
  constructor(root, connect) {
    this.#root = root;
    const form = this.#element("pin-form");
    const field = this.#element("pin");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const pin = field.value;
      field.value = "";
      connect(pin);
    });
    this.#element("again").addEventListener("click", () => connect(null));
  }

  /** @returns {boolean} Whether the person is asked for something, and so needs the keyboard here. */
  get isAsking() {
    return this.#notice !== null && this.#notice.wants !== "nothing";
  }

  /**
   * Say something, or have done with it.
   *
   * @param {import("../session/notice.js").Notice | null} notice
   */
  show(notice) {
    this.#notice = notice;
    this.#element("notice").hidden = notice === null;
    this.#element("dimmer").hidden = notice === null;
    this.#root.title = notice === null ? "wavry" : `${notice.heading} - wavry`;
    if (notice === null) {
      return;
    }
    this.#element("notice-heading").textContent = notice.heading;
    this.#element("notice-detail").textContent = notice.detail;
    this.#element("pin-form").hidden = notice.wants !== "pin";
    this.#element("again").hidden = notice.wants !== "again";
    if (notice.wants === "pin") {
      this.#element("pin").focus();
    } else if (notice.wants === "again") {
      this.#element("again").focus();
    }
  }

  /**
   * Say something for a moment.
   *
   * @param {string} text
   */
  hint(text) {
    const hint = this.#element("hint");
    hint.textContent = text;
    hint.hidden = false;
    clearTimeout(this.#hintTimer);
    this.#hintTimer = setTimeout(() => {
      hint.hidden = true;
    }, HINT_S * 1000);
  }

  #element(id) {
    return this.#root.getElementById(id);
  }
}
