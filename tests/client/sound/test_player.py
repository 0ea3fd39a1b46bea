from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from wavry.client.sound.player import SoundPlayer
from wavry.errors import DecodeError
from wavry.opus import OpusConfig, OpusDecoder, OpusEncoder
from wavry.rift.sound import Pull, PullKind, SoundPacket

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME_US = 5_000
FRAME_S = FRAME_US / 1e6
BLOCK = 240


class LevelDecoder:
    """Makes a block of one level: what the packet says; 77 for what it makes up."""

    def decode(self, packet: bytes, into: memoryview) -> int:
        if packet == b"bad":
            raise DecodeError("level", "no packet")
        np.frombuffer(into, np.int16)[:] = int.from_bytes(packet, "big")
        return BLOCK

    def decode_lost(self, into: memoryview, next_packet: bytes | None = None) -> int:
        np.frombuffer(into, np.int16)[:] = 77
        return BLOCK


class Playing:
    """A player that gets a packet and plays a block, again and again."""

    def __init__(self, player: SoundPlayer | None = None) -> None:
        self.heard: list[tuple[int, float]] = []
        self.player = player or SoundPlayer(
            LevelDecoder(),
            channels=2,
            frame_us=FRAME_US,
            on_heard=lambda packet, at: self.heard.append((packet.packet_id, at)),
        )
        self.next_id = 0

    @property
    def now(self) -> float:
        return self.next_id * FRAME_S + 0.010

    def add(self, data: bytes | None, *, flags: int = 0) -> None:
        """Let a block pass, with a packet or without."""
        packet_id, self.next_id = self.next_id, self.next_id + 1
        if data is not None:
            self.player.add([SoundPacket(packet_id, packet_id * FRAME_US, data, flags=flags)], now=self.now)

    def step(self, data: bytes | None) -> NDArray[np.int16]:
        self.add(data)
        return self.player.next_block(now=self.now, latency_s=0.020).copy()

    def steps(self, data: bytes | None, count: int = 20) -> NDArray[np.int16]:
        return np.concatenate([self.step(data) for _ in range(count)])


LEVEL = (1000).to_bytes(2, "big")


def test_sound_fades_in_and_is_then_as_it_was_captured() -> None:
    block = Playing().steps(LEVEL)
    begin = int(np.argmax(block[:, 0] > 0))
    assert np.abs(np.diff(block[:, 0].astype(int))).max() < 10
    assert set(block[begin + BLOCK :, 0]) == {1000}
    assert (block[:, 0] == block[:, 1]).all()


def test_sound_that_ends_without_a_word_is_made_up_and_fades_out() -> None:
    playing = Playing()
    playing.steps(LEVEL)
    block = playing.steps(None)
    assert set(block[10 * BLOCK : 11 * BLOCK, 0]) == {77}
    assert not block[-BLOCK:].any()
    quiet_from = int(np.flatnonzero(block[:, 0])[-1])
    fade = block[quiet_from - BLOCK + 5 : quiet_from, 0].astype(int)
    assert (np.diff(fade) <= 0).all()
    assert playing.player.concealed == 12


def test_loudness_changes_over_one_block_and_mute_is_silence() -> None:
    playing = Playing()
    playing.steps(LEVEL)
    playing.player.volume = 0.5
    block = playing.steps(LEVEL)
    assert np.abs(np.diff(block[:, 0].astype(int))).max() < 10
    assert set(block[BLOCK:, 0]) == {500}
    playing.player.volume = 0.0
    assert not playing.steps(LEVEL)[BLOCK:].any()
    playing.player.volume = 1.0
    assert playing.steps(LEVEL)[-1, 0] == 1000


def test_two_blocks_played_as_one_go_over_into_each_other() -> None:
    playing = Playing()
    playing.steps(LEVEL)
    low, high = SoundPacket(100, 0, LEVEL), SoundPacket(101, 0, (2000).to_bytes(2, "big"))
    playing.player.playout.pull = lambda *, now: Pull(PullKind.PLAY, high, low)  # type: ignore[method-assign]
    block = playing.player.next_block(now=playing.now)[:, 0].astype(int)
    assert 1000 <= block[0] < 1010
    assert block[-1] == 2000
    assert (np.diff(block) >= 0).all()


def test_a_packet_that_is_no_opus_is_made_up_for() -> None:
    playing = Playing()
    playing.steps(LEVEL)
    block = np.concatenate([playing.step(b"bad"), playing.steps(LEVEL)])
    assert 77 in block
    assert playing.player.undecodable == 1
    assert block[-1, 0] == 1000


def test_it_tells_which_packet_is_heard_when() -> None:
    playing = Playing()
    playing.steps(LEVEL)
    ids = [packet_id for packet_id, _ in playing.heard]
    assert ids == list(range(len(ids)))
    assert playing.heard[-1][1] == pytest.approx(playing.now + 0.020)


@pytest.mark.parametrize("size", [64, 240, 441, 1024])
def test_any_size_of_buffer_is_filled(size: int) -> None:
    playing = Playing()
    out = np.full((size, 2), -1, np.int16)
    blocks, read = 0, 0
    for _ in range(100):
        while blocks * BLOCK < read + size:
            playing.add(LEVEL)
            blocks += 1
        playing.player.read(out, now=playing.now)
        read += size
    assert set(out[:, 0]) == {1000}


def test_real_opus_is_heard_as_it_was_played() -> None:
    config = OpusConfig(channels=2, frame_us=FRAME_US)
    encoder = OpusEncoder(config)
    playing = Playing(SoundPlayer(OpusDecoder(config), channels=2, frame_us=FRAME_US))
    seconds = np.arange(48_000) / 48_000
    sound = np.repeat(np.rint(8000 * np.sin(2 * np.pi * 1000 * seconds)).astype(np.int16)[:, None], 2, axis=1)
    heard = [playing.step(encoder.encode(sound[at : at + BLOCK].tobytes())) for at in range(0, len(sound), BLOCK)]
    out = np.concatenate(heard)[-24_000:, 0].astype(float)
    levels = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    assert levels.argmax() * 2 == pytest.approx(1000, abs=2)
    assert np.sqrt(2 * np.mean(out**2)) == pytest.approx(8000, rel=0.05)
