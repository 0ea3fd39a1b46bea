"""The client's sound over all connections of a run: what is heard, recorded and waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.client.sound.figures import SoundFigures
from wavry.client.sound.stage import SoundStage
from wavry.pipeline import run_in_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.clock_sync import ClockSync
    from wavry.client.config import ClientConfig
    from wavry.client.recording import Recorder
    from wavry.client.sound.session import SoundSession
    from wavry.memory import MemoryBudget
    from wavry.rift import SoundConfig
    from wavry.rift.sound import SoundPacket


class ClientSound:
    """Outlives connections. On the loop, but for `toggle_mute`.

    Args:
        config: Of the client.
        clock: The host's, as far as it is known.
        budget: Where everything registers that holds sound.
        recorder: Returns what records just now, if something does.
    """

    def __init__(
        self,
        config: ClientConfig,
        clock: ClockSync,
        budget: MemoryBudget,
        recorder: Callable[[], Recorder | None],
    ) -> None:
        self.figures = SoundFigures(clock)
        self._budget = budget
        self._recorder = recorder
        self._stage = SoundStage(
            self.figures,
            budget,
            has_card=not config.headless,
            device=config.audio_device,
            volume=config.volume_percent / 100,
        )

    async def run(self) -> None:
        """Decode and play, from the first sound on, until cancelled."""
        await self._stage.wanted.wait()
        await run_in_worker("wavry-sound", self._stage.run, stop=self._stage.stop)

    def new_session(self) -> SoundSession:
        """Return the part of a new session."""
        from wavry.client.sound.session import SoundSession

        return SoundSession(self._stage, self.figures, self._budget, self._changed, self._came)

    def picture_hold_s(self) -> float:
        """Return for how long a picture waits for its sound."""
        return self._stage.picture_hold_s

    def toggle_mute(self) -> bool:
        """Mute, or be as loud as before; say whether it is off now. Any thread."""
        self._stage.is_muted = not self._stage.is_muted
        return self._stage.is_muted

    def _changed(self, config: SoundConfig) -> None:
        if (recorder := self._recorder()) is not None:
            recorder.expect_sound(config)

    def _came(self, packet: SoundPacket, config: SoundConfig) -> None:
        if (recorder := self._recorder()) is not None:
            recorder.take_sound(packet, config)
