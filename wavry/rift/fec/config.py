"""Settings that both ends of the code share."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError
from wavry.rift.packet import MAX_DATAGRAM_BYTES

MAX_WINDOW_PACKETS = 200
"""Most source packets under one parity packet; together with 46 parity packets they use up the labels of the field."""

MAX_WINDOW_FRAMES = 4
"""More frames repair longer bursts, later than a frame is worth."""

MIN_REDUNDANCY = 0.05
MAX_REDUNDANCY = 0.5


@dataclass(frozen=True, slots=True)
class FecConfig:
    """How many packets protect each other, how large they are, and how much parity they get."""

    window_size: int = MAX_WINDOW_PACKETS
    """Most source packets under one parity packet. Each end keeps that many: the memory cost, times `symbol_size`.
    200 are 90 ms at 20 Mbit/s. Range 1 to 200, packets."""

    symbol_size: int = 1152
    """Largest source payload. Parity packets are up to `PARITY_OVERHEAD_BYTES` larger. Range 1 to 65_000, bytes."""

    redundancy: float = 0.2
    """Parity packets per source packet, for the encoder to begin with. Range 0.05 to 0.5."""

    window_frames: int = 3
    """Frames under one parity packet, for the encoder to begin with. 3 repair bursts that a single frame's parity
    can't; 1 is one Reed-Solomon block per frame, which costs a third and repairs single losses as well. Range 1 to 4,
    frames."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        if not 1 <= self.window_size <= MAX_WINDOW_PACKETS:
            raise ConfigError("window_size", self.window_size, f"1 to {MAX_WINDOW_PACKETS}")
        if not 1 <= self.symbol_size <= MAX_DATAGRAM_BYTES - 535:
            raise ConfigError("symbol_size", self.symbol_size, f"1 to {MAX_DATAGRAM_BYTES - 535}")
        check_redundancy(self.redundancy)
        check_window_frames(self.window_frames)


def check_redundancy(redundancy: float) -> None:
    """Raise `ConfigError` unless it is 0.05 to 0.5."""
    if not MIN_REDUNDANCY <= redundancy <= MAX_REDUNDANCY:
        raise ConfigError("redundancy", redundancy, f"{MIN_REDUNDANCY} to {MAX_REDUNDANCY}")


def check_window_frames(frames: int) -> None:
    """Raise `ConfigError` unless it is 1 to 4."""
    if not 1 <= frames <= MAX_WINDOW_FRAMES:
        raise ConfigError("window_frames", frames, f"1 to {MAX_WINDOW_FRAMES}")
