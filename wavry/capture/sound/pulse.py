"""Sound from PulseAudio, or from PipeWire, which serves the same protocol: what the machine plays, or the microphone.

What a sink plays is recorded from its monitor. The stream is tied to that (`DONT_MOVE`): a server that loses the sink
ends the stream instead of giving us its default source, which may be the microphone.

Measured on a null sink: pieces of 5 ms come every 5 ms. The first comes after up to 2 s, since a sink that nobody
listened to has rendered that much ahead.
"""

from __future__ import annotations

import ctypes
import logging

from wavry.capture.sound.config import MIC, SAMPLE_BYTES, SAMPLE_RATE, SYSTEM, SoundCaptureConfig
from wavry.capture.sound.ring import BlockRing, SoundBlock
from wavry.capture.sound.timing import SampleClock
from wavry.clock import monotonic, monotonic_us
from wavry.errors import BackendUnavailableError, CaptureLostError
from wavry.pulse import library as libpulse
from wavry.pulse.library import BufferAttributes, ChannelMap, SampleSpec, StreamState
from wavry.pulse.server import PulseDevice, PulseServer

logger = logging.getLogger(__name__)

_PIECE_S = 0.005
_SERVER_BUFFER_S = 0.1
_FLAGS = libpulse.INTERPOLATE_TIMING | libpulse.AUTO_TIMING_UPDATE | libpulse.DONT_MOVE | libpulse.ADJUST_LATENCY
_MAX_AGE_US, _MAX_LEAD_US = 20_000, 500_000
"""The newest of what can be read is not older than this, and no sink plays later than this. libpulse's idea of it
begins a second off, where a sink had rendered ahead, and takes seconds to come right; until then the moment of reading
and what can be read count."""
_MAX_PIECE_BYTES = 1 << 17
_NOTHING = (0, ctypes.c_size_t(-1).value)
"""What libpulse calls readable when nothing is, or when the stream has ended."""


class PulseSource:
    """Records one device, and follows the default one when none was named. On one thread.

    Raises:
        BackendUnavailableError: There is no sound server, or no such device.
    """

    def __init__(self, config: SoundCaptureConfig) -> None:
        self._config = config
        self._server = PulseServer()
        self._stream: int | None = None
        self._is_interrupted = False
        self._data, self._size = ctypes.c_void_p(), ctypes.c_size_t()
        self._latency_us, self._is_negative = ctypes.c_uint64(), ctypes.c_int()
        try:
            self._device = self._choose()
            self.channels = _offered(self._device.channels)
            self.ring = BlockRing(self.channels, config.block_samples)
            self._clock = SampleClock(SAMPLE_RATE)
            self._connect()
        except CaptureLostError as error:
            self.close()
            raise BackendUnavailableError("pulse", error.reason) from error
        except BaseException:
            self.close()
            raise

    @property
    def notes(self) -> tuple[str, ...]:
        """Which device it is."""
        return (self._device.description or self._device.name,)

    def next_block(self, timeout: float) -> SoundBlock | None:
        """Wait for the next block; follow the default device meanwhile."""
        deadline = monotonic() + timeout
        while True:
            if (block := self.ring.take_nowait()) is not None:
                return block
            left = deadline - monotonic()
            if self._is_interrupted or left <= 0:
                self._is_interrupted = False
                return None
            self._server.iterate(left)
            if self._server.has_changed or not self._is_running():
                self._follow()
            self._read()

    def interrupt(self) -> None:
        """Make `next_block` return. Any thread."""
        self._is_interrupted = True
        self._server.wake()

    def close(self) -> None:
        """Leave the server. Idempotent."""
        self._disconnect()
        self._server.close()

    # Devices.

    def _choose(self) -> PulseDevice:
        """Return the device to record now.

        Raises:
            CaptureLostError: There is none.
        """
        sink, source = self._server.defaults()
        devices = [each for each in self._server.devices() if bool(each.sink) == (self._config.source == SYSTEM)]
        wanted = self._config.device
        if wanted is not None:
            found = [each for each in devices if wanted in (each.name, each.sink, each.description)]
            found += [each for each in devices if wanted.lower() in each.description.lower()]
        elif self._config.source == SYSTEM:
            found = [each for each in devices if each.sink == sink]
        else:
            found = [each for each in devices if each.name == source]
        if not found:
            kind = "microphone" if self._config.source == MIC else "sink"
            raise CaptureLostError(kind if wanted is None else wanted, f"the sound server has no such {kind} now")
        return found[0]

    def _follow(self) -> None:
        """Go on with another device when the default one has changed, or with the same when it was pulled out.

        Raises:
            CaptureLostError: There is none.
        """
        self._server.has_changed = False
        device = self._choose()
        if device != self._device or not self._is_running():
            logger.info("sound: now from %s", device.description or device.name)
            self._disconnect()
            self._device = device
            self._connect()

    # The stream.

    def _connect(self) -> None:
        pulse = self._server.pulse
        positions = libpulse.POSITIONS[self.channels]
        channel_map = ChannelMap(self.channels, (ctypes.c_int * 32)(*positions))
        spec = SampleSpec(libpulse.S16, SAMPLE_RATE, self.channels)
        self._stream = pulse.pa_stream_new(self._server.context, b"sound", spec, channel_map)
        if self._stream is None:
            raise CaptureLostError(self._device.name, "the sound server takes no stream")
        unset = libpulse.NO_INDEX
        attributes = BufferAttributes(self._bytes_in(_SERVER_BUFFER_S), unset, unset, unset, self._bytes_in(_PIECE_S))
        pulse.pa_stream_connect_record(self._stream, self._device.name.encode(), attributes, _FLAGS)
        self._server.wait_until(lambda: self._state() >= StreamState.READY)
        if not self._is_running():
            error = self._server.message(pulse.pa_context_errno(self._server.context))
            raise CaptureLostError(self._device.name, f"it can't be recorded: {error}")
        self.ring.restart()

    def _disconnect(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            self._server.pulse.pa_stream_disconnect(stream)
            self._server.pulse.pa_stream_unref(stream)

    def _is_running(self) -> bool:
        return self._stream is not None and self._state() == StreamState.READY

    def _state(self) -> int:
        state: int = self._server.pulse.pa_stream_get_state(self._stream)
        return state

    def _bytes_in(self, seconds: float) -> int:
        return round(seconds * SAMPLE_RATE) * self.channels * SAMPLE_BYTES

    def _read(self) -> None:
        """Put what has come into the ring."""
        pulse, stream, data, size = self._server.pulse, self._stream, self._data, self._size
        while (readable_bytes := pulse.pa_stream_readable_size(stream)) not in _NOTHING:
            began_us = self._began_us(readable_bytes)
            if pulse.pa_stream_peek(stream, data, size) < 0 or not size.value:
                return
            if data.value and size.value <= _MAX_PIECE_BYTES:
                piece = memoryview((ctypes.c_char * _MAX_PIECE_BYTES).from_address(data.value)).cast("B")[: size.value]
                samples = size.value // (self.channels * SAMPLE_BYTES)
                self.ring.write(piece, self._clock.stamp(samples, began_us))
            else:
                self.ring.count_overrun()  # a hole
                self.ring.restart()
            pulse.pa_stream_drop(stream)

    def _began_us(self, readable_bytes: int) -> int:
        """Return when the first readable sample was heard, or will be: a monitor runs ahead of its sink."""
        now_us = monotonic_us()
        readable_us = readable_bytes // (self.channels * SAMPLE_BYTES) * 1_000_000 // SAMPLE_RATE
        if self._server.pulse.pa_stream_get_latency(self._stream, self._latency_us, self._is_negative) == 0:
            age_us: int = -self._latency_us.value if self._is_negative.value else self._latency_us.value
            if -_MAX_LEAD_US <= age_us <= readable_us + _MAX_AGE_US:
                return now_us - age_us
        return now_us - readable_us


def _offered(channels: int) -> int:
    """Return how many channels to take of a device that has so many; the server mixes."""
    return 6 if channels >= 6 else min(channels, 2)


def open_pulse(config: SoundCaptureConfig) -> PulseSource:
    """Connect to the sound server and record.

    Raises:
        BackendUnavailableError: There is no sound server, or no such device.
    """
    return PulseSource(config)
