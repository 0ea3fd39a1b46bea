from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from wavry.client.sound.resampler import TAPS, Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 240


def tone(hertz: float, seconds: float, amplitude: float = 10_000.0) -> NDArray[np.int16]:
    samples = amplitude * np.sin(2 * np.pi * hertz * np.arange(int(48_000 * seconds)) / 48_000)
    return np.repeat(np.rint(samples).astype(np.int16)[:, None], 2, axis=1)


def stretch(sound: NDArray[np.int16], speeds: list[float]) -> NDArray[np.int16]:
    resampler = Resampler(sound.shape[1], BLOCK, 0.005)
    blocks = sound[: len(sound) // BLOCK * BLOCK].reshape(-1, BLOCK, sound.shape[1])
    return np.concatenate(
        [resampler.process(block, speeds[at % len(speeds)]).copy() for at, block in enumerate(blocks)]
    )


def spectrum(sound: NDArray[np.int16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies and levels in decibels below the strongest."""
    levels = np.abs(np.fft.rfft(sound[:, 0] * np.blackman(len(sound))))
    decibels: NDArray[np.float64] = 20 * np.log10(levels / levels.max() + 1e-12)
    return np.fft.rfftfreq(len(sound), 1 / 48_000).astype(np.float64), decibels


def test_at_speed_1_sound_is_the_same_a_moment_later() -> None:
    sound = tone(1000, 0.1)
    out = stretch(sound, [1.0])
    delay = TAPS // 2 + 1
    assert len(out) == len(sound)
    assert np.abs(out[delay + 48 :].astype(int) - sound[48:-delay]).max() <= 20


@pytest.mark.parametrize("speed", [1.005, 0.995, 1.0002, 0.9998])
def test_sound_gets_shorter_or_longer_by_the_speed(speed: float) -> None:
    sound = tone(1000, 10)
    assert len(stretch(sound, [speed])) == pytest.approx(len(sound) / speed, abs=2)


@pytest.mark.parametrize(("hertz", "below_db"), [(1000, 75), (15_000, 55)])
@pytest.mark.parametrize("speed", [1.0002, 0.997])
def test_a_tone_stays_one_tone(hertz: float, below_db: float, speed: float) -> None:
    frequencies, levels = spectrum(stretch(tone(hertz, 2), [speed])[4800:])
    peak = frequencies[levels.argmax()]
    assert peak == pytest.approx(hertz * speed, abs=1)
    assert levels[np.abs(frequencies - peak) > 20].max() < -below_db


def test_loudness_stays() -> None:
    out = stretch(tone(1000, 1), [1.0007])[4800:].astype(float)
    assert 20 * np.log10(np.sqrt(2 * np.mean(out[:, 0] ** 2)) / 10_000) == pytest.approx(0, abs=0.1)


def test_a_speed_that_changes_makes_no_click() -> None:
    out = stretch(tone(500, 1), [1.004, 0.996, 1.0, 1.001])[4800:, 0].astype(int)
    steepest = 10_000 * 2 * np.pi * 500 / 48_000
    assert np.abs(np.diff(out)).max() < steepest * 1.05


def test_the_loudest_sound_is_cut_off_and_does_not_wrap() -> None:
    square = np.where(tone(997, 0.5) > 0, 32767, -32768).astype(np.int16)
    out = stretch(square, [1.001])[4800:, 0].astype(int)
    assert np.abs(np.diff(np.sign(out))).sum() / 2 == pytest.approx(2 * 997 * 0.4, abs=4)


def test_its_output_is_never_longer_than_promised() -> None:
    resampler = Resampler(1, BLOCK, 0.005)
    block = np.zeros((BLOCK, 1), np.int16)
    for _ in range(500):
        assert len(resampler.process(block, 0.995)) <= resampler.longest(BLOCK, 0.005)
