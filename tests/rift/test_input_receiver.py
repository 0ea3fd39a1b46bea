from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import RemoteProtocolError
from wavry.rift.input.allowance import BURST_EVENTS, EVENTS_PER_S
from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.events import (
    ButtonPressed,
    ButtonReleased,
    InputEvent,
    KeyPressed,
    KeyReleased,
    PadAxes,
    PadButtons,
    PadPlugged,
    PadUnplugged,
    PointerMoved,
    PointerMovedBy,
    Scrolled,
    TextTyped,
)
from wavry.rift.input.messages import MAX_HELD, Button, Held, Key, Pad, ReleaseAll, Scroll, Text
from wavry.rift.input.receiver import HELD_TIMEOUT_S, InputReceiver

if TYPE_CHECKING:
    from wavry.rift import Message

A, B, CTRL = 4, 5, 0xE0


def press(usage: int, text: str = "") -> Key:
    return Key(usage=usage, is_down=True, text=text)


def release(usage: int) -> Key:
    return Key(usage=usage, is_down=False)


def take(receiver: InputReceiver, *messages: Message, now: float = 0.0) -> list[InputEvent]:
    return [event for message in messages for event in receiver.receive_message(message, now=now)]


def at(receiver: InputReceiver, sequence: int, x: int, y: int) -> list[InputEvent]:
    return receiver.receive_datagram(PointerState(sequence, False, x, y, 0, 0).to_bytes())


def gone(receiver: InputReceiver, sequence: int, dx: int, dy: int) -> list[InputEvent]:
    return receiver.receive_datagram(PointerState(sequence, True, 0, 0, dx, dy).to_bytes())


def test_keys_go_down_repeat_and_go_up_once() -> None:
    events = take(InputReceiver(), release(A), press(A, "a"), press(A, "a"), release(A), release(A))
    assert events == [KeyPressed(A, "a"), KeyPressed(A, "a"), KeyReleased(A)]


def test_what_is_not_held_any_more_is_let_go_of_modifiers_last() -> None:
    receiver = InputReceiver()
    take(receiver, press(CTRL), press(A), press(B), Button(button=1, is_down=True, sequence=0))
    assert take(receiver, Held(keys=(A, 99), buttons=(1, 2))) == [KeyReleased(B), KeyReleased(CTRL)]
    assert take(receiver, Held(keys=(A,))) == [ButtonReleased(1)]
    assert take(receiver, Held(keys=(A,))) == []


def test_silence_lets_go_after_two_seconds_and_word_of_what_is_held_keeps_it() -> None:
    receiver = InputReceiver()
    assert receiver.next_timer() is None
    take(receiver, press(A), now=10.0)
    assert receiver.next_timer() == 10.0 + HELD_TIMEOUT_S
    take(receiver, press(A), now=11.0)  # repeats are no word of it: they may have been on their way for long
    assert receiver.next_timer() == 12.0
    take(receiver, Held(keys=(A,)), now=11.5)
    assert receiver.handle_timer(now=13.4) == []
    assert receiver.handle_timer(now=13.5) == [KeyReleased(A)]
    assert receiver.next_timer() is None


def test_letting_go_of_all_and_the_end_leave_nothing() -> None:
    receiver = InputReceiver()
    take(receiver, press(A), Button(button=2, is_down=True, sequence=0), Pad(pad=1, is_there=True, buttons=3))
    assert take(receiver, ReleaseAll()) == [
        KeyReleased(A), ButtonReleased(2), PadButtons(1, 0), PadAxes(1, (0,) * 6)
    ]  # fmt: skip
    take(receiver, press(B))
    assert receiver.end() == [KeyReleased(B), PadUnplugged(1)]
    assert receiver.end() == []


def test_the_newest_pointer_state_wins_also_where_the_count_wraps() -> None:
    receiver = InputReceiver()
    assert at(receiver, 2**32 - 1, 1, 1) == [PointerMoved(1, 1)]
    assert at(receiver, 1, 2, 2) == [PointerMoved(2, 2)]
    assert at(receiver, 0, 3, 3) == []
    assert at(receiver, 1, 3, 3) == []


def test_a_state_older_than_a_click_does_not_pull_the_pointer_back() -> None:
    receiver = InputReceiver()
    click = Button(button=1, is_down=True, sequence=7, x=10, y=20)
    assert take(receiver, click) == [PointerMoved(10, 20), ButtonPressed(1)]
    assert at(receiver, 7, 5, 5) == []
    assert at(receiver, 8, 6, 6) == [PointerMoved(6, 6)]
    assert take(receiver, Button(button=1, is_down=False, sequence=8)) == [ButtonReleased(1)]


def test_a_locked_pointer_moves_by_what_a_lost_state_would_have_told_too() -> None:
    receiver = InputReceiver()
    assert gone(receiver, 1, 5, -5) == [PointerMovedBy(5, -5)]
    assert gone(receiver, 3, 9, -5) == [PointerMovedBy(4, 0)]
    assert gone(receiver, 2, 7, -5) == []
    assert gone(receiver, 4, 9, -5) == []
    assert gone(receiver, 5, 2**31 - 1, 0) == [PointerMovedBy(32_767, 5)]
    assert gone(receiver, 6, -(2**31), 0) == [PointerMovedBy(1, 0)]


def test_going_back_to_places_moves_by_nothing_that_was_counted_meanwhile() -> None:
    receiver = InputReceiver()
    gone(receiver, 1, 5, 5)
    receiver.receive_datagram(PointerState(2, False, 100, 100, 50, 50).to_bytes())
    assert gone(receiver, 3, 51, 50) == [PointerMovedBy(1, 0)]


def test_pads_are_plugged_pressed_and_moved() -> None:
    receiver = InputReceiver()
    state = PadState(5, 2, 1, 2, 3, 4, 5, 6)
    assert receiver.receive_datagram(state.to_bytes()) == []  # it is not there yet
    assert take(receiver, Pad(pad=2, is_there=True, name="a pad", buttons=1)) == [
        PadPlugged(2, "a pad"), PadButtons(2, 1)
    ]  # fmt: skip
    assert receiver.receive_datagram(state.to_bytes()) == [PadAxes(2, (1, 2, 3, 4, 5, 6))]
    assert receiver.receive_datagram(state._replace(sequence=4).to_bytes()) == []
    assert take(receiver, Pad(pad=2, is_there=False), Pad(pad=2, is_there=False)) == [PadUnplugged(2)]


def test_more_than_can_be_held_is_not_taken() -> None:
    receiver = InputReceiver()
    take(receiver, *[press(usage) for usage in range(4, 4 + MAX_HELD)])
    assert take(receiver, press(200), Button(button=1, is_down=True, sequence=0)) == []
    assert (receiver.drops, receiver.used_bytes <= receiver.cap_bytes) == (2, True)
    assert take(receiver, release(4), press(200)) == [KeyReleased(4), KeyPressed(200, "")]


def test_what_comes_too_quickly_is_dropped_but_never_a_release() -> None:
    receiver = InputReceiver()
    take(receiver, press(A))
    assert take(receiver, Text(text="x" * BURST_EVENTS)) == [TextTyped("x" * (BURST_EVENTS - 1))]
    assert take(receiver, press(B), press(A), Text(text="x"), Scroll(vertical=1)) == []
    assert take(receiver, release(A)) == [KeyReleased(A)]
    assert receiver.drops == 5
    assert take(receiver, Text(text="ab" * 8), now=10 / EVENTS_PER_S) == [TextTyped("ababababab")]


def test_a_wheel_costs_its_notches() -> None:
    receiver = InputReceiver()
    assert take(receiver, Scroll(horizontal=-12_000, vertical=12_000)) == [Scrolled(-12_000, 12_000)]
    assert take(receiver, *[Scroll(vertical=12_000)] * 9)[8:] == []
    assert take(receiver, Scroll()) == []


@pytest.mark.parametrize("data", [b"", b"\1", b"\1\6" + bytes(17), b"\2\6" + bytes(18), b"\1\x08\4" + bytes(17)])
def test_malformed_states_are_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        InputReceiver().receive_datagram(data)


usages, buttons, pads = st.integers(4, 0xE7), st.integers(1, 5), st.integers(0, 3)
messages = st.one_of(
    st.builds(Key, usage=st.one_of(st.integers(4, 8), usages), is_down=st.booleans(), text=st.just("")),
    st.builds(Button, button=buttons, is_down=st.booleans(), sequence=st.integers(0, 2**32 - 1)),
    st.builds(Held, keys=st.lists(usages, max_size=64).map(tuple), buttons=st.lists(buttons, max_size=5).map(tuple)),
    st.builds(ReleaseAll),
    st.builds(Pad, pad=pads, is_there=st.booleans(), buttons=st.integers(0, 2**24 - 1)),
    st.builds(Text, text=st.text(min_size=1, max_size=500)),
    st.builds(Scroll, vertical=st.integers(-12_000, 12_000)),
)


@given(steps=st.lists(st.tuples(messages, st.floats(0, 1.5)), max_size=80))
def test_nothing_is_left_down_whatever_the_order(steps: list[tuple[Message, float]]) -> None:
    receiver, now = InputReceiver(), 0.0
    down: set[tuple[str, int]] = set()
    for message, pause_s in steps:
        now += pause_s
        follow(down, receiver.handle_timer(now=now))
        follow(down, receiver.receive_message(message, now=now))
        assert len([what for what, _ in down if what != "pad"]) <= MAX_HELD
        assert receiver.used_bytes <= receiver.cap_bytes
    follow(down, receiver.handle_timer(now=now + HELD_TIMEOUT_S))
    assert {what for what, _ in down} <= {"pad"}
    follow(down, receiver.end())
    assert not down


def follow(down: set[tuple[str, int]], events: list[InputEvent]) -> None:
    """Keep a record of what is down; a release must be of something that is."""
    for event in events:
        match event:
            case KeyPressed(usage=usage):
                down.add(("key", usage))
            case ButtonPressed(button=button):
                assert ("button", button) not in down
                down.add(("button", button))
            case PadPlugged(pad=pad):
                assert ("pad", pad) not in down
                down.add(("pad", pad))
            case KeyReleased(usage=usage):
                down.remove(("key", usage))
            case ButtonReleased(button=button):
                down.remove(("button", button))
            case PadUnplugged(pad=pad):
                down.remove(("pad", pad))
