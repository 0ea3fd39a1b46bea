/**
 * Keys as browsers name them (`KeyboardEvent.code`), and what they are on the keyboard page of USB HID.
 *
 * Source: "UI Events KeyboardEvent code Values" (W3C), sections 3.1 to 3.7, and HID Usage Tables 1.5, section
 * 10. Keys of the consumer page (media, browser, launch) have no usage there and are left to the browser.
 */

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter, place) => [`Key${letter}`, 0x04 + place]);
const DIGITS = [..."1234567890"].map((digit, place) => [`Digit${digit}`, 0x1e + place]);
const KEYPAD = [..."1234567890"].map((digit, place) => [`Numpad${digit}`, 0x59 + place]);
const FUNCTIONS = Array.from({ length: 24 }, (_, place) => [`F${place + 1}`, place + (place < 12 ? 0x3a : 0x5c)]);

/** Usages by code. */
export const USAGES = new Map([
  ...LETTERS,
  ...DIGITS,
  ...KEYPAD,
  ...FUNCTIONS,
  ...Object.entries({
    Enter: 0x28, Escape: 0x29, Backspace: 0x2a, Tab: 0x2b, Space: 0x2c, Minus: 0x2d, Equal: 0x2e,
    BracketLeft: 0x2f, BracketRight: 0x30, Backslash: 0x31, Semicolon: 0x33, Quote: 0x34, Backquote: 0x35,
    Comma: 0x36, Period: 0x37, Slash: 0x38, CapsLock: 0x39,
    PrintScreen: 0x46, ScrollLock: 0x47, Pause: 0x48, Insert: 0x49, Home: 0x4a, PageUp: 0x4b, Delete: 0x4c,
    End: 0x4d, PageDown: 0x4e, ArrowRight: 0x4f, ArrowLeft: 0x50, ArrowDown: 0x51, ArrowUp: 0x52,
    NumLock: 0x53, NumpadDivide: 0x54, NumpadMultiply: 0x55, NumpadStar: 0x55, NumpadSubtract: 0x56,
    NumpadAdd: 0x57, NumpadEnter: 0x58, NumpadDecimal: 0x63, NumpadEqual: 0x67, NumpadComma: 0x85,
    IntlBackslash: 0x64, ContextMenu: 0x65, Power: 0x66,
    Open: 0x74, Help: 0x75, Select: 0x77, Again: 0x79, Undo: 0x7a, Cut: 0x7b, Copy: 0x7c, Paste: 0x7d,
    Find: 0x7e,
    AudioVolumeMute: 0x7f, VolumeMute: 0x7f, AudioVolumeUp: 0x80, VolumeUp: 0x80, AudioVolumeDown: 0x81,
    VolumeDown: 0x81,
    IntlRo: 0x87, KanaMode: 0x88, IntlYen: 0x89, Convert: 0x8a, NonConvert: 0x8b,
    Lang1: 0x90, Lang2: 0x91, Lang3: 0x92, Katakana: 0x92, Lang4: 0x93, Hiragana: 0x93, Lang5: 0x94,
    Abort: 0x9b, Props: 0xa3,
    NumpadParenLeft: 0xb6, NumpadParenRight: 0xb7, NumpadBackspace: 0xbb, NumpadMemoryStore: 0xd0,
    NumpadMemoryRecall: 0xd1, NumpadMemoryClear: 0xd2, NumpadMemoryAdd: 0xd3, NumpadMemorySubtract: 0xd4,
    NumpadClear: 0xd8, NumpadClearEntry: 0xd9,
    ControlLeft: 0xe0, ShiftLeft: 0xe1, AltLeft: 0xe2, MetaLeft: 0xe3, OSLeft: 0xe3,
    ControlRight: 0xe4, ShiftRight: 0xe5, AltRight: 0xe6, MetaRight: 0xe7, OSRight: 0xe7,
  }),
]);

export const BACKSPACE = USAGES.get("Backspace");
export const DELETE = USAGES.get("Delete");
export const ENTER = USAGES.get("Enter");
export const CAPS_LOCK = USAGES.get("CapsLock");
export const CONTROL_LEFT = USAGES.get("ControlLeft");
export const META = Object.freeze([USAGES.get("MetaLeft"), USAGES.get("MetaRight")]);

const FIRST_MODIFIER = 0xe0;

/**
 * Whether a key is a modifier.
 *
 * @param {number} usage
 */
export function isModifier(usage) {
  return usage >= FIRST_MODIFIER;
}

/**
 * Whether a key gives text on every layout, if neither a dead key nor an input method takes it: letters and
 * digits, space to slash, the 102nd key, and those of Japanese and Brazilian keyboards.
 *
 * @param {number} usage
 */
export function isTyping(usage) {
  return (
    (usage >= 0x04 && usage < 0x28) ||
    (usage >= 0x2c && usage < 0x39) ||
    usage === 0x64 ||
    (usage >= 0x87 && usage < 0x8c)
  );
}
