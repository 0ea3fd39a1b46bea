"""Symbols: what the code adds up. A length, the payload, and zeros up to the longest of the window."""

from __future__ import annotations

from wavry.rift.fec.packets import LENGTH_BYTES


def to_symbol(payload: bytes, symbol_bytes: int) -> bytes:
    """Return a payload as a symbol of that many bytes, at least `LENGTH_BYTES` more than the payload has."""
    return (len(payload).to_bytes(LENGTH_BYTES, "big") + payload).ljust(symbol_bytes, b"\0")


def from_symbol(symbol: bytes) -> bytes | None:
    """Return the payload; None if the length is impossible or what follows the payload is not zero."""
    end = LENGTH_BYTES + int.from_bytes(symbol[:LENGTH_BYTES], "big")
    if end > len(symbol) or symbol.count(0, end) != len(symbol) - end:
        return None
    return symbol[LENGTH_BYTES:end]
