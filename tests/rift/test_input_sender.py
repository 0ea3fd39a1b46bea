from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.messages import (
    MAX_HELD,
    MAX_TEXT_CHARACTERS,
    Button,
    Held,
    Key,
    Pad,
    ReleaseAll,
    Scroll,
    Text,
)
from wavry.rift.input.repetition import MIN_INTERVAL_S, REPEATS_S
from wavry.rift.input.sender import HELD_INTERVAL_S, InputSender
from wavry.rift.sequence import serial_distance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.rift import Message


def states(sender: InputSender, now: float) -> list[PointerState]:
    return [PointerState.from_bytes(each) for each in sender.datagrams_to_send(now=now)]


def run(sender: InputSender, until: float) -> Iterator[tuple[float, list[Message], list[PointerState]]]:
    """Let time pass as an owner would; yield what leaves, and when."""
    while (due_at := sender.next_timer()) is not None and due_at <= until:
        sender.handle_timer(now=due_at)
        yield due_at, sender.messages(), states(sender, due_at)


def test_a_place_is_told_at_once_and_again_for_a_moment() -> None:
    sender = InputSender()
    sender.move_to(100, 200, now=1.0)
    (state,) = states(sender, 1.0)
    assert (state.x, state.y, state.is_relative) == (100, 200, False)
    repeats = list(run(sender, until=9.0))
    assert [at for at, _, _ in repeats] == pytest.approx([1.0 + each for each in REPEATS_S])
    assert all(told == [state] for _, _, told in repeats)
    assert sender.next_timer() is None


def test_a_place_that_did_not_change_is_not_told_again() -> None:
    sender = InputSender()
    sender.move_to(1, 1, now=0.0)
    assert states(sender, 0.0)
    sender.move_to(1, 1, now=0.01)
    assert not states(sender, 0.01)


def test_of_many_places_the_newest_is_told_250_times_a_second() -> None:
    sender = InputSender()
    told = []
    for step in range(1000):
        now = step / 1000
        sender.move_to(step, 0, now=now)
        told += states(sender, now)
    assert 240 <= len(told) <= 250
    sender.datagrams_to_send(now=1.0)
    assert [state.sequence for state in told] == list(range(1, len(told) + 1))
    assert told[1].x == pytest.approx(4, abs=1)


def test_a_locked_pointer_tells_totals_that_wrap() -> None:
    sender = InputSender()
    sender.move_by(3, -2, now=0.0)
    assert states(sender, 0.0)[0][2:] == (0, 0, 3, -2)
    sender.move_by(2**31 - 1, -7, now=1.0)
    (state,) = states(sender, 1.0)
    assert (state.is_relative, state.dx, state.dy) == (True, -(2**31) + 2, -9)


def test_a_button_carries_the_newest_place_which_then_needs_no_datagram() -> None:
    sender = InputSender()
    sender.move_to(5, 6, now=0.0)
    assert states(sender, 0.0)[0].sequence == 1
    sender.move_to(7, 8, now=0.001)
    sender.press_button(1, now=0.001)
    assert sender.messages() == [Button(button=1, is_down=True, sequence=1, x=7, y=8)]
    assert not states(sender, 0.1)
    sender.move_to(9, 9, now=0.2)
    assert states(sender, 0.2)[0].sequence == 2


def test_a_button_of_a_locked_pointer_has_no_place_and_motion_is_told_under_a_new_number() -> None:
    sender = InputSender()
    sender.move_by(1, 1, now=0.0)
    assert states(sender, 0.0)[0].sequence == 1
    sender.press_button(3, now=0.001)
    assert sender.messages() == [Button(button=3, is_down=True, sequence=1)]
    assert states(sender, MIN_INTERVAL_S)[0] == PointerState(2, True, 0, 0, 1, 1)


def test_a_button_before_the_first_motion_is_pressed_where_the_pointer_is() -> None:
    sender = InputSender()
    sender.press_button(1, now=0.0)
    sender.release_button(1, now=0.0)
    assert sender.messages() == [Button(button=1, is_down=each, sequence=0) for each in (True, False)]


def test_the_wheel_turns_where_the_pointer_has_just_gone() -> None:
    sender = InputSender()
    sender.move_to(1, 1, now=0.0)
    assert states(sender, 0.0)
    sender.move_to(2, 2, now=0.001)
    sender.scroll(0, 120)
    assert sender.messages() == [Scroll(vertical=120)]
    assert states(sender, 0.001)[0].x == 2
    sender.scroll(0, 0)
    sender.scroll(-99_999, 99_999)
    assert sender.messages() == [Scroll(horizontal=-12_000, vertical=12_000)]


def test_what_is_down_is_told_twice_a_second_until_it_is_up() -> None:
    sender = InputSender()
    sender.press_key(4, "a", now=1.0)
    sender.press_button(1, now=1.1)
    sender.messages()
    told = [(at, messages) for at, messages, _ in run(sender, until=2.2)]
    assert told == [(1.0 + HELD_INTERVAL_S * n, [Held(keys=(4,), buttons=(1,))]) for n in (1, 2)]
    sender.release_key(4)
    sender.release_button(1, now=2.2)
    assert sender.next_timer() is None


def test_a_key_that_repeats_is_pressed_again() -> None:
    sender = InputSender()
    for _ in range(3):
        sender.press_key(4, "a", now=0.0)
    sender.release_key(4)
    sender.release_key(4)
    assert sender.messages() == [*[Key(usage=4, is_down=True, text="a")] * 3, Key(usage=4, is_down=False)]


def test_long_text_goes_in_several_messages() -> None:
    sender = InputSender()
    text = "äЖ" * 1500
    sender.type_text(text)
    said = [each.text for each in sender.messages() if isinstance(each, Text)]
    assert "".join(said) == text
    assert max(map(len, said)) == MAX_TEXT_CHARACTERS


def test_everything_is_let_go_in_one_word_and_only_where_something_is_down() -> None:
    sender = InputSender()
    sender.release_all()
    assert sender.messages() == []
    sender.press_key(4, now=0.0)
    sender.release_all()
    sender.release_key(4)
    assert sender.messages()[1:] == [ReleaseAll()]
    assert sender.next_timer() is None


def test_no_more_keys_are_down_than_the_wire_has_room_for() -> None:
    sender = InputSender()
    for usage in range(4, 4 + MAX_HELD + 5):
        sender.press_key(usage, now=0.0)
    sender.release_key(4 + MAX_HELD)
    assert len(sender.messages()) == MAX_HELD


def test_who_takes_no_messages_has_everything_let_go() -> None:
    sender = InputSender()
    for _ in range(100_000):
        sender.press_key(4, "a", now=0.0)
        assert sender.used_bytes <= sender.cap_bytes
    assert sender.drops > 0
    first, *rest = sender.messages()
    assert first == ReleaseAll()
    assert set(rest) == {Key(usage=4, is_down=True, text="a")}
    assert sender.used_bytes == 0 < sender.high_water_bytes <= sender.cap_bytes


def test_pads_are_plugged_in_pressed_moved_and_gone() -> None:
    sender = InputSender()
    sender.plug_pad(1, "a pad")
    sender.press_pad(1, 0b11)
    sender.press_pad(1, 0b11)
    sender.move_pad(1, (1, 2, 3, 4, 5, 6), now=0.0)
    there = Pad(pad=1, is_there=True, name="a pad")
    pressed = Pad(pad=1, is_there=True, name="a pad", buttons=0b11)
    assert sender.messages() == [there, pressed]
    datagrams = sender.datagrams_to_send(now=0.0)
    assert [PadState.from_bytes(each) for each in datagrams] == [PadState(1, 1, 1, 2, 3, 4, 5, 6)]
    assert sender.next_timer() == pytest.approx(REPEATS_S[0])
    assert sender.datagrams_to_send(now=REPEATS_S[0]) == datagrams
    sender.repeat_pads()
    sender.unplug_pad(1)
    sender.press_pad(1, 0)
    sender.move_pad(1, (0,) * 6, now=1.0)
    assert sender.messages() == [pressed, Pad(pad=1, is_there=False)]
    assert not sender.datagrams_to_send(now=1.0)
    sender.plug_pad(4, "one too many")
    assert sender.messages() == []


class ToyHost:
    """What a host makes of it: places and totals by the newest state, buttons where they say."""

    def __init__(self) -> None:
        self.newest = 0
        self.place: tuple[int, int] | None = None
        self.totals = (0, 0)
        self.is_relative = False
        self.clicks: list[tuple[int, int] | None] = []

    def take(self, state: PointerState) -> None:
        if serial_distance(state.sequence, self.newest) > 0:
            self.newest = state.sequence
            self.is_relative = state.is_relative
            if not state.is_relative:
                self.place = state.x, state.y
            self.totals = state.dx, state.dy

    def press(self, button: Button) -> None:
        if serial_distance(button.sequence, self.newest) > 0:
            self.newest = button.sequence
        if button.x is not None and button.y is not None:
            self.place = button.x, button.y
        self.clicks.append(self.place)


moves = st.tuples(st.just("to"), st.integers(0, 65_535), st.integers(0, 65_535))
turns = st.tuples(st.just("by"), st.integers(-500, 500), st.integers(-500, 500))
clicks = st.tuples(st.just("click"), st.integers(1, 5), st.just(0))
rests = st.tuples(st.just("rest"), st.integers(1, 60), st.just(0))


@given(st.lists(st.one_of(moves, turns, clicks, rests), max_size=60), st.integers(0, 2**32), st.floats(0, 0.6))
def test_whatever_is_lost_or_swapped_the_host_ends_where_the_person_is(
    deeds: list[tuple[str, int, int]], seed: int, loss: float
) -> None:
    chance = random.Random(seed)
    sender, host = InputSender(), ToyHost()
    under_way: list[tuple[float, PointerState]] = []
    now, place, totals = 0.0, None, (0, 0)
    is_relative = False

    def send() -> None:
        for state in states(sender, now):
            if chance.random() >= loss:
                under_way.append((now + chance.uniform(0, 0.08), state))
        for message in sender.messages():
            if isinstance(message, Button):
                host.press(message)  # the stream is quicker here than any datagram of its time

    def arrive() -> None:
        for due_at, state in sorted(under_way):
            if due_at <= now:
                under_way.remove((due_at, state))
                host.take(state)

    for kind, first, second in deeds:
        if kind == "to":
            place, is_relative = (first, second), False
            sender.move_to(first, second, now=now)
        elif kind == "by":
            totals, is_relative = (totals[0] + first, totals[1] + second), True
            sender.move_by(first, second, now=now)
        elif kind == "click":
            sender.press_button(first, now=now)
            sender.release_button(first, now=now)
            send()
            if not is_relative:
                assert host.clicks[-2:] == [place] * 2
        else:
            now += first / 1000
        send()
        arrive()
    loss = 0.0  # the last repeats come through
    for due_at, _, told in run(sender, until=now + 1.0):
        now = due_at
        under_way += [(now + 0.01, state) for state in told]
        arrive()
    now += 1.0
    arrive()
    if not is_relative:
        assert host.place == place
    else:
        assert host.totals == totals
