from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wavry.client.clock_sync import ClockSync


def pong(clock: ClockSync, *, sent: int, there: int, back: int, offset: int) -> None:
    """An answer over a way that takes `there` and `back` microseconds, from a host whose clock is `offset` ahead."""
    clock.on_pong(sent_us=sent, host_us=sent + there + offset, now_us=sent + there + back)


def test_nothing_is_known_before_the_first_answer() -> None:
    clock = ClockSync()
    assert (clock.offset_us, clock.rtt_us, clock.is_settled) == (None, None, False)


def test_with_equal_ways_the_offset_is_exact() -> None:
    clock = ClockSync()
    pong(clock, sent=1_000_000, there=500, back=500, offset=-123_456_789)
    assert (clock.offset_us, clock.rtt_us) == (-123_456_789, 1000)


@given(st.lists(st.tuples(st.integers(0, 50_000), st.integers(0, 50_000)), min_size=1, max_size=16), st.integers())
def test_the_error_is_at_most_half_the_shortest_way(ways: list[tuple[int, int]], offset: int) -> None:
    clock = ClockSync()
    for number, (there, back) in enumerate(ways):
        pong(clock, sent=number * 1_000_000, there=there, back=back, offset=offset)
    assert clock.offset_us is not None
    assert abs(clock.offset_us - offset) <= min(there + back for there, back in ways) / 2 + 1
    assert clock.rtt_us == sum(ways[-1])


def test_a_good_answer_of_long_ago_is_forgotten() -> None:
    clock = ClockSync()
    pong(clock, sent=0, there=10, back=10, offset=0)
    for number in range(16):
        pong(clock, sent=number, there=1000, back=1000, offset=777)
    assert clock.offset_us == 777


def test_an_answer_from_the_future_is_ignored() -> None:
    clock = ClockSync()
    clock.on_pong(sent_us=1000, host_us=5, now_us=999)
    assert (clock.offset_us, clock.rtt_us) == (None, None)


def test_it_is_settled_after_eight_answers() -> None:
    clock = ClockSync()
    for number in range(8):
        assert not clock.is_settled
        pong(clock, sent=number, there=1, back=1, offset=0)
    assert clock.is_settled
