"""The tone that needs no device."""

from __future__ import annotations

import array
from itertools import pairwise

import pytest

from wavry.capture.sound import tone
from wavry.capture.sound.config import SoundCaptureConfig
from wavry.capture.sound.registry import open_sound
from wavry.capture.sound.tone import TONE_LEVEL
from wavry.errors import ConfigError


def test_it_is_a_tone_of_one_kilohertz_whose_blocks_go_on_from_each_other() -> None:
    source = open_sound(SoundCaptureConfig(source="tone")).backend
    samples, times = array.array("h"), list[int]()
    while len(times) < 6:
        block = source.next_block(5.0)
        assert block is not None
        samples.frombytes(block.samples)
        times.append(block.capture_us)
    left = samples[::2]
    assert left == samples[1::2]
    assert max(left) == TONE_LEVEL
    rises = [index for index in range(1, len(left)) if left[index - 1] < 0 <= left[index]]
    assert {later - earlier for earlier, later in pairwise(rises)} == {48}
    assert all(later - earlier >= 5_000 for earlier, later in pairwise(times))
    source.close()


class Late:
    """A clock that is looked at late."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_blocks_that_were_not_taken_in_time_are_kept_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Late(100.0)
    monkeypatch.setattr(tone, "monotonic", clock)
    source = tone.open_tone(SoundCaptureConfig(source="tone"))
    clock.now += 0.02
    times = []
    while (block := source.next_block(0.0)) is not None:
        times.append(block.capture_us)
    assert times == [100_000_000, 100_005_000, 100_010_000, 100_015_000, 100_020_000]
    assert source.ring.overruns == 0


def test_blocks_that_were_not_taken_for_long_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Late(100.0)
    monkeypatch.setattr(tone, "monotonic", clock)
    source = tone.open_tone(SoundCaptureConfig(source="tone"))
    clock.now += 1.0
    block = source.next_block(0.0)
    assert block is not None
    assert block.capture_us == 101_000_000
    assert source.next_block(0.0) is None
    assert source.ring.overruns == 1


def test_an_interrupt_ends_the_wait() -> None:
    source = open_sound(SoundCaptureConfig(source="tone")).backend
    while source.next_block(0.0) is not None:
        pass  # what is due already
    source.interrupt()
    assert source.next_block(60.0) is None


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("--audio", {"source": "loud"}),
        ("block_us", {"block_us": 7_000}),
        ("--audio-device", {"source": "tone", "device": "x"}),
        ("--audio-device", {"source": "off", "device": "x"}),
        ("--audio-device", {"device": ""}),
    ],
)
def test_what_cannot_be_asked_for_is_refused(field: str, values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=field):
        SoundCaptureConfig(**values)  # type: ignore[arg-type] # wrong on purpose
