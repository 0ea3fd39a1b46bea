"""Keys by their place: USB HID usages, and what Linux and XKB call the same places.

A usage of the keyboard page (HID Usage Tables 1.5, section 10) names a place on the keyboard, whatever stands on it. So
do evdev's codes (linux/input-event-codes.h) and XKB's four-letter names (`AD01` is the first key of the row of Q).
"""

from __future__ import annotations

from typing import NamedTuple

X_OFFSET = 8
"""An X server that reads its keyboards through evdev numbers its keys by evdev's code and 8."""


class KeyPlace(NamedTuple):
    """One key."""

    evdev: int
    xkb: tuple[str, ...]
    """XKB's names for it, the usual one first."""


def _rows() -> dict[int, KeyPlace]:
    """Return the keys whose names count on."""
    letters = {"AD": (16, "qwertyuiop"), "AC": (30, "asdfghjkl"), "AB": (44, "zxcvbnm")}
    places = {
        4 + ord(letter) - ord("a"): KeyPlace(evdev + index, (f"{row}{index + 1:02}",))
        for row, (evdev, keys) in letters.items()
        for index, letter in enumerate(keys)
    }
    for index in range(10):
        places[0x1E + index] = KeyPlace(2 + index, (f"AE{index + 1:02}",))
        places[0x3A + index] = KeyPlace(59 + index, (f"FK{index + 1:02}",))
    for index in range(12):
        places[0x68 + index] = KeyPlace(183 + index, (f"FK{index + 13}",))
    for index, evdev in enumerate((79, 80, 81, 75, 76, 77, 71, 72, 73, 82)):
        places[0x59 + index] = KeyPlace(evdev, (f"KP{(index + 1) % 10}",))
    return places


_OTHERS: dict[int, tuple[int, str]] = {
    0x28: (28, "RTRN"), 0x29: (1, "ESC"), 0x2A: (14, "BKSP"), 0x2B: (15, "TAB"), 0x2C: (57, "SPCE"),
    0x2D: (12, "AE11"), 0x2E: (13, "AE12"), 0x2F: (26, "AD11"), 0x30: (27, "AD12"), 0x31: (43, "BKSL AC12"),
    0x32: (43, "BKSL AC12"), 0x33: (39, "AC10"), 0x34: (40, "AC11"), 0x35: (41, "TLDE"), 0x36: (51, "AB08"),
    0x37: (52, "AB09"), 0x38: (53, "AB10"), 0x39: (58, "CAPS"), 0x44: (87, "FK11"), 0x45: (88, "FK12"),
    0x46: (99, "PRSC"), 0x47: (70, "SCLK"), 0x48: (119, "PAUS"), 0x49: (110, "INS"), 0x4A: (102, "HOME"),
    0x4B: (104, "PGUP"), 0x4C: (111, "DELE"), 0x4D: (107, "END"), 0x4E: (109, "PGDN"), 0x4F: (106, "RGHT"),
    0x50: (105, "LEFT"), 0x51: (108, "DOWN"), 0x52: (103, "UP"), 0x53: (69, "NMLK"), 0x54: (98, "KPDV"),
    0x55: (55, "KPMU"), 0x56: (74, "KPSU"), 0x57: (78, "KPAD"), 0x58: (96, "KPEN"), 0x63: (83, "KPDL"),
    0x64: (86, "LSGT"), 0x65: (127, "COMP MENU"), 0x66: (116, "POWR"), 0x67: (117, "KPEQ"), 0x74: (134, "OPEN"),
    0x75: (138, "HELP"), 0x76: (130, "PROP"), 0x77: (132, "FRNT"), 0x78: (128, "STOP"), 0x79: (129, "AGAI"),
    0x7A: (131, "UNDO"), 0x7B: (137, "CUT"), 0x7C: (133, "COPY"), 0x7D: (135, "PAST"), 0x7E: (136, "FIND"),
    0x7F: (113, "MUTE"), 0x80: (115, "VOL+"), 0x81: (114, "VOL-"), 0x85: (121, "I129 KPPT"), 0x87: (89, "AB11"),
    0x88: (93, "HKTG"), 0x89: (124, "AE13"), 0x8A: (92, "HENK"), 0x8B: (94, "MUHE"), 0x8C: (95, "JPCM"),
    0x90: (122, "HNGL"), 0x91: (123, "HJCV"), 0x92: (90, "KATA"), 0x93: (91, "HIRA"), 0xE0: (29, "LCTL"),
    0xE1: (42, "LFSH"), 0xE2: (56, "LALT"), 0xE3: (125, "LWIN"), 0xE4: (97, "RCTL"), 0xE5: (54, "RTSH"),
    0xE6: (100, "RALT"), 0xE7: (126, "RWIN"),
}  # fmt: skip

KEY_PLACES: dict[int, KeyPlace] = _rows() | {
    usage: KeyPlace(evdev, tuple(names.split())) for usage, (evdev, names) in _OTHERS.items()
}
"""By usage. What is not here has no place on the keyboards that the systems know."""

FIRST_MODIFIER = 0xE0
"""Usages from here on are Ctrl, Shift, Alt and GUI, left and then right."""
