"""Makes samples of packets: order, decoding, concealment, fades, loudness, and stretching where a sound card needs it.

Packets come in on the event loop; samples leave on the thread of whatever plays them, which may be PortAudio's own. A
lock keeps the two apart, for a few microseconds: decoding happens outside of it. All buffers are made once. Measured:
45 µs a block of 5 ms in stereo, 50 more where it is stretched.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from wavry.errors import DecodeError
from wavry.rift.sound import PullKind, SoundPlayout, SoundPlayoutConfig
from wavry.rift.sound.playout import MAX_SPEED_CHANGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from wavry.client.sound.resampler import Resampler
    from wavry.rift.sound import Pull, SoundPacket

SAMPLE_RATE = 48_000


class Decoder(Protocol):
    """What is needed of `wavry.opus.OpusDecoder`."""

    def decode(self, packet: bytes, into: memoryview) -> int:
        """Write the packet's block; return its samples."""

    def decode_lost(self, into: memoryview, next_packet: bytes | None = None) -> int:
        """Make up a block; return its samples."""


class SoundPlayer:
    """One stream of one format, from packets to samples.

    `add` on the loop, `read` and `next_block` on the thread of the output, the rest on any.

    Args:
        decoder: For blocks of `frame_us` and `channels`; used on the output's thread alone.
        channels: Interleaved in every block.
        frame_us: Length of a block, microseconds.
        on_heard: Told, on the output's thread, of a packet that is played and when it is heard (monotonic seconds).
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        channels: int,
        frame_us: int,
        on_heard: Callable[[SoundPacket, float], None] = lambda *_: None,
    ) -> None:
        self.channels = channels
        self.frame_us = frame_us
        self.block_samples = SAMPLE_RATE * frame_us // 1_000_000
        self.playout = SoundPlayout(SoundPlayoutConfig(frame_us=frame_us))
        """What waits to be played; belongs into the budget. Not to be touched by others than this."""
        self.volume = 1.0
        """0.0 to 1.0; a change is faded over one block."""
        self.undecodable = 0
        """Packets that were no Opus; each was made up for."""
        self._on_heard = on_heard
        self._decoder = decoder
        self._lock = threading.Lock()
        self._block = np.zeros((self.block_samples, channels), np.int16)
        self._block_bytes = memoryview(self._block.data).cast("B")
        self._ramp = np.zeros((self.block_samples, 1), np.float32)
        self._slope = np.arange(1, self.block_samples + 1, dtype=np.float32)[:, None] / self.block_samples
        self._loudness = 0.0
        """Of the last block; 0.0 while there is silence."""
        self._resampler: Resampler | None = None
        self._rest = self._block[:0]
        """Of the newest block, what was not read yet."""

    def add(self, packets: Sequence[SoundPacket], *, now: float) -> None:
        """Take packets that became known."""
        with self._lock:
            for packet in packets:
                self.playout.add(packet, now=now)

    def hold_longer(self, seconds: float) -> None:
        """Hold all sound for so much longer, because the picture is late; 0 for not at all."""
        with self._lock:
            self.playout.extra_hold_s = seconds

    @property
    def speed(self) -> float:
        """How quickly blocks must be played at present; who calls `next_block` sees to it, `read` does it itself."""
        with self._lock:
            return self.playout.speed

    def next_block(self, *, now: float, latency_s: float = 0.0) -> NDArray[np.int16]:
        """Return the next block, as it was captured.

        Args:
            now: Monotonic seconds.
            latency_s: Until its first sample is heard.

        Returns:
            `(block_samples, channels)`, a view that is valid until the next call.
        """
        with self._lock:
            pull = self.playout.pull(now=now)
        was_heard = self._loudness > 0
        if pull.kind is PullKind.SILENCE and not was_heard:
            self._block.fill(0)
            return self._block
        self._decode(pull)
        self._fade(0.0 if pull.kind is PullKind.SILENCE else self.volume)
        if pull.kind is PullKind.PLAY and pull.packet is not None:
            self._on_heard(pull.packet, now + latency_s)
        return self._block

    def read(self, into: NDArray[np.int16], *, now: float, latency_s: float = 0.0) -> None:
        """Fill a buffer, at the speed that keeps the two sound cards together.

        Args:
            into: `(samples, channels)`, any number of samples.
            now: Monotonic seconds.
            latency_s: Until its first sample is heard.
        """
        done = 0
        while done < len(into):
            if not len(self._rest):
                self._rest = self._stretched_block(now, latency_s + done / SAMPLE_RATE)
            count = min(len(self._rest), len(into) - done)
            into[done : done + count] = self._rest[:count]
            self._rest = self._rest[count:]
            done += count

    @property
    def concealed(self) -> int:
        """Blocks that were made up."""
        return self.playout.concealed + self.undecodable

    def _stretched_block(self, now: float, latency_s: float) -> NDArray[np.int16]:
        if self._resampler is None:
            from wavry.client.sound.resampler import Resampler

            self._resampler = Resampler(self.channels, self.block_samples, MAX_SPEED_CHANGE)
        speed = self.speed
        return self._resampler.process(self.next_block(now=now, latency_s=latency_s), speed)

    def _decode(self, pull: Pull) -> None:
        """Fill the block; silence after sound is made up as well, to be faded out."""
        packet = pull.packet
        try:
            if pull.kind is PullKind.PLAY and packet is not None:
                if pull.merged is not None:
                    self._merge(pull.merged, packet)
                    return
                self._finish(self._decoder.decode(packet.opus, self._block_bytes))
                return
            self._finish(self._decoder.decode_lost(self._block_bytes, packet.opus if packet is not None else None))
        except DecodeError:
            self.undecodable += 1
            self._finish(self._decoder.decode_lost(self._block_bytes))

    def _merge(self, first: SoundPacket, second: SoundPacket) -> None:
        """Fill the block with a way over from one packet's block to the next one's."""
        self._finish(self._decoder.decode(first.opus, self._block_bytes))
        before = self._block * (1 - self._slope)
        self._finish(self._decoder.decode(second.opus, self._block_bytes))
        before += self._block * self._slope
        self._block[:] = before

    def _finish(self, samples: int) -> None:
        """Fill up a block that the packet was too short for."""
        if samples < self.block_samples:
            self._block[samples:] = 0

    def _fade(self, loudness: float) -> None:
        """Bring the block from the last one's loudness to this one."""
        before, self._loudness = self._loudness, loudness
        if before == loudness == 1.0:
            return
        if before == loudness:
            np.multiply(self._block, np.float32(loudness), out=self._block, casting="unsafe")
            return
        np.multiply(self._slope, np.float32(loudness - before), out=self._ramp)
        self._ramp += np.float32(before)
        np.multiply(self._block, self._ramp, out=self._block, casting="unsafe")
