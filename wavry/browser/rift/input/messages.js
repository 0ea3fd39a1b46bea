/**
 * What is said on the input stream; WIRE.md section 8 is the definition.
 *
 * Keys are USB HID usages of the keyboard page (HID Usage Tables 1.5, section 10): a place on the keyboard,
 * whatever stands on it. The character that the person's own layout gives for it travels beside, so that a
 * host with another layout can type what was meant.
 */

import { messageKinds } from "../framing.js";
import { array, bool, integer, orNil, text, u16, u32, withDefault } from "../schema.js";

/** Of one message; longer text goes in several. */
export const MAX_TEXT_CHARACTERS = 1024;

/** Of what a layout makes of one key. */
export const MAX_KEY_CHARACTERS = 8;

/** Keys and buttons that one client can hold down. */
export const MAX_HELD = 64;

export const MAX_PADS = 4;

/** Of the keyboard page: 4 is A, 0xe7 is right GUI. */
const usage = integer(4, 0xe7);

/** 1 left, 2 middle, 3 right, 4 back, 5 forward. */
const button = integer(1, 5);

const padNumber = integer(0, MAX_PADS - 1);
const turn = withDefault(integer(-12_000, 12_000), 0);

/** Share of the stream's width or height; null while the pointer is locked. */
const place = withDefault(orNil(u16), null);

/** What the client says. */
export const TO_HOST = messageKinds({
  key: { usage, isDown: bool, text: withDefault(text(MAX_KEY_CHARACTERS), "") },
  text: { text: text(MAX_TEXT_CHARACTERS, 1) },
  button: { button, isDown: bool, sequence: u32, x: place, y: place },
  scroll: { horizontal: turn, vertical: turn },
  held: { keys: withDefault(array(usage, MAX_HELD), []), buttons: withDefault(array(button, 5), []) },
  release_all: {},
  pad: {
    pad: padNumber,
    isThere: bool,
    name: withDefault(text(64), ""),
    buttons: withDefault(integer(0, 2 ** 24 - 1), 0),
  },
});

/** What the host says. */
export const TO_CLIENT = messageKinds({
  rumble: { pad: padNumber, low: u16, high: u16, durationMs: integer(0, 10_000) },
});
