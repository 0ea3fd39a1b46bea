"""Sound through the sound server, PulseAudio or PipeWire.

The server asks for samples in small pieces, and this thread gives it what it asks for. Where the machine is so busy
that the server runs dry, it is given more ahead from then on. The server itself moves the stream to another sink where
one goes or becomes the default; that is hot-plug here, and only a server that goes, or has no sink left, ends `play`.
"""

from __future__ import annotations

import ctypes
import logging
import os
from typing import TYPE_CHECKING

import numpy as np

from wavry.client.sound.output import WANTED_LATENCY_S
from wavry.client.sound.player import SAMPLE_RATE
from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError, CaptureLostError
from wavry.pulse import library as libpulse
from wavry.pulse.library import BufferAttributes, ChannelMap, SampleSpec, StreamState
from wavry.pulse.server import PulseServer

if TYPE_CHECKING:
    from threading import Event

    from wavry.client.sound.player import SoundPlayer

logger = logging.getLogger(__name__)

_FLAGS = libpulse.INTERPOLATE_TIMING | libpulse.AUTO_TIMING_UPDATE | libpulse.ADJUST_LATENCY
_PIECES = 4
"""The server asks for what it wants ahead in so many pieces."""

_LOOK_EVERY_S = 0.02
"""How soon it is noticed that playing is to end, or that the server has become silent."""

_SILENT_SERVER_S = 2.0
"""A server that asks for nothing for so long plays nothing; a sink that was idle takes up to two seconds to begin."""

_SETTLES_S = 3.0
"""A sink that was idle takes what it gets at once for two seconds, and runs dry each time; that says nothing."""

_FORGIVEN_S = 5.0
"""The server may run dry once in this time before it is given more."""

_CALM_S = 30.0
"""After so long without running dry it is given less again."""

_GROWTH = 1.5
_LONGEST_S = 0.060

_NO_SIZE = ctypes.c_size_t(-1).value
_LATENCY_EVERY_S = 0.25


class PulseOutput:
    """A playback stream of the user's sound server. On one thread.

    Args:
        channels: 1, 2 or 6.
        device: A sink's whole name; None for the default one.

    Raises:
        BackendUnavailableError: No library, no server, or no such sink.
    """

    name = "pulse"

    def __init__(self, channels: int, device: str | None = None) -> None:
        self.latency_s = WANTED_LATENCY_S
        self.underruns = 0
        """How often the server ran dry."""
        self._channels = channels
        self._wanted_s = WANTED_LATENCY_S
        self._server = PulseServer()
        self._stream: int | None = None
        try:
            self._connect(device)
        except CaptureLostError as error:
            self.close()
            raise BackendUnavailableError(self.name, error.reason) from error
        except BaseException:
            self.close()
            raise

    def play(self, player: SoundPlayer, stopped: Event) -> None:
        """Give the server what it asks for until told to stop.

        Raises:
            BackendUnavailableError: The server went away, or the last sink did.
        """
        try:
            self._play(player, stopped)
        except CaptureLostError as error:
            raise BackendUnavailableError(self.name, error.reason) from error

    def _play(self, player: SoundPlayer, stopped: Event) -> None:
        pulse, stream = self._server.pulse, self._stream
        block = np.zeros((player.block_samples, self._channels), np.int16)
        pointer, size = block.ctypes.data, block.nbytes
        asked_at = looked_at = monotonic()
        settled_at = changed_at = asked_at + _SETTLES_S
        ran_dry_at, dry_index = -_FORGIVEN_S, pulse.pa_stream_get_underflow_index(stream)
        while not stopped.is_set():
            self._server.iterate(_LOOK_EVERY_S)
            if pulse.pa_stream_get_state(stream) != StreamState.READY:
                raise BackendUnavailableError(self.name, "the sink was pulled out")
            now = monotonic()
            writable = pulse.pa_stream_writable_size(stream)
            if writable != _NO_SIZE and writable >= size:
                asked_at = now
            elif now - asked_at > _SILENT_SERVER_S:
                raise BackendUnavailableError(self.name, "the sound server takes no more sound")
            while writable != _NO_SIZE and writable >= size:
                player.read(block, now=now, latency_s=self.latency_s)
                if pulse.pa_stream_write(stream, pointer, size, None, 0, 0) < 0:
                    raise BackendUnavailableError(self.name, self._reason())
                writable -= size
            if now - looked_at > _LATENCY_EVERY_S:
                looked_at = now
                self._look_at_latency()
            index = pulse.pa_stream_get_underflow_index(stream)
            if index != dry_index:
                dry_index = index
                self.underruns += 1
                if now < settled_at:
                    continue
                if (
                    now - ran_dry_at < _FORGIVEN_S
                    and self._wanted_s < _LONGEST_S
                    and now - changed_at > _LATENCY_EVERY_S
                ):
                    self._want(min(self._wanted_s * _GROWTH, _LONGEST_S))
                    changed_at = now
                ran_dry_at = now
            elif self._wanted_s > WANTED_LATENCY_S and now - max(ran_dry_at, changed_at) > _CALM_S:
                self._want(max(self._wanted_s / _GROWTH, WANTED_LATENCY_S))
                changed_at = now

    def close(self) -> None:
        """End the stream; what is not heard yet is dropped. Idempotent."""
        stream, self._stream = self._stream, None
        if stream is not None:
            self._server.pulse.pa_stream_disconnect(stream)
            self._server.pulse.pa_stream_unref(stream)
        self._server.close()

    def _connect(self, device: str | None) -> None:
        pulse, server = self._server.pulse, self._server
        spec = SampleSpec(libpulse.S16, SAMPLE_RATE, self._channels)
        channel_map = ChannelMap(self._channels, (ctypes.c_int * 32)(*libpulse.POSITIONS[self._channels]))
        self._stream = pulse.pa_stream_new(server.context, b"a host's sound", spec, channel_map)
        if self._stream is None:
            raise BackendUnavailableError(self.name, self._reason())
        sink = None if device is None else os.fsencode(device)
        pulse.pa_stream_connect_playback(self._stream, sink, self._attributes(), _FLAGS, None, None)
        server.wait_until(lambda: pulse.pa_stream_get_state(self._stream) >= StreamState.READY)
        if pulse.pa_stream_get_state(self._stream) != StreamState.READY:
            raise BackendUnavailableError(self.name, f"{device or 'the default sink'}: {self._reason()}")

    def _attributes(self) -> BufferAttributes:
        """Return how much the server is to have ahead; it begins again, when it ran dry, with the first piece."""
        wanted = round(self._wanted_s * SAMPLE_RATE) * 2 * self._channels
        piece = round(self._wanted_s * SAMPLE_RATE / _PIECES) * 2 * self._channels
        return BufferAttributes(2 * wanted, wanted, piece, piece, libpulse.NO_INDEX)

    def _want(self, wanted_s: float) -> None:
        """Give the server more ahead, where this machine is too busy to be in time for what it had, or less again."""
        self._wanted_s = wanted_s
        operation = self._server.pulse.pa_stream_set_buffer_attr(self._stream, self._attributes(), None, None)
        if operation is not None:
            self._server.pulse.pa_operation_unref(operation)
        logger.debug("the sound server is given %.0f ms of sound ahead", self._wanted_s * 1000)

    def _look_at_latency(self) -> None:
        latency_us, is_negative = ctypes.c_uint64(), ctypes.c_int()
        found = self._server.pulse.pa_stream_get_latency(self._stream, latency_us, is_negative)
        if found == 0 and not is_negative.value and latency_us.value < _MAX_LATENCY_US:
            self.latency_s = latency_us.value / 1e6

    def _reason(self) -> str:
        return self._server.message(self._server.pulse.pa_context_errno(self._server.context))


_MAX_LATENCY_US = 500_000
"""Where a sink that was idle had rendered ahead, libpulse's idea of it is a second off, for seconds."""
