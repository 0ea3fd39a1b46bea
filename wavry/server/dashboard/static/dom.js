// The few things done to the document. Text is only ever set as text, and only where it has changed.

/**
 * @param {string} tag
 * @param {{class?: string, text?: string, [attribute: string]: ?string|undefined}} [attributes]
 * @param {...Node} children
 * @returns {HTMLElement}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null) continue;
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * @param {Node} node
 * @param {string} text
 */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Write a number with its unit.
 * @param {HTMLElement} element
 * @param {import("./format.js").Written} written
 */
export function write(element, [number, unit]) {
  let value = element.firstChild;
  if (value === null) {
    value = element.appendChild(document.createTextNode(""));
    element.append(make("span", { class: "unit" }));
  }
  if (value.nodeValue !== number) value.nodeValue = number;
  say(/** @type {Node} */ (element.lastChild), unit ? `\u00a0${unit}` : "");
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function find(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/**
 * Rows of a table that come, change and go, by a key; the order is that of the items.
 * @template Item
 */
export class Rows {
  /** @type {Map<string, {row: HTMLElement, update: (item: Item) => void}>} */
  #rows = new Map();
  #body;
  #build;
  #empty;

  /**
   * @param {HTMLElement} body
   * @param {(item: Item) => {row: HTMLElement, update: (item: Item) => void}} build Makes a row for an item.
   * @param {string} [words] What stands there when there is none.
   * @param {number} [columns]
   */
  constructor(body, build, words = "", columns = 1) {
    this.#body = body;
    this.#build = build;
    this.#empty = make("tr", { class: "empty" }, make("td", { colspan: String(columns), text: words }));
  }

  /**
   * @param {Map<string, Item>} items
   */
  show(items) {
    for (const [key, { row }] of this.#rows) {
      if (items.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    let place = this.#body.firstElementChild;
    if (place === this.#empty && items.size) {
      this.#empty.remove();
      place = this.#body.firstElementChild;
    }
    for (const [key, item] of items) {
      let made = this.#rows.get(key);
      if (made === undefined) {
        made = this.#build(item);
        this.#rows.set(key, made);
      }
      made.update(item);
      if (made.row === place) place = place.nextElementSibling;
      else this.#body.insertBefore(made.row, place);
    }
    if (!items.size && this.#empty.parentNode === null) this.#body.append(this.#empty);
  }
}
