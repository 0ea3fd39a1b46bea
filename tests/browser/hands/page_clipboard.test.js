import assert from "node:assert/strict";
import test from "node:test";

import { Clipboard } from "../../../wavry/browser/hands/clipboard.js";

const WAYS = { maySend: true, mayReceive: true };

/** A clipboard of the page in a browser that lets it do what `allows` says. */
function clipboard(allows = {}) {
  const browser = { text: "", mayWrite: true, mayRead: "prompt", ...allows };
  const [told, said] = [[], []];
  const link = { tell: (data) => told.push(data) };
  const navigator = {
    clipboard: {
      writeText: async (text) => {
        if (!browser.mayWrite) {
          throw new Error("NotAllowedError");
        }
        browser.text = text;
      },
      readText: async () => {
        if (browser.mayRead === "denied") {
          throw new Error("NotAllowedError");
        }
        return browser.text;
      },
    },
    permissions: { query: async () => ({ state: browser.mayRead }) },
  };
  Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  Object.defineProperty(globalThis, "document", { value: { hasFocus: () => true }, configurable: true });
  const shared = new Clipboard(link, (words) => said.push(words));
  const offers = () => told.filter(({ offer }) => offer !== undefined);
  const texts = () => offers().map(({ offer }) => new TextDecoder().decode(offer));
  return { shared, browser, link, told, said, offers, texts };
}

/** Let everything that waits for nothing but the browser happen. */
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

test("a text of the host is put on the clipboard, and not sent back", async () => {
  const { shared, browser, link, told, texts } = clipboard({ mayRead: "granted" });
  link.told({ ways: WAYS });
  link.told({ text: "from the host" });
  await settled();
  assert.equal(browser.text, "from the host");
  shared.returned();
  await settled();
  assert.deepEqual(texts(), []);
  assert.deepEqual(told, [{ taken: true }, { taken: true }]);
});

test("a text that the browser does not take yet waits for the person, and says so once", async () => {
  const { shared, browser, link, said } = clipboard({ mayWrite: false });
  link.told({ ways: WAYS });
  link.told({ text: "first" });
  await settled();
  link.told({ text: "second" });
  await settled();
  assert.ok(shared.state.isWaiting);
  assert.equal(said.length, 1);
  browser.mayWrite = true;
  shared.noteGesture();
  await settled();
  assert.equal(browser.text, "second");
  assert.ok(!shared.state.isWaiting);
});

test("who comes back with another text has it sent, where the page may look, and only then", async () => {
  const { shared, browser, link, texts } = clipboard({ text: "mine" });
  link.told({ ways: WAYS });
  shared.returned();
  await settled();
  assert.deepEqual(texts(), []);
  browser.mayRead = "granted";
  shared.returned();
  await settled();
  shared.returned();
  await settled();
  assert.deepEqual(texts(), ["mine"]);
});

test("a text is offered once, with the line ends of Unix, if it is not too long and the host takes it", () => {
  const { shared, link, said, texts } = clipboard();
  assert.ok(!shared.offer("too early"));
  link.told({ ways: WAYS });
  assert.ok(shared.offer("a\r\nb"));
  assert.ok(!shared.offer("a\nb"));
  assert.ok(!shared.offer(""));
  assert.ok(!shared.offer("ä".repeat(524_289)));
  assert.deepEqual(texts(), ["a\nb"]);
  assert.match(said[0], /too long/);
});

test("a button sends, or words say how else", async () => {
  const { shared, browser, link, said, texts } = clipboard({ text: "mine" });
  link.told({ ways: WAYS });
  await shared.sendNow();
  assert.deepEqual(texts(), ["mine"]);
  browser.mayRead = "denied";
  await shared.sendNow();
  assert.match(said[0], /Ctrl\+V/);
});

test("a key that pastes waits until the text has left and landed; for a known text it does not wait", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { shared, link, offers } = clipboard();
  link.told({ ways: WAYS });
  let isOver = false;
  shared.pasting().then(() => { isOver = true; });
  shared.paste("new");
  await settled();
  link.told({ sent: offers()[0].number - 1 }); // of an earlier one
  await settled();
  assert.ok(!isOver);
  link.told({ sent: offers()[0].number });
  await settled();
  assert.ok(!isOver);
  t.mock.timers.tick(100);
  await settled();
  assert.ok(isOver);

  isOver = false;
  shared.pasting().then(() => { isOver = true; });
  shared.paste("new");
  await settled();
  assert.ok(isOver);
});

test("a browser that does not say what is pasted holds the keys up for a moment alone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { shared, link } = clipboard();
  link.told({ ways: WAYS });
  let isOver = false;
  shared.pasting().then(() => { isOver = true; });
  t.mock.timers.tick(299);
  await settled();
  assert.ok(!isOver);
  t.mock.timers.tick(1);
  await settled();
  assert.ok(isOver);
});
