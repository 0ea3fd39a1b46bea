"""Sound through sounddevice, which is PortAudio: on Windows, on macOS, and where Linux has no sound server.

PortAudio's thread copies what comes into the ring. Its own list of devices is made when it starts, so it is started
anew each time a device is opened: one that was plugged in meanwhile is found. Importing this module takes 25 MB with
what PortAudio loads; `devices.open_sounddevice` does it where there may be a device.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import sounddevice

from wavry.capture.sound.config import SAMPLE_RATE, SoundCaptureConfig
from wavry.capture.sound.devices import choose_device
from wavry.capture.sound.ring import BlockRing, SoundBlock
from wavry.capture.sound.timing import SampleClock
from wavry.clock import monotonic, monotonic_us
from wavry.errors import BackendUnavailableError, CaptureLostError

_PLAUSIBLE_AGE_US = 200_000
_SILENT_DEVICE_S = 5.0
"""A device that is there gives blocks, silence too; one that gives none for so long is as good as gone. The first from
a sound server may take 2 s."""


class PortAudioSource:
    """Records one device until it goes.

    Raises:
        BackendUnavailableError: No such device, or it is in use.
    """

    def __init__(self, config: SoundCaptureConfig) -> None:
        try:
            sounddevice._terminate()  # public in all but name: the documented way to see new devices
            sounddevice._initialize()
            devices = sounddevice.query_devices()
            defaults = tuple(sounddevice.default.device)
            index = choose_device(
                config.source, config.device, devices, (defaults[0], defaults[1]), os.environ.get("PULSE_SOURCE", "")
            )
            self._name = str(devices[index]["name"])
            self.channels = _offered(devices[index]["max_input_channels"])
            self.ring = BlockRing(self.channels, config.block_samples)
            self._clock = SampleClock(SAMPLE_RATE)
            self._has_ended = threading.Event()
            self._heard_at = monotonic()
            self._stream = sounddevice.RawInputStream(
                samplerate=SAMPLE_RATE,
                blocksize=config.block_samples,
                device=index,
                channels=self.channels,
                dtype="int16",
                latency="low",
                callback=self._take,
                finished_callback=self._end,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise BackendUnavailableError("sounddevice", str(error).strip()) from error
        self.notes: tuple[str, ...] = (self._name,)

    def _take(self, data: Any, frames: int, times: Any, status: sounddevice.CallbackFlags) -> None:
        """Keep what has come. On PortAudio's thread."""
        if status.input_overflow:
            self.ring.count_overrun()
        age_us = round((times.currentTime - times.inputBufferAdcTime) * 1_000_000)
        if not 0 <= age_us <= _PLAUSIBLE_AGE_US:
            age_us = frames * 1_000_000 // SAMPLE_RATE
        self.ring.write(memoryview(data).cast("B"), self._clock.stamp(frames, monotonic_us() - age_us))

    def _end(self) -> None:
        self._has_ended.set()
        self.ring.ring_bell()

    def next_block(self, timeout: float) -> SoundBlock | None:
        """Wait for the next block."""
        block = self.ring.take(timeout)
        now = monotonic()
        if block is not None:
            self._heard_at = now
        elif self._has_ended.is_set() or now - self._heard_at > _SILENT_DEVICE_S:
            raise CaptureLostError(self._name, "the device was pulled out or has stopped")
        return block

    def interrupt(self) -> None:
        """Make `next_block` return. Any thread."""
        self.ring.ring_bell()

    def close(self) -> None:
        """Free the device. Idempotent."""
        self._stream.close(ignore_errors=True)


def _offered(channels: int) -> int:
    """Return how many channels to take; PortAudio's order of six is the device's, so two are taken of those."""
    return min(channels, 2)
