"""Which keys give which characters on a US keyboard, for where the real layout can't be known."""

from __future__ import annotations

_PLAIN = {
    0x1E: "1234567890", 0x2C: " -=[]\\", 0x33: ";'`,./", 0x28: "\n", 0x2A: "\b", 0x2B: "\t", 0x29: "\x1b",
}  # fmt: skip
_SHIFTED = {0x1E: "!@#$%^&*()", 0x2D: "_+{}|", 0x33: ':"~<>?'}

US_KEYS: dict[str, tuple[int, bool]] = {
    **{
        character: (usage + index, is_shifted)
        for rows, is_shifted in ((_PLAIN, False), (_SHIFTED, True))
        for usage, characters in rows.items()
        for index, character in enumerate(characters)
    },
    **{chr(ord("a") + index): (4 + index, False) for index in range(26)},
    **{chr(ord("A") + index): (4 + index, True) for index in range(26)},
}
"""HID usage and whether Shift is needed, by character."""
