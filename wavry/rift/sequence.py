"""Serial numbers: 32-bit counters that wrap (RFC 1982).

On the wire an id is a u32. Inside, whoever keeps a state unwraps ids to plain Python integers once, where they enter,
and from there on `<` and `-` mean what they say.
"""

from __future__ import annotations

SERIAL_BITS = 32
SERIAL_MASK = (1 << SERIAL_BITS) - 1
_HALF = 1 << (SERIAL_BITS - 1)


def serial_distance(later: int, earlier: int) -> int:
    """Return how far `later` is ahead of `earlier`, from -2**31 to 2**31 - 1; negative when it is behind.

    Either may already be unwrapped. Ids exactly half the space apart count as behind, one of the two answers RFC 1982
    leaves open.
    """
    return ((later - earlier + _HALF) & SERIAL_MASK) - _HALF


def unwrap(serial: int, near: int) -> int:
    """Return the integer closest to `near` whose lower 32 bits are `serial`. May be negative near zero."""
    return near + ((serial - near + _HALF) & SERIAL_MASK) - _HALF
