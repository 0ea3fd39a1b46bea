"""Which blocks of sound are sent."""

from __future__ import annotations

import array

import pytest

from wavry.server.silence import SILENT_PEAK, SilenceGate, Verdict, is_silent

BLOCK_US = 5_000
SILENCE = memoryview(bytes(960))


def block(peak: int, at: int = 0) -> memoryview:
    """Return a block that is silent but for one sample."""
    samples = array.array("h", bytes(960))
    samples[at] = peak
    return memoryview(samples.tobytes())


def judge(gate: SilenceGate, samples: memoryview, seconds: float) -> list[Verdict]:
    return [gate.judge(samples) for _ in range(round(seconds * 1_000_000 / BLOCK_US))]


@pytest.mark.parametrize("at", [0, 7, 16, 479])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_sample_above_the_peak_of_silence_is_sound_wherever_it_is(at: int, sign: int) -> None:
    assert is_silent(block(sign * SILENT_PEAK, at))
    assert not is_silent(block(sign * (SILENT_PEAK + 1), at))
    assert not is_silent(block(32_767 if sign > 0 else -32_768, at))


def test_sound_is_sent_and_so_are_short_pauses_in_it() -> None:
    gate = SilenceGate(BLOCK_US)
    for _ in range(20):
        assert set(judge(gate, block(5_000), 0.1) + judge(gate, SILENCE, 0.05)) == {Verdict.SEND}


def test_lasting_silence_is_announced_at_once_and_repeated_each_400_ms() -> None:
    gate = SilenceGate(BLOCK_US)
    judge(gate, block(5_000), 0.1)
    verdicts = judge(gate, SILENCE, 2.05)
    said = [index * BLOCK_US for index, verdict in enumerate(verdicts) if verdict is Verdict.SEND_SILENT]
    assert said == [50_000, 450_000, 850_000, 1_250_000, 1_650_000]
    assert verdicts.count(Verdict.SEND) == 10
    assert verdicts.count(Verdict.SKIP) == len(verdicts) - 15


def test_the_first_sound_after_silence_is_sent() -> None:
    gate = SilenceGate(BLOCK_US)
    judge(gate, SILENCE, 1.0)
    assert gate.judge(block(4)) is Verdict.SEND
    assert judge(gate, SILENCE, 0.05) == [Verdict.SEND] * 10
    assert gate.judge(SILENCE) is Verdict.SEND_SILENT
