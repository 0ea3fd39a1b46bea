"""Sound through PortAudio, by `sounddevice`: every platform's own interface, ALSA on Linux.

PortAudio calls back on a thread of its own whenever the card wants samples, and they are made right there. A device
that was pulled out simply stops to call, which is taken as lost after three seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from wavry.client.sound.output import WANTED_LATENCY_S
from wavry.client.sound.player import SAMPLE_RATE
from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError
from wavry.pipeline.priority import ask_for_priority

if TYPE_CHECKING:
    from threading import Event

    from wavry.client.sound.player import SoundPlayer

_LOST_AFTER_S = 3.0
"""ALSA's way to PulseAudio takes one to begin."""

_LOOK_EVERY_S = 0.25

_TO_WAVE_ORDER = {6: (0, 2, 1, 5, 3, 4)}
"""Where PortAudio's channels, in the order of WAVE (left, right, centre, LFE, rear), are among Opus's."""


class PortAudioOutput:
    """An output stream of PortAudio.

    Args:
        channels: 1, 2 or 6.
        device: A part of its name; None for the default one.

    Raises:
        BackendUnavailableError: No PortAudio, no such device, or it does not play this.
    """

    name = "sounddevice"

    def __init__(self, channels: int, device: str | None = None) -> None:
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise BackendUnavailableError(self.name, f"{error} (Debian: libportaudio2)") from error
        self.latency_s = WANTED_LATENCY_S
        self._order = _TO_WAVE_ORDER.get(channels)
        self._player: SoundPlayer | None = None
        self._called_at = 0.0
        self._has_asked = False
        self._error: BaseException | None = None
        self.underruns = 0
        """How often the card wanted samples before they were there."""
        try:
            self._stream: Any = sounddevice.OutputStream(
                samplerate=SAMPLE_RATE,
                channels=channels,
                dtype="int16",
                device=device,
                latency=WANTED_LATENCY_S,
                callback=self._wanted,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise BackendUnavailableError(self.name, str(error)) from error
        self._failures = (sounddevice.PortAudioError,)

    def play(self, player: SoundPlayer, stopped: Event) -> None:
        """Let PortAudio call back until told to stop.

        Raises:
            BackendUnavailableError: It calls no more, or can't begin.
            Exception: What making samples raised.
        """
        self._player = player
        self._called_at = monotonic()
        try:
            self._stream.start()
        except self._failures as error:
            raise BackendUnavailableError(self.name, str(error)) from error
        while not stopped.wait(_LOOK_EVERY_S):
            if self._error is not None:
                raise self._error
            if not self._stream.active or monotonic() - self._called_at > _LOST_AFTER_S:
                raise BackendUnavailableError(self.name, "the device takes no more sound")
        self._stream.abort()

    def close(self) -> None:
        """Close the stream; what is not heard yet is dropped."""
        self._stream.close(ignore_errors=True)

    def _wanted(self, samples: Any, count: int, times: Any, status: Any) -> None:
        """Fill the card's buffer, on PortAudio's thread."""
        self._called_at = now = monotonic()
        self.underruns += bool(status.output_underflow)
        latency_s = times.outputBufferDacTime - times.currentTime
        if 0 < latency_s < 10:
            self.latency_s = latency_s
        if not self._has_asked:
            self._has_asked = True
            ask_for_priority()
        player = self._player
        if player is None or self._error is not None:
            samples.fill(0)
            return
        try:
            player.read(samples, now=now, latency_s=self.latency_s)
            if self._order is not None:
                samples[:] = np.take(samples, self._order, axis=1)
        except Exception as error:  # noqa: BLE001 - `play` raises it, on our own thread
            samples.fill(0)
            self._error = error
