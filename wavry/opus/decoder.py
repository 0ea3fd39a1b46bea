"""Opus packets to sound."""

from __future__ import annotations

import ctypes

from wavry.errors import BackendUnavailableError, DecodeError
from wavry.opus.config import MAX_PACKET_BYTES, SAMPLE_RATE, OpusConfig
from wavry.opus.library import OK, SAMPLES, OpusLibrary, load_opus

_SURROUND_STREAMS, _SURROUND_COUPLED = 4, 2
_SURROUND_MAPPING = bytes([0, 4, 1, 2, 3, 5])
"""How 5.1 lies in four streams, two of them stereo (RFC 7845, 5.1.1.2)."""


class OpusDecoder:
    """Decodes packet after packet and fills in for those that did not come.

    All buffers are made once. On one thread at a time.

    Args:
        config: How the sound was coded; the bit rate does not matter.
        library: The libopus to use; the one that `load_opus` finds by default.

    Raises:
        BackendUnavailableError: There is no libopus, or it makes no such decoder.
    """

    def __init__(self, config: OpusConfig, *, library: OpusLibrary | None = None) -> None:
        self.config = config
        self._library = library or load_opus()
        surround = config.channels > 2
        self._calls = self._library.surround_decoder if surround else self._library.decoder
        self._state: int | None = self._create(surround)
        self._samples = (ctypes.c_int16 * (config.frame_samples * config.channels))()
        self._samples_view = memoryview(self._samples).cast("B")
        self._samples_pointer = ctypes.cast(self._samples, SAMPLES)

    def decode(self, packet: bytes, into: bytearray | memoryview) -> int:
        """Decode a packet.

        Args:
            packet: As the encoder made it, or any bytes that a peer sent.
            into: Where the samples go, interleaved, 16 bits each; room for `config.frame_bytes`.

        Returns:
            Samples of each channel; a packet that holds less than a frame gives fewer.

        Raises:
            DecodeError: It is no packet, holds more than a frame, or `into` is too small. The decoder stays usable.
        """
        if not 0 < len(packet) <= MAX_PACKET_BYTES * _SURROUND_STREAMS:
            raise DecodeError("opus", f"a packet of {len(packet)} bytes")
        return self._decode(packet, into, in_band=0)

    def decode_lost(self, into: bytearray | memoryview, next_packet: bytes | None = None) -> int:
        """Make up a frame that did not come.

        Args:
            into: As for `decode`.
            next_packet: The one after it, where it is there already and carries in-band FEC; decode it as well,
                afterwards.

        Returns:
            Samples of each channel: a whole frame.

        Raises:
            DecodeError: `next_packet` is no packet, or `into` is too small.
        """
        return self._decode(next_packet, into, in_band=0 if next_packet is None else 1)

    def _decode(self, packet: bytes | None, into: bytearray | memoryview, *, in_band: int) -> int:
        if self._state is None:
            raise DecodeError("opus", "the decoder is closed")
        config = self.config
        target = memoryview(into).cast("B")
        if len(target) < config.frame_bytes:
            raise DecodeError("opus", f"a buffer of {len(target)} bytes for a frame of {config.frame_bytes}")
        length = 0 if packet is None else len(packet)
        samples = config.frame_samples
        count: int = self._calls.code(self._state, packet, length, self._samples_pointer, samples, in_band)
        if count < 0:
            raise DecodeError("opus", self._library.message(count))
        size = count * config.frame_bytes // samples
        target[:size] = self._samples_view[:size]
        return count

    def close(self) -> None:
        """Free the decoder. Idempotent."""
        state, self._state = self._state, None
        if state is not None:
            self._calls.destroy(state)

    def _create(self, surround: bool) -> int:
        error = ctypes.c_int()
        state: int | None
        if surround:
            state = self._library.create_surround_decoder(
                SAMPLE_RATE, self.config.channels, _SURROUND_STREAMS, _SURROUND_COUPLED, _SURROUND_MAPPING,
                ctypes.byref(error),
            )  # fmt: skip
        else:
            state = self._library.create_decoder(SAMPLE_RATE, self.config.channels, ctypes.byref(error))
        if error.value != OK or state is None:
            raise BackendUnavailableError("opus", f"no decoder: {self._library.message(error.value)}")
        return state

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            self.close()
