/**
 * The menu: all hot-keys with what they do, and the host's monitors, to choose from with keys, mouse or
 * fingers. The twin of `wavry/client/window/menu.py`.
 */

/**
 * Something that can be chosen.
 *
 * @typedef {{keys: string, text: string, action: () => void}} Choice
 */

/** A list over the picture. While it is open it has the keys. */
export class Menu {
  #dialog;
  #lines;
  #choices;
  #monitors = { monitors: [], captured: null };
  #chooseMonitor;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {HTMLElement} lines What its lines go into.
   * @param {() => readonly Choice[]} choices What it lists; those without keys have "".
   * @param {(number: number) => void} chooseMonitor
   */
  constructor(dialog, lines, choices, chooseMonitor) {
    this.#dialog = dialog;
    this.#lines = lines;
    this.#choices = choices;
    this.#chooseMonitor = chooseMonitor;
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) {
        dialog.close(); // beside its lines
      }
    });
    dialog.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Open it, or close it. */
  toggle() {
    if (this.#dialog.open) {
      this.#dialog.close();
      return;
    }
    this.#fill();
    this.#dialog.showModal();
    this.#lines.querySelector("button")?.focus();
  }

  /**
   * List other monitors.
   *
   * @param {{monitors: {name: string, width: number, height: number}[], captured: number | null}} layout
   */
  setMonitors(layout) {
    this.#monitors = layout;
    if (this.#dialog.open) {
      this.#fill();
    }
  }

  #fill() {
    const { monitors, captured } = this.#monitors;
    const lines = [heading("Keys of this page"), ...this.#choices().map((each) => this.#line(each))];
    if (monitors.length > 0) {
      lines.push(heading("Monitors of the host"));
      monitors.forEach(({ name, width, height }, number) => {
        const text = `${name}, ${width}x${height}`;
        const mark = number === captured ? "✓" : "";
        const choice = { keys: String(number), text, action: () => this.#chooseMonitor(number) };
        lines.push(this.#line(choice, mark, true));
      });
    }
    const help = document.createElement("p");
    help.textContent = "Arrows and Return or the mouse choose, Escape closes";
    this.#lines.replaceChildren(...lines, help);
  }

  #line({ keys, text, action }, mark = "", isNumber = false) {
    const button = document.createElement("button");
    button.type = "button";
    const label = document.createElement("kbd");
    label.textContent = keys;
    label.classList.toggle("number", isNumber);
    const words = document.createElement("span");
    words.textContent = text;
    const end = document.createElement("span");
    end.className = "mark";
    end.textContent = mark;
    button.append(label, words, end);
    button.addEventListener("click", () => {
      this.#dialog.close();
      action();
    });
    return button;
  }

  #key(event) {
    const buttons = [...this.#lines.querySelectorAll("button")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      const at = buttons.indexOf(document.activeElement);
      buttons.at((at + step) % buttons.length)?.focus();
      event.preventDefault();
    } else if (/^[0-9]$/.test(event.key)) {
      buttons.find((each) => each.querySelector("kbd.number")?.textContent === event.key)?.click();
    }
  }
}

function heading(text) {
  const line = document.createElement("h2");
  line.textContent = text;
  return line;
}
