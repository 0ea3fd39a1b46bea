import assert from "node:assert/strict";
import test from "node:test";

import { keyPressed, keyReleased, textEntered } from "../../../wavry/browser/hands/deeds.js";
import { HotKeys } from "../../../wavry/browser/hands/hotkeys.js";
import { Keyboard } from "../../../wavry/browser/hands/keyboard.js";
import { Pads } from "../../../wavry/browser/hands/pads.js";
import { TextEntry } from "../../../wavry/browser/hands/text_entry.js";

const BACKSPACE = [keyPressed(0x2a, ""), keyReleased(0x2a)];

/** As much of a page as a field needs. */
class Field extends EventTarget {
  style = {};
  setAttribute() {}
  focus() {}
  blur() {
    this.dispatchEvent(new Event("blur"));
  }
}

function entry() {
  const deeds = [];
  const post = (deed) => deeds.push(deed);
  const parent = { ownerDocument: { createElement: () => new Field() }, append() {} };
  return [new TextEntry(parent, post, new Keyboard(post)), deeds];
}

function input(inputType, data = null) {
  let isPrevented = false;
  return { inputType, data, preventDefault: () => { isPrevented = true; }, get isPrevented() { return isPrevented; } };
}

test("what an input method makes is typed when it is whole", () => {
  const [field, deeds] = entry();
  field.compositionUpdate("に");
  field.compositionUpdate("にほ");
  field.compositionEnd("日本");
  field.compositionUpdate("x");
  field.compositionEnd("");
  assert.deepEqual(deeds, [textEntered("日本")]);
  assert.equal(field.field.value, " ");
});

test("a keyboard on the screen types letter by letter, and corrects", () => {
  const [field, deeds] = entry();
  field.showKeyboard();
  assert.equal(field.field.inputMode, "text");
  field.compositionUpdate("t");
  field.compositionUpdate("te😀");
  field.compositionUpdate("teh");
  field.compositionEnd("the");
  field.compositionUpdate("a");
  field.compositionEnd("a");
  assert.deepEqual(deeds, [
    textEntered("t"), textEntered("e😀"), ...BACKSPACE, textEntered("h"),
    ...BACKSPACE, ...BACKSPACE, textEntered("he"), textEntered("a"),
  ]);
  field.field.blur();
  assert.equal(field.field.inputMode, "none");
});

test("what comes without a key is typed or struck, and never stays in the field", () => {
  const [field, deeds] = entry();
  const events = [
    input("insertText", "â"), input("deleteContentBackward"), input("insertLineBreak"), input("insertFromDrop", "no"),
  ];
  events.forEach((each) => field.beforeInput(each));
  assert.ok(events.every((each) => each.isPrevented));
  assert.deepEqual(deeds, [textEntered("â"), ...BACKSPACE, keyPressed(0x28, ""), keyReleased(0x28)]);
  const composing = input("insertCompositionText", "x");
  field.beforeInput(composing);
  assert.ok(!composing.isPrevented);
});

function press(type, key, code, { ctrl = false, alt = false, repeat = false } = {}) {
  return { type, key, code, ctrlKey: ctrl, altKey: alt, shiftKey: false, metaKey: false, repeat };
}

test("a hot-key is taken with its repeats and its release, and with just its modifiers", () => {
  const hotkeys = new HotKeys();
  let count = 0;
  hotkeys.add("Ctrl+Alt+M", "", () => { count += 1; });
  hotkeys.add("F10", "", () => { count += 10; });
  assert.throws(() => hotkeys.add("F10", "", () => {}));
  const chord = { ctrl: true, alt: true };
  assert.ok(!hotkeys.handle(press("keydown", "m", "KeyM")));
  assert.ok(!hotkeys.handle(press("keyup", "m", "KeyM")));
  assert.ok(hotkeys.handle(press("keydown", "m", "KeyM", chord)));
  assert.ok(hotkeys.handle(press("keydown", "m", "KeyM", { ...chord, repeat: true })));
  assert.ok(hotkeys.handle(press("keyup", "m", "KeyM")));
  assert.ok(!hotkeys.handle(press("keydown", "F10", "F10", { ctrl: true })));
  assert.ok(hotkeys.handle(press("keydown", "F10", "F10")));
  assert.ok(hotkeys.handle(press("keydown", "ь", "KeyM", chord)), "a layout without Latin letters");
  assert.equal(count, 12);
  assert.deepEqual(hotkeys.table.map(({ keys }) => keys), ["Ctrl+Alt+M", "F10"]);
});

function gamepad(index, rest = {}) {
  return {
    index,
    id: "Some Pad (STANDARD GAMEPAD Vendor: 045e Product: 028e)",
    mapping: "standard",
    axes: [0, 0, 0, 0],
    buttons: Array.from({ length: 17 }, () => ({ pressed: false, value: 0 })),
    ...rest,
  };
}

test("pads are looked at while there are some, and told as SDL has them", () => {
  const deeds = [];
  const frames = [];
  let present = [gamepad(3)];
  const pads = new Pads((deed) => deeds.push(deed), () => [null, ...present], (callback) => frames.push(callback));
  pads.plug(gamepad(5, { mapping: "" }));
  pads.plug(gamepad(3));
  pads.plug(gamepad(3));
  assert.deepEqual(deeds, [{ deed: "padPlugged", pad: 0, name: "Some Pad" }]);
  present = [gamepad(3, { axes: [-1, 0.5, 0, 2] })];
  for (const [place, value] of [[0, 1], [6, 0.5], [16, 1], [12, 1]]) {
    present[0].buttons[place] = { pressed: true, value };
  }
  frames.shift()();
  frames.shift()();
  assert.deepEqual(deeds.slice(1), [
    { deed: "padButtons", pad: 0, buttons: 1 | (1 << 5) | (1 << 11) },
    { deed: "padAxes", pad: 0, axes: [-32_767, 16_384, 0, 32_767, 16_384, 0] },
  ]);
  pads.calm();
  pads.calm();
  assert.deepEqual(deeds.slice(3), [
    { deed: "padButtons", pad: 0, buttons: 0 },
    { deed: "padAxes", pad: 0, axes: [0, 0, 0, 0, 0, 0] },
  ]);
  pads.unplug(gamepad(3));
  frames.shift()();
  assert.equal(frames.length, 0);
});

test("the first four pads are taken, and a wish shakes the one that is meant", () => {
  const deeds = [];
  const effects = [];
  const present = [0, 1, 2, 3, 4].map((index) => gamepad(index, {
    vibrationActuator: { playEffect: async (kind, effect) => effects.push([index, kind, effect]) },
  }));
  const pads = new Pads((deed) => deeds.push(deed), () => present, () => {});
  present.forEach((each) => pads.plug(each));
  assert.deepEqual(deeds.filter(({ deed }) => deed === "padPlugged").map(({ pad }) => pad), [0, 1, 2, 3]);
  pads.rumble({ pad: 2, low: 65_535, high: 0, durationMs: 10_000 });
  assert.deepEqual(effects, [[2, "dual-rumble", { duration: 5000, strongMagnitude: 1, weakMagnitude: 0 }]]);
});
