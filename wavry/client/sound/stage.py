"""The sound of a client: a thread that plays what the host sends, and nothing that could stop the picture.

The thread exists from the first sound on. It opens an output, plays until that is gone, plays into the void for two
seconds and tries again. A fault of ours ends the sound, with its traceback in the log, and nothing else.
"""

from __future__ import annotations

import asyncio
import logging
from threading import Event
from typing import TYPE_CHECKING

from wavry.client.sound.output import OUTPUTS, NullOutput, open_output
from wavry.errors import BackendUnavailableError, ConfigError, NoBackendError
from wavry.observe.logs import printable
from wavry.pipeline.priority import ask_for_priority

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.backends import Candidate
    from wavry.client.sound.figures import SoundFigures
    from wavry.client.sound.output import SoundOutput
    from wavry.client.sound.player import Decoder, SoundPlayer
    from wavry.memory import MemoryBudget, Registration
    from wavry.rift import SoundConfig
    from wavry.rift.sound import SoundPacket

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
"""Between two tries to open an output."""

_ADJUST_EVERY_S = 0.5
"""Between two looks at how far sound and picture are apart."""


def open_decoder(config: SoundConfig) -> Decoder:
    """Open what decodes a host's sound.

    Raises:
        BackendUnavailableError: No libopus, or a codec or a form that is not known here.
    """
    from wavry.opus import OpusConfig, OpusDecoder

    if config.codec != "opus":
        raise BackendUnavailableError("sound", f"the host sends {printable(config.codec)}, only opus is known")
    try:
        return OpusDecoder(OpusConfig(channels=config.channels, frame_us=config.frame_us))
    except ConfigError as error:
        raise BackendUnavailableError("opus", str(error)) from error


class SoundStage:
    """Plays a host's sound. `configure`, `take`, `end_connection` and `stop` on the loop, `run` on a thread.

    Args:
        figures: Where counts go.
        budget: Where what waits to be played registers.
        has_card: Whether there is to be something to hear; without, sound is decoded, measured and dropped.
        device: The output device's name; None for the system's default.
        volume: 0.0 to 1.0.
        candidates: The outputs to try; tests bring their own.
        open_decoder: Opens the decoder; tests bring their own.
    """

    def __init__(
        self,
        figures: SoundFigures,
        budget: MemoryBudget,
        *,
        has_card: bool,
        device: str | None = None,
        volume: float = 1.0,
        candidates: Sequence[Candidate] = OUTPUTS,
        open_decoder: Callable[[SoundConfig], Decoder] = open_decoder,
    ) -> None:
        self._figures = figures
        self._budget = budget
        self._has_card = has_card
        self._device = device
        self._volume = volume
        self._is_muted = False
        self._candidates = candidates
        self._open_decoder = open_decoder
        self._config: SoundConfig | None = None
        """What the host sends; None for nothing."""
        self._player: SoundPlayer | None = None
        self._player_config: SoundConfig | None = None
        self._registration: Registration | None = None
        self._adjusted_at = 0.0
        self.wanted = asyncio.Event()
        """Set once there is something to play: then `run` is due."""
        self._interrupt = Event()
        """Set when the thread has to look up from what it does."""
        self._is_stopped = False
        self._said = ""

    # On the loop.

    def configure(self, config: SoundConfig) -> None:
        """Take what the host says of its sound."""
        if config.available:
            self._say("")
        else:
            self._say(f"the host has no sound: {printable(config.reason)}")
        self._config = config if config.available else None
        self._interrupt.set()
        if config.available:
            self.wanted.set()

    def end_connection(self) -> None:
        """Play no more; the next connection says anew what it sends."""
        self._figures.finish()
        self._config = None
        self._interrupt.set()

    def take(self, packets: Sequence[SoundPacket], *, now: float) -> None:
        """Take packets that became known; those of another epoch than the present are dropped."""
        player, config = self._player, self._player_config
        if player is None or config is None:
            return
        player.add([packet for packet in packets if packet.epoch == config.epoch], now=now)
        if now - self._adjusted_at >= _ADJUST_EVERY_S:
            self._adjusted_at = now
            self._figures.lipsync.adjust()
            player.hold_longer(self._figures.lipsync.sound_hold_s)

    def stop(self) -> None:
        """Make `run` return."""
        self._is_stopped = True
        self._interrupt.set()

    @property
    def picture_hold_s(self) -> float:
        """For how long the picture has to wait for the sound."""
        return self._figures.lipsync.picture_hold_s

    @property
    def is_muted(self) -> bool:
        """Whether sound is played without being heard; counts from the next block on. Any thread."""
        return self._is_muted

    @is_muted.setter
    def is_muted(self, is_muted: bool) -> None:
        self._is_muted = is_muted
        player = self._player
        if player is not None:
            player.volume = self._loudness

    # On the thread.

    def run(self) -> None:
        """Play until stopped."""
        ask_for_priority()
        try:
            while True:
                self._interrupt.clear()
                self._renew_player()
                player = self._player
                if self._is_stopped:
                    break
                if player is None:
                    self._interrupt.wait()
                else:
                    self._play(player)
        except Exception:
            logger.exception("the sound ends here; the picture goes on")
            self._config = None
            self._let_go()

    def _renew_player(self) -> None:
        """Make the player that goes with what the host sends now."""
        config = self._config
        if config is self._player_config:
            return
        self._let_go()
        self._player_config = config
        if config is None:
            return
        try:
            decoder = self._open_decoder(config)
        except BackendUnavailableError as error:
            self._say(f"no sound: {error}")
            return
        from wavry.client.sound.player import SoundPlayer

        player = SoundPlayer(decoder, channels=config.channels, frame_us=config.frame_us, on_heard=self._heard)
        player.volume = self._loudness
        self._figures.follow(player)
        self._player = player
        if self._registration is not None:
            self._registration.close()
        playout = player.playout
        self._registration = self._budget.register("rift.sound_playout", playout, policy=playout.policy)

    def _let_go(self) -> None:
        """Play nothing any more. The last player stays in the budget, so that a last report has it."""
        self._player = None
        self._figures.follow(None)

    def _play(self, player: SoundPlayer) -> None:
        """Play on one output until it is gone or something has changed."""
        output = self._open(player.channels)
        self._figures.output = output.name
        try:
            output.play(player, self._interrupt)
        except BackendUnavailableError as error:
            self._say(f"no sound: {error}; waiting for it to come back")
        finally:
            output.close()

    def _open(self, channels: int) -> SoundOutput:
        """Open an output, or its stand-in, after which another try is made."""
        if not self._has_card:
            return NullOutput()
        try:
            opened = open_output(channels, device=self._device, candidates=self._candidates)
        except NoBackendError as error:
            self._say(f"no sound: {error}; the picture goes on")
            return NullOutput(_RETRY_S)
        self._say("")
        logger.info("sound: %s", opened.name)
        return opened.backend

    @property
    def _loudness(self) -> float:
        return 0.0 if self._is_muted else self._volume

    def _heard(self, packet: SoundPacket, heard_at: float) -> None:
        self._figures.on_heard(packet.capture_us, round(heard_at * 1e6))

    def _say(self, text: str) -> None:
        """Write what a person should know, once for each new text."""
        if text and text != self._said:
            logger.warning("%s", text)
        self._said = text
