"""The comparison of codes, and ours against what its rank allows."""

from __future__ import annotations

from collections import deque

import pytest

from erasure.codes import ByRank, Code, FrameBlocks, NoCode, SlidingWindow, Streaming, XorGroups, interleaved
from erasure.experiment import Stream, run
from network.loss import NO_LOSS, BurstLoss, GilbertElliott, RandomLoss

STREAM = Stream(frames=300)
LONG_BURSTS = GilbertElliott(0.004, 0.1, 0.002, 0.7)


class FrameWindows(ByRank):
    """The shape of our code, with random coefficients of a large field."""

    def __init__(self, redundancy: float, frames: int, spacing: int) -> None:
        super().__init__()
        self._redundancy = redundancy
        self._spacing = spacing
        self._credit = 1e-9  # the real one adds its shares one by one
        self._begins: deque[int] = deque(maxlen=frames)

    def send(self, first: int, frame_packets: int) -> list[int | range]:
        self._begins.append(first)
        self._credit += self._redundancy * frame_packets
        parity = max(1, int(self._credit))
        self._credit -= parity
        end = first + frame_packets
        return interleaved(range(first, end), [range(self._begins[0], end)] * parity, self._spacing)


@pytest.mark.parametrize("frames", [2, 3, 4])
@pytest.mark.parametrize("spacing", [0, 2])
def test_our_code_repairs_all_that_rank_allows_when_it_allows_it(frames: int, spacing: int) -> None:
    real = Streaming(0.2, frames=frames, spacing=spacing)
    outcome = run(real, LONG_BURSTS, STREAM, seed=3)
    allowed = run(FrameWindows(0.2, frames, spacing), LONG_BURSTS, STREAM, seed=3)
    assert (outcome.failed, outcome.hit, outcome.overhead) == (allowed.failed, allowed.hit, allowed.overhead)
    assert outcome.failed < outcome.hit
    # In a field of 256 elements, one time in 256, packets of several frames have to wait for one more parity packet.
    slot_ms = 1000 * STREAM.pacing_s / STREAM.frame_packets
    assert outcome.packet_delay_ms == pytest.approx(allowed.packet_delay_ms, abs=1.01 * slot_ms)
    assert real.wrong == 0


def test_without_loss_nothing_fails_and_parity_behind_the_frame_costs_no_time() -> None:
    outcome = run(Streaming(0.2, frames=3), NO_LOSS, STREAM, seed=1)
    assert (outcome.failed, outcome.hit) == (0, 0)
    assert outcome.clean_delay_ms == pytest.approx(0)
    assert outcome.overhead == pytest.approx(0.2, abs=0.001)


def test_without_a_code_every_frame_that_is_hit_fails() -> None:
    outcome = run(NoCode(), RandomLoss(0.01), STREAM, seed=1)
    assert outcome.failed == outcome.hit > 0
    assert outcome.overhead == 0


def test_a_block_per_frame_repairs_a_burst_that_is_no_longer_than_its_parity() -> None:
    within, beyond = (run(FrameBlocks(0.2), BurstLoss(0.005, size, size), STREAM, seed=1) for size in (3, 12))
    assert within.failed == 0 < within.hit  # two bursts in a frame are within its parity of 7, too
    assert beyond.failed > 0


def test_what_is_repaired_after_the_deadline_has_failed() -> None:
    in_time = run(FrameBlocks(0.2), RandomLoss(0.01), STREAM, seed=1)
    too_late = run(FrameBlocks(0.2), RandomLoss(0.01), Stream(frames=300, deadline_s=0.004), seed=1)
    assert in_time.failed == 0
    assert too_late.failed == 300


@pytest.mark.parametrize(
    "code",
    [FrameBlocks(0.2), XorGroups(10, 2), SlidingWindow(10, 5), Streaming(0.2, frames=3)],
    ids=["blocks", "xor", "window", "ours"],
)
def test_all_codes_of_the_table_send_each_packet_once_and_as_much_parity(code: Code[object]) -> None:
    sent = [packet for frame in range(50) for packet in code.send(frame * 36, 36)]
    assert [packet for packet in sent if isinstance(packet, int)] == list(range(1800))
    assert len(sent) - 1800 == pytest.approx(360, abs=2)


@pytest.mark.parametrize("spacing", [0, 1, 3, 100])
def test_interleaving_keeps_the_order_and_ends_with_parity(spacing: int) -> None:
    mixed = interleaved(range(10), ["a", "b", "c"], spacing)
    assert [each for each in mixed if isinstance(each, int)] == list(range(10))
    assert [each for each in mixed if isinstance(each, str)] == ["a", "b", "c"]
    assert mixed[-1] == "c"
    assert spacing != 3 or mixed[-4:] == [7, 8, 9, "c"]
