"""Where sound goes: the candidates, and the one that has no card.

An output's `play` keeps the thread it is called on until it is told to stop; that thread, or one of the back end's own,
asks the player for samples. Which one is used is decided by trying: an output that opens plays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from wavry.backends import AUTO, Candidate, open_first
from wavry.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    from wavry.backends import Opened
    from wavry.client.sound.player import SoundPlayer

OUTPUTS: tuple[Candidate, ...] = (
    Candidate(name="pulse", target="wavry.client.sound.pulse:PulseOutput", platforms=("linux",)),
    Candidate(name="sounddevice", target="wavry.client.sound.portaudio:PortAudioOutput"),
)
"""The sound server's own library first: PortAudio reaches it through ALSA, with 18 MB more, 2 ms later, and can't be
given more ahead while it plays."""

WANTED_LATENCY_S = 0.020
"""What outputs ask for: as much sound as a sound card may take ahead. Less breaks up on two busy cores."""


class SoundOutput(Protocol):
    """A sound card, or what stands for one."""

    name: str
    """For people."""

    latency_s: float
    """From a sample's being read to its being heard, as far as the back end tells."""

    def play(self, player: SoundPlayer, stopped: Event) -> None:
        """Play until `stopped` is set.

        Raises:
            BackendUnavailableError: It is gone; opening it again may work.
        """

    def close(self) -> None:
        """Give it back. Idempotent."""


def open_output(
    channels: int, *, device: str | None = None, wanted: str = AUTO, candidates: Sequence[Candidate] = OUTPUTS
) -> Opened[SoundOutput]:
    """Open the first output that works.

    Args:
        channels: Interleaved, in Opus's order.
        device: Its name or a part of it; None for the system's default.
        wanted: `auto` or a candidate's name.
        candidates: In order of preference; tests bring their own.

    Raises:
        NoBackendError: None works; it says why.
    """

    def open_candidate(candidate: Candidate) -> SoundOutput:
        opener = cast("Callable[[int, str | None], SoundOutput]", candidate.load())
        return opener(channels, device)

    return open_first("sound output", candidates, open_candidate, wanted=wanted)


class NullOutput:
    """No sound card: blocks are decoded when they would be heard, and dropped.

    Keeps time by the clock, at the player's own speed, so that nothing is stretched.

    Args:
        gives_up_after_s: `play` returns after so long, so that a card can be looked for again; None for never.
    """

    name = "none"
    latency_s = 0.0

    def __init__(self, gives_up_after_s: float | None = None) -> None:
        self._gives_up_after_s = gives_up_after_s

    def play(self, player: SoundPlayer, stopped: Event) -> None:
        """Take block after block until told to stop, or for as long as it was to last."""
        block_s = player.frame_us / 1e6
        due = began_at = monotonic()
        while not stopped.wait(max(0.0, due - monotonic())):
            now = monotonic()
            if self._gives_up_after_s is not None and now - began_at >= self._gives_up_after_s:
                return
            if now - due > _FAR_BEHIND_S:
                due = now
            player.next_block(now=now)
            due += block_s / player.speed

    def close(self) -> None:
        """Nothing to give back."""


_FAR_BEHIND_S = 0.1
"""After a suspended machine or a stopped process the blocks in between are not played at once."""
