"""The bulk arithmetic: many symbols times many factors, summed.

The only module of the code that needs numpy; who never computes parity never imports it (12 MB, 90 ms).

Two ways, the same result. For a few sums: a lookup in the products of each factor, xor by numpy, 0.8 µs per symbol
and sum at 1154 bytes. (`bytearray.translate` takes 0.40 µs a symbol; that of `bytes`, which looks whether anything
changed, 0.70.) For more, four sums at a time: a byte looks up its products with four neighbouring factors at once,
which takes the table `_lanes` of 260 kB: 0.41 µs at 20 symbols and 4 sums, 0.30 at 108 and 8. (zfec: 0.52.)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from wavry.rift.fec.coefficients import FACTORS, block_scales, window_tables
from wavry.rift.fec.gf256 import PRODUCTS
from wavry.rift.fec.packets import MAX_LABELS, ParityFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Lanes: TypeAlias = NDArray[np.uint32]

_LANES = 4
_MIN_LANES = {ParityFamily.SLIDING: 4, ParityFamily.BLOCK: 5}
"""From so many sums on, the lanes are quicker; a block has to scale their tables."""

_MOST_SCALED_TABLES = 2
"""For so many it is quicker to scale the tables of a block than its symbols, which are four times as much."""

_CHUNK_BYTES = 24_000
"""Of symbols, looked up at a time: 12 bytes for each of them are allocated meanwhile. Half of it takes a tenth longer,
more is no quicker. (Where the C library maps blocks of 200 kB, which our programs forbid, half of it is quicker.)"""


def weigh(symbols: Sequence[bytes], indices: Sequence[int], family: ParityFamily, parity_count: int) -> list[bytes]:
    """Return for each parity index the sum of all symbols times their factors.

    Args:
        symbols: Of a whole window, the newest last, all of one length; zeros stand for what is not to be added.
        indices: Ascending, below `parity_count`.
        family: Whose factors.
        parity_count: Together with the symbols at most 255.

    Returns:
        For each index, the sum of the symbols times their `factor`.
    """
    if len(indices) < _MIN_LANES[family]:
        return _weigh_singly(symbols, window_tables(family, len(symbols), indices, parity_count))
    firsts = _first_of_lanes(indices)
    tables = [_lanes()[first << 8 :] for first in firsts]
    if family is ParityFamily.BLOCK:
        sources, parities = block_scales(parity_count)
        scales = [PRODUCTS[scale] for scale in reversed(sources[: len(symbols)])]
        if len(tables) > _MOST_SCALED_TABLES:
            symbols = [bytes(each) for each in map(bytearray.translate, map(bytearray, symbols), scales)]
        else:
            tables = _scale_tables(tables, scales)
    sums: list[bytes] = []
    for first, four in zip(firsts, _weigh_lanes(symbols, tables), strict=True):
        sums += [four[:, index - first].tobytes() for index in indices if first <= index < first + _LANES]
    if family is ParityFamily.BLOCK:
        sums = [each.translate(PRODUCTS[parities[index]]) for each, index in zip(sums, indices, strict=True)]
    return sums


def combine(symbols: Sequence[bytes], factors: Iterable[int]) -> bytes:
    """Return the sum of the symbols times their factors; there is at least one symbol, and all have one length."""
    return _weigh_singly(symbols, [[PRODUCTS[factor] for factor in factors]])[0]


def _weigh_singly(symbols: Sequence[bytes], rows: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Return for each row of tables the sum of the symbols, each looked up in its own."""
    products: list[bytearray] = []
    mutable = list(map(bytearray, symbols))
    for tables in rows:
        products += map(bytearray.translate, mutable, tables)
    elements = np.frombuffer(b"".join(products), np.uint8).reshape(len(rows), len(symbols), -1)
    size = len(symbols[0])
    space = None if len(rows) * size >= _KEPT_BYTES else _zeros(len(rows), size, np.uint8)
    sums = np.bitwise_xor.reduce(elements, axis=1, out=space).tobytes()
    return [sums[begin : begin + size] for begin in range(0, len(sums), size)]


_KEPT_BYTES = 1024
"""numpy keeps the last seven arrays of each size below this, 3.6 MB in the end where packets have all sizes."""


def _zeros(rows: int, columns: int, kind: type[np.uint8 | np.uint32]) -> NDArray[Any]:
    """Return an array in memory of Python's, of which numpy keeps nothing."""
    return np.frombuffer(bytearray(rows * columns * np.dtype(kind).itemsize), kind).reshape(rows, columns)


def _first_of_lanes(indices: Sequence[int]) -> list[int]:
    """Cut ascending indices where one would no longer share lanes with the first before it; return these."""
    firsts = [indices[0]]
    for index in indices:
        if index >= firsts[-1] + _LANES:
            firsts.append(index)
    return firsts


def _scale_tables(tables: Sequence[Lanes], scales: Sequence[bytes]) -> list[Lanes]:
    """Return tables that also scale what is looked up, each symbol by its own of `PRODUCTS`, the newest last."""
    scaled = np.frombuffer(b"".join(reversed(scales)), np.uint8).reshape(-1, 256)
    places = np.add(scaled, _ROWS[-1 : -1 - len(scales) : -1], dtype=np.intp)
    return [table.take(places, mode="wrap").reshape(-1) for table in tables]


def _weigh_lanes(symbols: Sequence[bytes | bytearray], tables: Sequence[Lanes]) -> list[NDArray[np.uint8]]:
    """Return for each table the sums of what it has for the symbols, `(symbol_bytes, 4)`.

    Args:
        symbols: Of a whole window, the newest last.
        tables: Four products of the byte b in the symbol of distance d at `256 * d + b`.
    """
    count, symbol_bytes = len(symbols), len(symbols[0])
    rows = _ROWS[-count:]
    step = max(1, _CHUNK_BYTES // symbol_bytes)
    *sums, sum_of_chunk = _zeros(len(tables) + 1, symbol_bytes, np.uint32)
    places = np.empty((min(count, step), symbol_bytes), np.intp)
    products = np.empty(places.shape, np.uint32)
    for begin in range(0, count, step):
        chunk = symbols[begin : begin + step]
        places, products = places[: len(chunk)], products[: len(chunk)]
        elements = np.frombuffer(b"".join(chunk), np.uint8).reshape(places.shape)
        np.add(elements, rows[begin : begin + step], out=places)
        for total, table in zip(sums, tables, strict=True):
            # None of the places is outside the table, and "wrap" finds that out in less time than "clip".
            table.take(places, mode="wrap", out=products)
            total ^= np.bitwise_xor.reduce(products, axis=0, out=sum_of_chunk)
    return [total.view(np.uint8).reshape(-1, _LANES) for total in sums]


_ROWS = np.arange(MAX_LABELS, dtype=np.uint16)[::-1, None] << np.uint16(8)
"""Where in a table the products of each symbol of a window begin; the newest symbol last."""


def load_tables() -> None:
    """Make the table that repairs share, 0.5 ms."""
    _lanes()


@cache
def _lanes() -> Lanes:
    """Return the products of the byte b with the factors n to n + 3 at `256 * n + b`, a byte each."""
    products = np.frombuffer(b"".join(PRODUCTS), np.uint8).reshape(256, 256)
    factors = np.frombuffer(FACTORS + bytes(_LANES), np.uint8)
    lanes = [products[factors[lane : lane + len(FACTORS)]] for lane in range(_LANES)]
    return np.ascontiguousarray(np.stack(lanes, axis=-1)).view(np.uint32).reshape(-1)
