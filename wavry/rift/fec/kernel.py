"""The bulk arithmetic: many symbols times many factors, summed.

The only module of the code that needs numpy; who never computes parity never imports it (14 MB, 80 ms).

Two ways, the same result. For one or two sums: `bytes.translate` for each factor, xor by numpy, 0.9 µs per symbol and
sum at 1152 bytes. For more, four sums at a time: a byte looks up its products with four neighbouring factors at once,
which takes the table `_lanes` of 260 kB (0.56 µs at 20 symbols and 4 sums, 0.36 at 108 and 8).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from wavry.rift.fec.coefficients import FACTORS
from wavry.rift.fec.gf256 import PRODUCTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

_LANES = 4
_MIN_LANES = 3
"""From so many sums on, the lanes are quicker."""

_CHUNK_BYTES = 15_000
"""Of symbols, looked up at a time. What numpy allocates for them, 8 bytes each, then stays below the size at which
malloc asks the system for fresh pages each time: twice the time."""


def weigh(symbols: Sequence[bytes], distances: Sequence[int], indices: Sequence[int]) -> list[bytes]:
    """Return for each parity index the sum of all symbols times their factors.

    Args:
        symbols: At least one, all of one length.
        distances: Of each symbol from the newest of its window.
        indices: Ascending; `distance + index` stays below 254.

    Returns:
        For each index j, the sum over all i of `FACTORS[distances[i] + j] * symbols[i]`.
    """
    sums: list[bytes] = []
    for group in _groups(indices):
        if len(group) < _MIN_LANES:
            sums += [combine(symbols, (FACTORS[distance + index] for distance in distances)) for index in group]
        else:
            lanes = _weigh_lanes(symbols, distances, group[0])
            sums += [lanes[index - group[0]] for index in group]
    return sums


def combine(symbols: Sequence[bytes], factors: Iterable[int]) -> bytes:
    """Return the sum of the symbols times their factors; there is at least one symbol, and all have one length."""
    products = b"".join(map(bytes.translate, symbols, (PRODUCTS[factor] for factor in factors)))
    rows = np.frombuffer(products, np.uint8).reshape(len(symbols), -1)
    return bytes(np.bitwise_xor.reduce(rows, axis=0))


def _groups(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut ascending indices where one would no longer share lanes with the first of its group."""
    begin = 0
    for end in range(1, len(indices) + 1):
        if end == len(indices) or indices[end] >= indices[begin] + _LANES:
            yield indices[begin:end]
            begin = end


def _weigh_lanes(symbols: Sequence[bytes], distances: Sequence[int], first_index: int) -> list[bytes]:
    """Return the sums of four indices from the first on."""
    table = _lanes()
    rows = 256 * (np.array(distances)[:, None] + first_index)
    sums = np.zeros(len(symbols[0]), table.dtype)
    step = max(1, _CHUNK_BYTES // len(symbols[0]))
    for begin in range(0, len(symbols), step):
        end = begin + step
        chunk = symbols[begin:end]
        elements = np.frombuffer(b"".join(chunk), np.uint8).reshape(len(chunk), -1)
        places = np.add(elements, rows[begin:end], dtype=np.intp)
        sums ^= np.bitwise_xor.reduce(table.take(places, mode="clip"), axis=0)
    return [lane.tobytes() for lane in sums.view(np.uint8).reshape(-1, _LANES).T]


@cache
def _lanes() -> NDArray[np.uint32]:
    """Return the products of the byte b with the factors n to n + 3 at `256 * n + b`, a byte each."""
    products = np.frombuffer(b"".join(PRODUCTS), np.uint8).reshape(256, 256)
    factors = np.frombuffer(FACTORS + bytes(_LANES), np.uint8)
    lanes = [products[factors[lane : lane + len(FACTORS)]] for lane in range(_LANES)]
    return np.ascontiguousarray(np.stack(lanes, axis=-1)).view(np.uint32).reshape(-1)
