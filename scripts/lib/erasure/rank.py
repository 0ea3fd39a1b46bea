"""What linear equations with arbitrary coefficients determine, without any bytes.

A block of an MDS code repairs whatever is not more than its parity; so do random coefficients of a large field, but for
one chance in 10**18. Their rank says it for windows that overlap as well. What a small field adds in bad luck is left
out, to the favour of whoever is judged by this.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PRIME = 2**61 - 1

Row = dict[int, int]
"""Coefficients by unknown; the sum of all is known."""


class Equations:
    """Equations over packets by number, always in reduced row echelon form. Bounded by what `forget_before` leaves."""

    def __init__(self) -> None:
        self._dice = Random(1)
        self._rows: dict[int, Row] = {}
        """By an unknown that no other row has, whose coefficient is 1."""
        self._known: set[int] = set()
        self._begin = 0

    def learn(self, packet: int) -> list[int]:
        """Take in a packet; return the others that are thereby determined."""
        if packet in self._known or packet < self._begin:
            return []
        self._known.add(packet)
        if not self._rows:
            return []
        own = self._rows.pop(packet, None)
        touched = []
        for pivot, row in self._rows.items():
            if row.pop(packet, None) is not None:
                touched.append(pivot)
        if own is not None:
            del own[packet]
            touched += self._insert(own)
        return self._take_determined(touched)

    def add(self, packets: Iterable[int]) -> list[int]:
        """Take in an equation over packets; return those that are thereby determined."""
        known, begin, roll = self._known, self._begin, self._dice.randrange
        row = {packet: roll(1, PRIME) for packet in packets if packet not in known}
        if not row or min(row) < begin:
            return []  # what it needs is known, or will never be
        for pivot in [each for each in row if each in self._rows]:
            _subtract(row, row[pivot], self._rows[pivot])
        return self._take_determined(self._insert(row))

    def forget_before(self, packet: int) -> None:
        """Give up what is older, and the equations that need it."""
        self._begin = packet
        self._known = {each for each in self._known if each >= packet}
        for pivot in [pivot for pivot, row in self._rows.items() if min(row) < packet]:
            del self._rows[pivot]

    def _insert(self, row: Row) -> list[int]:
        """Add a row without pivots of others; return the pivots of all rows it has changed."""
        if not row:
            return []
        pivot = max(row)
        inverse = pow(row[pivot], -1, PRIME)
        row = {packet: coefficient * inverse % PRIME for packet, coefficient in row.items()}
        changed = [pivot]
        for other, each in self._rows.items():
            if pivot in each:
                _subtract(each, each[pivot], row)
                changed.append(other)
        self._rows[pivot] = row
        return changed

    def _take_determined(self, pivots: list[int]) -> list[int]:
        determined = [pivot for pivot in pivots if len(self._rows[pivot]) == 1]
        for pivot in determined:
            del self._rows[pivot]
        self._known.update(determined)
        return determined


def _subtract(row: Row, factor: int, other: Row) -> None:
    for packet, coefficient in other.items():
        value = (row.get(packet, 0) - factor * coefficient) % PRIME
        if value:
            row[packet] = value
        else:
            del row[packet]
