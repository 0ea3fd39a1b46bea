"""How inputs are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random


def mutate(dice: Random, data: bytes) -> bytes:
    """Change a few bytes, mostly of the header; sometimes cut, stretch or replace the whole."""
    mutable = bytearray(data)
    kind = dice.random()
    if kind < 0.05:
        return dice.randbytes(dice.randint(0, 64))
    if kind < 0.15:
        del mutable[dice.randint(0, len(mutable)) :]
    elif kind < 0.2:
        mutable += dice.randbytes(dice.randint(1, 1500))
    for _ in range(dice.randint(0, 4)):
        if mutable:
            place = dice.randrange(min(len(mutable), dice.choice([12, 24, 65_535])))
            mutable[place] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.getrandbits(8)])
    return bytes(mutable)
