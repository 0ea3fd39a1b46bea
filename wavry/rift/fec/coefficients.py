"""The code: by which factor each packet of a window enters each parity packet.

Give every packet a label, a power of 2. A source packet's exponent counts up with its id. A window that ends with the
packet of exponent e has parity packets with the exponents e + 1, e + 2 and so on. The factor is that of a Cauchy
matrix, 1 / (parity label + source label), each row scaled so that only the distance matters:

    factor(d, j) = 1 / (1 + 2^(d + j + 1))    d: how many packets before the newest of its window, j: parity index

As long as `d + j + 1` stays below 255, labels of one window are distinct, and so every square part of the matrix has
an inverse: any r lost packets of a window are repaired by any r of its parity packets. Labels belong to places, not to
windows, so this also holds across overlapping windows for packets that all of the parity packets cover, provided that
no two of these have one label. The encoder sees to that: the indices of a flush begin above the labels of the last.

What is left are patterns where some of the parity packets cover only some of the lost packets: rows with zeros. Where
just as much parity came as was lost, 0.17, 0.23 and 0.33 % of these have no inverse (20_000 random ones at 9, 20 and 36
packets a frame, 20 % parity, three frames), so the decoder looks at the rank; one more parity packet repairs nearly
all. Small ones are better than chance, because indices begin at `FIRST_SLIDING_INDEX`.

Nothing in `factor` depends on where in the stream the window is; what is tested at one place holds at all.

reedsolo's code is this one. Its check equations are those of a generalized Reed-Solomon code whose places are the
powers of 2, and solving them for the parity gives the same Cauchy matrix with other scales of rows and columns:
`block_scales`. The scaled one is used where a window is one frame, so that the block on the wire is what everyone
calls RS(k + r, k).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from wavry.rift.fec.config import MAX_WINDOW_PACKETS
from wavry.rift.fec.gf256 import EXP, LOG, ORDER, PRODUCTS, inverse
from wavry.rift.fec.packets import MAX_LABELS, ParityFamily

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTORS = bytes([inverse(1 ^ EXP[n + 1]) for n in range(MAX_LABELS - 1)])
"""`factor(d, j)` at `d + j`, 0 to 253."""

FIRST_SLIDING_INDEX = 9
"""Where indices begin in windows that overlap. Of all 1_050_047 tight patterns (as many lost as parity packets, each of
these covering one of its own) in frames of 1 to 6 packets, 12 in all, with 1 to 3 parity packets (at most half) and
windows of 2 to 4 frames, 180 can't be repaired; 29_247 if they begin at 0. With one parity packet to a frame and
windows of 2 or 3 frames none is among them. 16 would save 7 more, for 7 labels; other roots of the field are no better
(125 at best, for 34 labels)."""


_LOG_SUMS = [0, *accumulate(LOG[1 ^ EXP[n]] for n in range(1, ORDER))]
"""The logarithm of (1 + 2)(1 + 4)...(1 + 2^n) at n."""


@lru_cache(maxsize=16)
def block_scales(parity_count: int) -> tuple[bytes, bytes]:
    """Return by what reedsolo's factors differ from `FACTORS`.

    Args:
        parity_count: r of the block, 1 to 254.

    Returns:
        Scales of the source packets by their distance from the newest, and of the parity packets by their index.
        50 µs, whatever the count.
    """
    # A polynomial of degree < r follows from its values at the r parity places 1, 2, 4... by Lagrange's formula: the
    # factor of a source at place y in the parity at place x is g(y) / ((y + x) g'(x)), g(y) the product of all (y + x).
    r, sums = parity_count, _LOG_SUMS
    sources = [r * (r - 1) // 2 + sums[d + r] - sums[d] for d in range(MAX_LABELS - r)]
    # reedsolo's first parity byte stands at the highest place.
    parities = [q * (q + 1) // 2 - q * r - sums[q] - sums[r - 1 - q] for q in reversed(range(r))]
    return bytes(EXP[log % ORDER] for log in sources), bytes(EXP[log % ORDER] for log in parities)


def factor(family: ParityFamily, distance: int, index: int, parity_count: int) -> int:
    """Return by what a source packet is multiplied in a parity packet."""
    if family is ParityFamily.SLIDING:
        return FACTORS[distance + index]
    sources, parities = block_scales(parity_count)
    return PRODUCTS[PRODUCTS[sources[distance]][parities[index]]][FACTORS[distance + index]]


def window_tables(
    family: ParityFamily, source_count: int, indices: Sequence[int], parity_count: int
) -> list[tuple[bytes, ...]]:
    """Return for each parity packet the factors of a window's source packets, the newest last.

    Returns:
        Their `PRODUCTS`, shared. 0.2 µs each; a block's 80 µs, unless it is one of the last four.
    """
    if family is ParityFamily.BLOCK:
        return [_block_tables(parity_count, index)[-source_count:] for index in indices]
    ends = [len(_SLIDING_TABLES) - index for index in indices]
    return [_SLIDING_TABLES[end - source_count : end] for end in ends]


_SLIDING_TABLES = tuple([PRODUCTS[each] for each in reversed(FACTORS)])


@lru_cache(maxsize=4)
def _block_tables(parity_count: int, index: int) -> tuple[bytes, ...]:
    distances = reversed(range(min(MAX_LABELS - parity_count, MAX_WINDOW_PACKETS)))
    return tuple([PRODUCTS[factor(ParityFamily.BLOCK, distance, index, parity_count)] for distance in distances])
