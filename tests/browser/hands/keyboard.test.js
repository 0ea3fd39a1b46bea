import assert from "node:assert/strict";
import test from "node:test";

import { USAGES } from "../../../wavry/browser/hands/codes.js";
import { keyPressed, keyReleased, textEntered } from "../../../wavry/browser/hands/deeds.js";
import { Keyboard, isPasteChord, textOf } from "../../../wavry/browser/hands/keyboard.js";

const [A, E, Q, CONTROL, ALT_GR] = [4, 8, 0x14, 0xe0, 0xe6];

function key(code, text, { modifiers = [], ...rest } = {}) {
  return {
    code,
    key: text,
    keyCode: 65,
    repeat: false,
    isComposing: false,
    timeStamp: 0,
    ctrlKey: modifiers.includes("Control"),
    altKey: modifiers.includes("Alt"),
    shiftKey: modifiers.includes("Shift"),
    metaKey: modifiers.includes("Meta"),
    getModifierState: (name) => modifiers.includes(name),
    ...rest,
  };
}

function keyboard(platform) {
  const deeds = [];
  return [new Keyboard((deed) => deeds.push(deed), platform), deeds];
}

test("a key goes with the text of its layout", () => {
  const [keys, deeds] = keyboard();
  assert.ok(keys.keyDown(key("KeyA", "ф")));
  assert.ok(keys.keyDown(key("KeyA", "ф", { repeat: true })));
  assert.ok(keys.keyUp(key("KeyA", "ф")));
  assert.ok(!keys.keyUp(key("KeyA", "ф")));
  assert.deepEqual(deeds, [keyPressed(A, "ф"), keyPressed(A, "ф"), keyReleased(A)]);
});

test("with a modifier a key is a command, but not with AltGr", () => {
  const [keys, deeds] = keyboard();
  keys.keyDown(key("KeyA", "a", { modifiers: ["Control"] }));
  keys.keyDown(key("KeyA", "A", { modifiers: ["Control", "Shift"] }));
  keys.keyDown(key("KeyQ", "@", { modifiers: ["AltGraph"] }));
  keys.keyDown(key("KeyQ", "@", { modifiers: ["AltGraph", "Control", "Alt"] })); // as some browsers on Windows
  assert.deepEqual(deeds, [keyPressed(A, ""), keyPressed(A, ""), keyPressed(Q, "@"), keyPressed(Q, "@")]);
});

test("a dead key and a key of an input method are the browser's", () => {
  const [keys, deeds] = keyboard();
  assert.ok(!keys.keyDown(key("Backquote", "Dead")));
  assert.ok(!keys.keyDown(key("KeyA", "a", { isComposing: true })));
  assert.ok(!keys.keyDown(key("KeyA", "Process", { keyCode: 229 })));
  assert.ok(!keys.keyDown(key("", "Unidentified", { keyCode: 229 })));
  assert.ok(!keys.keyUp(key("Backquote", "Dead")));
  assert.deepEqual(deeds, []);
});

test("a dead key is pressed as it is with Ctrl, and in a game", () => {
  const [keys, deeds] = keyboard();
  assert.ok(keys.keyDown(key("Backquote", "Dead", { modifiers: ["Control"] })));
  keys.givesText = false;
  assert.ok(keys.keyDown(key("Backquote", "Dead")));
  assert.ok(keys.keyDown(key("KeyA", "a")));
  assert.deepEqual(deeds, [keyPressed(0x35, ""), keyPressed(0x35, ""), keyPressed(A, "")]);
});

test("keys without text are pressed; keys without a place give their text; keys with neither are the browser's", () => {
  const [keys, deeds] = keyboard();
  assert.ok(keys.keyDown(key("Enter", "Enter")));
  assert.ok(keys.keyDown(key("Numpad7", "Home")));
  assert.ok(keys.keyDown(key("Numpad7", "7")));
  assert.ok(keys.keyDown(key("", "日")));
  assert.ok(!keys.keyDown(key("MediaPlayPause", "MediaPlayPause")));
  assert.deepEqual(deeds, [keyPressed(0x28, ""), keyPressed(0x5f, ""), keyPressed(0x5f, "7"), textEntered("日")]);
});

test("named keys have no text, all others do", () => {
  for (const name of ["Enter", "F1", "F24", "ArrowLeft", "AltGraph", "Dead", "Unidentified", "Soft1"]) {
    assert.equal(textOf(name), "", name);
  }
  for (const text of ["a", "A", "é", "Ж", " ", "日", "😀", "ḉ"]) {
    assert.equal(textOf(text), text);
  }
});

test("the Ctrl that Windows makes up for AltGr is undone, one that is pressed is not", () => {
  const [keys, deeds] = keyboard("windows");
  keys.keyDown(key("ControlLeft", "Control", { timeStamp: 1000 }));
  keys.keyDown(key("AltRight", "AltGraph", { timeStamp: 1000 }));
  keys.keyUp(key("ControlLeft", "Control", { timeStamp: 1100 }));
  assert.deepEqual(deeds, [keyPressed(CONTROL, ""), keyReleased(CONTROL), keyPressed(ALT_GR, "")]);
  deeds.length = 0;
  keys.keyDown(key("ControlLeft", "Control", { timeStamp: 2000 }));
  keys.keyDown(key("AltRight", "AltGraph", { timeStamp: 2200 }));
  assert.deepEqual(deeds, [keyPressed(CONTROL, ""), keyPressed(ALT_GR, "")]);
});

test("what macOS does not tell of is let go with Command", () => {
  const [keys, deeds] = keyboard("mac");
  keys.keyDown(key("MetaLeft", "Meta", { modifiers: ["Meta"] }));
  keys.keyDown(key("KeyE", "e", { modifiers: ["Meta"] }));
  keys.keyUp(key("MetaLeft", "Meta"));
  assert.deepEqual(deeds, [keyPressed(0xe3, ""), keyPressed(E, ""), keyReleased(E), keyReleased(0xe3)]);
});

test("Option makes characters on macOS", () => {
  const [keys, deeds] = keyboard("mac");
  keys.keyDown(key("KeyE", "€", { modifiers: ["Alt"] }));
  assert.deepEqual(deeds, [keyPressed(E, "€")]);
});

test("Caps Lock is a switch on macOS: each turn of it is a press and a release", () => {
  const [keys, deeds] = keyboard("mac");
  keys.keyDown(key("CapsLock", "CapsLock"));
  keys.keyUp(key("CapsLock", "CapsLock"));
  const strike = [keyPressed(0x39, ""), keyReleased(0x39)];
  assert.deepEqual(deeds, [...strike, ...strike]);
});

test("what pastes is known, whatever the layout", () => {
  assert.ok(isPasteChord(key("KeyV", "v", { modifiers: ["Control"] })));
  assert.ok(isPasteChord(key("KeyV", "V", { modifiers: ["Control", "Shift"] })));
  assert.ok(isPasteChord(key("Insert", "Insert", { modifiers: ["Shift"] })));
  assert.ok(!isPasteChord(key("KeyV", "v")));
  assert.ok(!isPasteChord(key("KeyV", "v", { modifiers: ["Control"], repeat: true })));
  assert.ok(!isPasteChord(key("Insert", "Insert", { modifiers: ["Control"] })));
});

test("every code has a usage of the wire, and only aliases share one", () => {
  const usages = [...USAGES.values()];
  assert.ok(usages.every((usage) => usage >= 4 && usage <= 0xe7));
  assert.equal(new Set(USAGES.keys()).size, USAGES.size);
  const aliases = ["NumpadStar", "VolumeMute", "VolumeUp", "VolumeDown", "Katakana", "Hiragana", "OSLeft", "OSRight"];
  assert.equal(new Set(usages).size, usages.length - aliases.length);
});
