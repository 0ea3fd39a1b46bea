from __future__ import annotations

import pytest

from wavry.rift import Feedback
from wavry.rift.redundancy import RedundancyControl

INTERVAL_S = 0.05


class Link:
    """Reports of a link that carries 108 packets between two of them."""

    def __init__(self) -> None:
        self.control = RedundancyControl()
        self.now = 0.0
        self._received = self._lost = self._frames_lost = 0

    def report(self, *lost: int, frames_lost: int = 0) -> None:
        for each in lost:
            self.now += INTERVAL_S
            self._received += 108 - each
            self._lost += each
            self._frames_lost += frames_lost
            feedback = Feedback(
                epoch=0,
                highest_packet_id=0,
                packets_received=self._received,
                packets_lost=self._lost,
                packets_duplicate=0,
                frames_received=0,
                frames_lost=self._frames_lost,
                bytes_received=0,
                jitter_us=0,
            )
            self.control.update(feedback, now=self.now)


@pytest.fixture
def link() -> Link:
    return Link()


def test_a_clean_link_gets_the_least_by_frame(link: Link) -> None:
    link.report(*[0] * 100)
    assert (link.control.redundancy, link.control.window_frames) == (0.05, 1)


def test_the_worst_burst_decides_not_the_mean(link: Link) -> None:
    link.report(*[0] * 50, 16, *[0] * 50)
    assert link.control.redundancy == pytest.approx(16 / 108 * 1.25 + 0.03)
    assert link.control.window_frames == 4


def test_a_loss_is_forgotten_after_ten_seconds(link: Link) -> None:
    link.report(16, *[0] * 180)
    assert link.control.redundancy > 0.2
    link.report(*[0] * 30)
    assert (link.control.redundancy, link.control.window_frames) == (0.05, 1)


def test_a_long_silence_forgets_as_well(link: Link) -> None:
    link.report(16)
    link.now += 60
    link.report(0)
    assert link.control.redundancy == 0.05


def test_a_frame_lost_in_spite_of_it_asks_for_more(link: Link) -> None:
    link.report(16, 0)
    before = link.control.redundancy
    link.report(0, frames_lost=1)
    assert link.control.redundancy > before


def test_there_is_a_most(link: Link) -> None:
    link.report(*[50] * 20)
    assert link.control.redundancy == 0.5


def test_no_parity_is_wasted_on_an_outage(link: Link) -> None:
    link.report(0, 108, 108, 0)
    assert link.control.redundancy == 0.05


def test_a_late_packet_or_a_new_beginning_is_no_loss(link: Link) -> None:
    link.report(0, 10, -10, 0)
    assert link.control.redundancy == pytest.approx(10 / 108 * 1.25 + 0.03)
    link.control = RedundancyControl()
    link.report(0)
    link._received = link._lost = 0
    link.report(0, 0)
    assert link.control.redundancy == 0.05
