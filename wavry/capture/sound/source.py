"""What every source of sound can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from wavry.capture.sound.ring import BlockRing, SoundBlock


class SoundSource(Protocol):
    """Sound in blocks of one length. Used by one thread, except where it says otherwise."""

    channels: int
    """1, 2 or 6, interleaved; six are front left, centre, front right, rear left, rear right, bass."""

    ring: BlockRing
    """Where its blocks wait, for the budget."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of it, for example which device it is."""

    def next_block(self, timeout: float) -> SoundBlock | None:
        """Wait for the next block.

        Args:
            timeout: Seconds to wait at most.

        Returns:
            The block, valid until the next call; None when none came in time, or after `interrupt`.

        Raises:
            CaptureLostError: The device or the sound server went away; opening again may work.
        """

    def interrupt(self) -> None:
        """Make a waiting `next_block` return, or the next one. Any thread; harmless after `close`."""

    def close(self) -> None:
        """Free the device. Idempotent."""
