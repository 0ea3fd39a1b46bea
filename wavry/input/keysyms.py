"""Characters and X's keysyms. Every character has one; old keysyms, which layouts still use, have a character.

The ranges are those of the X protocol's appendix A: a byte that says which character set, and a byte of it.
"""

# ruff: noqa: RUF001 - letters of all scripts look like those of others

from __future__ import annotations

import functools

RETURN, TAB, BACKSPACE, ESCAPE, DELETE = 0xFF0D, 0xFF09, 0xFF08, 0xFF1B, 0xFFFF
MULTI_KEY = 0xFF20

_UNICODE = 0x01000000
_MAX_UNICODE = _UNICODE + 0x10FFFF
_KEYPAD = range(0xFF80, 0xFFBE)
_DEAD = range(0xFE50, 0xFE94)

_BY_FUNCTION = {RETURN: "\n", TAB: "\t", BACKSPACE: "\b", ESCAPE: "\x1b", DELETE: "\x7f", 0xFF8D: "\n", 0xFF89: "\t",
                0xFF80: " ", 0xFFBD: "="}  # fmt: skip
_CONTROLS = {"\n": RETURN, "\r": RETURN, "\t": TAB, "\b": BACKSPACE, "\x1b": ESCAPE, "\x7f": DELETE}

_SETS = {0x1: "iso8859_2", 0x2: "iso8859_3", 0x3: "iso8859_4", 0x5: "iso8859_6", 0x6: "koi8_r", 0x7: "iso8859_7",
         0xC: "iso8859_8", 0xD: "tis_620"}  # fmt: skip
_ODD = {
    0x6A1: "ђ", 0x6A2: "ѓ", 0x6A3: "ё", 0x6A4: "є", 0x6A5: "ѕ", 0x6A6: "і", 0x6A7: "ї", 0x6A8: "ј", 0x6A9: "љ",
    0x6AA: "њ", 0x6AB: "ћ", 0x6AC: "ќ", 0x6AD: "ґ", 0x6AE: "ў", 0x6AF: "џ", 0x6B0: "№", 0x6B1: "Ђ", 0x6B2: "Ѓ",
    0x6B3: "Ё", 0x6B4: "Є", 0x6B5: "Ѕ", 0x6B6: "І", 0x6B7: "Ї", 0x6B8: "Ј", 0x6B9: "Љ", 0x6BA: "Њ", 0x6BB: "Ћ",
    0x6BC: "Ќ", 0x6BD: "Ґ", 0x6BE: "Ў", 0x6BF: "Џ", 0x7A1: "Ά", 0x7A2: "Έ", 0x7A3: "Ή", 0x7A4: "Ί", 0x7A5: "Ϊ",
    0x7A7: "Ό", 0x7A8: "Ύ", 0x7A9: "Ϋ", 0x7AB: "Ώ", 0x7AE: "΅", 0x7AF: "―", 0x7B1: "ά", 0x7B2: "έ", 0x7B3: "ή",
    0x7B4: "ί", 0x7B5: "ϊ", 0x7B6: "ΐ", 0x7B7: "ό", 0x7B8: "ύ", 0x7B9: "ϋ", 0x7BA: "ΰ", 0x7BB: "ώ", 0x7D2: "Σ",
    0x7F2: "σ", 0x7F3: "ς", 0x13BC: "Œ", 0x13BD: "œ", 0x13BE: "Ÿ", 0x20AC: "€", 0xAA3: "\u2003", 0xAA9: "—",
    0xAAA: "–", 0xAAE: "…", 0xAC9: "™", 0xAD0: "‘", 0xAD1: "’", 0xAD2: "“", 0xAD3: "”", 0xAE6: "•", 0xAF1: "†",
    0xAF2: "‡", 0xAFD: "‚", 0xAFE: "„", 0x8FB: "←", 0x8FC: "↑", 0x8FD: "→", 0x8FE: "↓",
}  # fmt: skip


def keysym_of(character: str) -> int | None:
    """Return the keysym that gives a character; None for a control character that no key gives."""
    code = ord(character)
    if 0x20 <= code < 0x7F or 0xA0 <= code < 0x100:
        return code
    if code < 0xA0:
        return _CONTROLS.get(character)
    return _UNICODE + code


@functools.lru_cache(maxsize=4096)
def text_of(keysym: int) -> str:
    """Return the character that a keysym gives; nothing for keys that only do something."""
    if 0x20 <= keysym < 0x7F or 0xA0 <= keysym < 0x100:
        return chr(keysym)
    if _UNICODE + 0xA0 <= keysym <= _MAX_UNICODE:
        return chr(keysym - _UNICODE)
    if keysym in _KEYPAD and 0xFFAA <= keysym <= 0xFFB9:
        return chr(keysym - 0xFF80)  # digits and their signs have ASCII's order
    return _BY_FUNCTION.get(keysym) or _ODD.get(keysym) or _of_a_set(keysym)


def _of_a_set(keysym: int) -> str:
    codec = _SETS.get(keysym >> 8)
    byte = keysym & 0xFF
    if codec is None or byte < (0xC0 if codec == "koi8_r" else 0xA0):
        return ""
    return bytes([byte]).decode(codec, errors="ignore")


def is_keypad(keysym: int) -> bool:
    """Whether a keysym is of the number pad, where Num Lock has a say."""
    return keysym in _KEYPAD


def composes(keysym: int) -> bool:
    """Whether a key gives nothing by itself and changes what comes next: a dead accent, or Compose."""
    return keysym in _DEAD or keysym == MULTI_KEY
