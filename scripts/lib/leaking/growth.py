"""When something grows with what is done: frames decoded, sessions ended and begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MIN_SAMPLES = 9
"""Three for each third."""

_LEAST_SHARE = 0.75
"""A leak of three in four is found. What leaks more rarely needs more frames or sessions to be told from noise."""

_LEAST_BYTES = 4
"""A container of pointers grows by 8 bytes an item, in steps."""

_NOISE_ALLOCATIONS, _NOISE_BYTES = 3, 512
"""What is alive differs by so much with the moment at which it is counted."""


class NotMeasuredError(Exception):
    """A hunt could not be held; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A time in which one thing was done, again and again."""

    name: str
    """`frames` or `sessions`."""
    number: int
    """How often."""
    begins: int
    """First sample."""
    ends: int
    """One after the last sample."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A place in the program that keeps more and more."""

    phase: str
    number: int
    allocations: int
    """More of them alive in the last third than ever in the first, for certain two thirds of what is to come of it."""
    size_bytes: int
    where: tuple[str, ...]
    """The innermost functions first."""

    def lines(self) -> list[str]:
        """Say it to a person."""
        head = (
            f"grows with {self.phase}: {self.allocations:+d} allocations, {self.size_bytes:+d} bytes in {self.number}"
        )
        return [head, *(f"    {each}" for each in self.where)]


def certain_growth(samples: Sequence[int]) -> int:
    """Return by how much the least of the last third is above the most of the first third.

    What only swings is 0 or less, however far it swings. What grows steadily by n in all is n / 3.

    Raises:
        NotMeasuredError: There are too few samples.
    """
    if len(samples) < MIN_SAMPLES:
        raise NotMeasuredError(f"{len(samples)} samples of a phase, at least {MIN_SAMPLES} are needed")
    third = len(samples) // 3
    return min(samples[-third:]) - max(samples[:third])


def is_leak(phase: Phase, allocations: int, size_bytes: int) -> bool:
    """Whether a certain growth, in allocations or bytes, is as much as a leak would be."""
    expected = phase.number / 3
    return allocations > max(_NOISE_ALLOCATIONS, expected * _LEAST_SHARE) or size_bytes > max(
        _NOISE_BYTES, expected * _LEAST_BYTES
    )
