"""Gauss-Jordan elimination over GF(2^8), one equation at a time, on the factors alone.

Unknowns and equations go by small integers, their slots. A vector of factors is one Python integer, the factor of
slot s in byte s: then xor adds vectors of any length, and zeros take no room. Each row also holds its weights, by which
equations it was added up; whoever knows the equations' right sides gets the row's from these. So nothing large is
touched until an unknown is determined.

The rows are always reduced: each has a pivot, an unknown that occurs in no other row. An unknown is determined exactly
when a row holds nothing else.
"""

from __future__ import annotations

from wavry.rift.fec.gf256 import PRODUCTS, inverse


class Row:
    """A sum of equations: `factors` times the unknowns is `weights` times the right sides."""

    __slots__ = ("factors", "pivot", "weights")

    def __init__(self, factors: int, weights: int) -> None:
        self.factors = factors
        self.weights = weights
        self.pivot = _lowest(factors)

    def add(self, other: Row, factor: int) -> None:
        """Add another row, `factor` times."""
        self.factors ^= scale(other.factors, factor)
        self.weights ^= scale(other.weights, factor)


class Elimination:
    """The system of equations that are left. One owner, one thread."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, factors: int, equation: int) -> bool:
        """Add an equation.

        Args:
            factors: Of the unknowns, by slot.
            equation: Its slot, free so far.

        Returns:
            Whether it says something new. If not, it is not in the system. At most two additions for each row.
        """
        new = Row(factors, 1 << 8 * equation)
        for row in self.rows:
            if factor := factor_at(new.factors, row.pivot):
                new.add(row, factor)
        if not new.factors:
            return False
        self._pivot(new, _lowest(new.factors))
        self.rows.append(new)
        return True

    def substitute(self, unknown: int) -> None:
        """Drop an unknown from all rows: its value has gone into the right sides."""
        for row in self.rows.copy():
            if factor := factor_at(row.factors, unknown):
                row.factors ^= factor << 8 * unknown
                if not row.factors:
                    self.rows.remove(row)
                elif row.pivot == unknown:
                    self._pivot(row, _lowest(row.factors))

    def give_up(self, unknown: int) -> None:
        """Drop an unknown whose value will not be learned, and the one row that it costs."""
        for row in self.rows:
            if factor_at(row.factors, unknown):
                self._pivot(row, unknown)
                self.rows.remove(row)
                return

    def determined(self) -> list[Row]:
        """Return the rows with a single unknown, which is their pivot, and whose factor is 1."""
        return [row for row in self.rows if row.factors == 1 << 8 * row.pivot]

    def _pivot(self, pivot_row: Row, pivot: int) -> None:
        """Make an unknown of a row its pivot, and clear it from the others."""
        factor = inverse(factor_at(pivot_row.factors, pivot))
        pivot_row.factors = scale(pivot_row.factors, factor)
        pivot_row.weights = scale(pivot_row.weights, factor)
        pivot_row.pivot = pivot
        for row in self.rows:
            if row is not pivot_row and (factor := factor_at(row.factors, pivot)):
                row.add(pivot_row, factor)


def factor_at(vector: int, slot: int) -> int:
    """Return the factor of a slot."""
    return vector >> 8 * slot & 0xFF


def factors_of(vector: int) -> bytes:
    """Return a vector as bytes, a factor each, up to the last that is not zero."""
    return vector.to_bytes((vector.bit_length() + 7) // 8, "little")


def scale(vector: int, factor: int) -> int:
    """Return the vector times a factor."""
    return int.from_bytes(factors_of(vector).translate(PRODUCTS[factor]), "little")


def _lowest(vector: int) -> int:
    """Return the lowest slot that is not zero; there must be one."""
    return ((vector & -vector).bit_length() - 1) // 8
