"""A parity packet that waits: an equation between the packets of its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.fec.coefficients import factor
from wavry.rift.fec.gf256 import PRODUCTS
from wavry.rift.fec.symbols import to_symbols

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.rift.fec.packets import ParityPacket

EQUATION_OVERHEAD_BYTES = 1024
"""Charged for each besides its payload: its objects, its row of factors and its place in the tables."""


class Equation:
    """The sum of a window's unknown packets times their factors is `right_side`, once that is reduced.

    Args:
        parity: Its payload is kept until it is reduced.
        first: Place of the window's first packet.
    """

    __slots__ = ("end", "family", "first", "index", "is_reduced", "parity_count", "right_side")

    def __init__(self, parity: ParityPacket, first: int) -> None:
        self.first = first
        self.end = first + parity.source_count
        self.family = parity.family
        self.index = parity.index
        self.parity_count = parity.parity_count
        self.right_side = parity.payload
        self.is_reduced = False
        """Whether what is known was taken out of `right_side`; done when it is needed, which may be never."""

    def factor(self, place: int) -> int:
        """Return the factor of the packet at a place of the window."""
        return factor(self.family, self.end - 1 - place, self.index, self.parity_count)

    def substitute(self, place: int, payload: bytes) -> None:
        """Take a packet that has become known out of a reduced equation."""
        (symbol,) = to_symbols([payload])
        self.right_side = add(self.right_side, symbol.translate(PRODUCTS[self.factor(place)]))


def reduce(equations: Sequence[Equation], payloads: Sequence[bytes]) -> None:
    """Take what is known out of equations of one window and family.

    Args:
        equations: Not reduced yet, of one flush.
        payloads: Of the whole window; empty where a packet is not known.
    """
    from wavry.rift.fec.kernel import weigh

    ordered = sorted(equations, key=lambda equation: equation.index)
    indices = [equation.index for equation in ordered]
    sums = weigh(to_symbols(payloads), indices, equations[0].family, equations[0].parity_count)
    for equation, part in zip(ordered, sums, strict=True):
        equation.right_side = add(equation.right_side, part)
        equation.is_reduced = True


def add(first: bytes, second: bytes) -> bytes:
    """Return the sum of two symbols, the shorter one filled up with zeros."""
    size = max(len(first), len(second))
    return (int.from_bytes(first, "little") ^ int.from_bytes(second, "little")).to_bytes(size, "little")
