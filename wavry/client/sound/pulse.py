"""Sound through PulseAudio or PipeWire's stand-in for it: `libpulse-simple`, by ctypes.

Its blocking interface fits a thread of its own: a write waits, outside of Python, until the server wants more. The
server moves the stream to another sink where one goes or becomes the default; that is its hot-plug, and ours only when
none is left.
"""

from __future__ import annotations

import ctypes
import logging
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from wavry.client.sound.output import WANTED_LATENCY_S
from wavry.client.sound.player import SAMPLE_RATE
from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError

if TYPE_CHECKING:
    from threading import Event

    from wavry.client.sound.player import SoundPlayer

logger = logging.getLogger(__name__)

_PLAYBACK = 1
_S16LE = 3
_UNSET = 0xFFFFFFFF
_LATENCY_EVERY_S = 1.0

_STALLS_TO_GROW = 3
"""So many times the server waited for all that it was given ahead; each second takes one back."""

_GROWTH = 1.6
_LONGEST_S = 0.060

_POSITIONS = {
    1: (0,),
    2: (1, 2),
    6: (1, 3, 2, 5, 6, 7),
}
"""`pa_channel_position` of Opus's channels: mono; left, right; front left, centre, right, rear left, right, LFE."""


class _SampleSpec(ctypes.Structure):
    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _ChannelMap(ctypes.Structure):
    _fields_ = (("channels", ctypes.c_uint8), ("map", ctypes.c_int * 32))


class _BufferAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize"))


class PulseOutput:
    """A playback stream of the user's sound server.

    Args:
        channels: 1, 2 or 6.
        device: A sink's whole name; None for the default one.

    Raises:
        BackendUnavailableError: No library, no server, or no such sink.
    """

    name = "pulse"

    def __init__(self, channels: int, device: str | None = None) -> None:
        self._wanted_s = WANTED_LATENCY_S
        self.latency_s = WANTED_LATENCY_S
        self._channels = channels
        self._device = device
        self._library, self._message_of = _load()
        self._stream: int | None = self._open()

    def play(self, player: SoundPlayer, stopped: Event) -> None:
        """Write block after block until told to stop.

        Raises:
            BackendUnavailableError: The server went away, or the last sink did.
        """
        block = np.zeros((player.block_samples, self._channels), np.int16)
        pointer, size = block.ctypes.data, block.nbytes
        error = ctypes.c_int()
        asked_at = written_at = monotonic()
        stalls = 0
        while not stopped.is_set():
            now = monotonic()
            if now - asked_at > _LATENCY_EVERY_S:
                asked_at, stalls = now, max(0, stalls - 1)
                self._ask_latency()
            player.read(block, now=now, latency_s=self.latency_s)
            if self._library.pa_simple_write(self._stream, pointer, size, ctypes.byref(error)) < 0:
                raise BackendUnavailableError(self.name, self._reason(error))
            before, written_at = written_at, monotonic()
            stalls += written_at - before > self._wanted_s
            if stalls >= _STALLS_TO_GROW and self._wanted_s < _LONGEST_S:
                stalls = 0
                self._grow()

    def close(self) -> None:
        """End the stream; what is not heard yet is dropped."""
        stream, self._stream = self._stream, None
        if stream is not None:
            self._library.pa_simple_free(stream)

    def _grow(self) -> None:
        """Ask for more room: this machine is too busy to be in time for what was asked for.

        The new stream is there before the old one goes, or the sink would fall idle, which takes it 2 s to get over.
        """
        self._wanted_s = min(self._wanted_s * _GROWTH, _LONGEST_S)
        before, self._stream = self._stream, self._open()
        self._library.pa_simple_free(before)
        logger.debug("the sound server is given %.0f ms of sound ahead", self._wanted_s * 1000)

    def _open(self) -> int:
        spec = _SampleSpec(_S16LE, SAMPLE_RATE, self._channels)
        positions = _POSITIONS[self._channels]
        channel_map = _ChannelMap(self._channels, (ctypes.c_int * 32)(*positions))
        wanted_bytes = int(self._wanted_s * SAMPLE_RATE) * 2 * self._channels
        # Of what is asked for, the server keeps a part for itself; the rest is asked for in thirds.
        attributes = _BufferAttributes(2 * wanted_bytes, wanted_bytes, wanted_bytes // 3, wanted_bytes // 3, _UNSET)
        error = ctypes.c_int()
        stream: int | None = self._library.pa_simple_new(
            None,
            b"wavry",
            _PLAYBACK,
            None if self._device is None else os.fsencode(self._device),
            b"a host's sound",
            ctypes.byref(spec),
            ctypes.byref(channel_map),
            ctypes.byref(attributes),
            ctypes.byref(error),
        )
        if not stream:
            raise BackendUnavailableError(self.name, self._reason(error))
        return stream

    def _ask_latency(self) -> None:
        error = ctypes.c_int()
        latency_us = self._library.pa_simple_get_latency(self._stream, ctypes.byref(error))
        if error.value == 0 and latency_us < 10_000_000:
            self.latency_s = latency_us / 1e6

    def _reason(self, error: ctypes.c_int) -> str:
        text: bytes = self._message_of(error.value) or b"no reason given"
        return text.decode(errors="replace")


def _load() -> tuple[Any, Any]:
    """Return the library, its functions declared, and what turns its error numbers into words.

    Raises:
        BackendUnavailableError: It is not here.
    """
    try:
        library = ctypes.CDLL("libpulse-simple.so.0")
        messages = ctypes.CDLL("libpulse.so.0")
    except OSError:
        raise BackendUnavailableError("pulse", "libpulse-simple.so.0 is missing (Debian: libpulse0)") from None
    library.pa_simple_new.restype = ctypes.c_void_p
    library.pa_simple_new.argtypes = (
        ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p,
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
    )  # fmt: skip
    library.pa_simple_write.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
    library.pa_simple_get_latency.restype = ctypes.c_uint64
    library.pa_simple_get_latency.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    library.pa_simple_free.argtypes = (ctypes.c_void_p,)
    message_of = messages.pa_strerror
    message_of.restype = ctypes.c_char_p
    message_of.argtypes = (ctypes.c_int,)
    return library, message_of
