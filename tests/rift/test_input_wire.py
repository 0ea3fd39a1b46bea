from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import RemoteProtocolError
from wavry.rift import Message, MessageDecoder, MessageKinds, encode_message
from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.messages import (
    TO_CLIENT,
    TO_HOST,
    Button,
    Held,
    Key,
    Pad,
    ReleaseAll,
    Rumble,
    Scroll,
    Text,
)

S16, S32 = st.integers(-(2**15), 2**15 - 1), st.integers(-(2**31), 2**31 - 1)
U16, U32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)


def test_input_messages_survive_the_stream() -> None:
    said: list[Message] = [
        Key(usage=4, is_down=True, text="ä"),
        Text(text="Привет"),
        Button(button=3, is_down=True, sequence=2**32 - 1, x=0, y=65_535),
        Button(button=1, is_down=False, sequence=0),
        Scroll(horizontal=-30, vertical=120),
        Held(keys=(0xE1, 4), buttons=(1,)),
        ReleaseAll(),
        Pad(pad=0, is_there=True, name="a pad", buttons=0b101),
    ]
    assert MessageDecoder(MessageKinds(TO_HOST)).receive(b"".join(map(encode_message, said))) == said
    rumble = Rumble(pad=3, low=65_535, high=0, duration_ms=500)
    assert MessageDecoder(MessageKinds(TO_CLIENT)).receive(encode_message(rumble)) == [rumble]


@pytest.mark.parametrize(
    "message",
    [
        Key(usage=3, is_down=True),
        Key(usage=0xE8, is_down=True),
        Key(usage=4, is_down=True, text="x" * 9),
        Text(text=""),
        Text(text="x" * 1025),
        Button(button=6, is_down=True, sequence=0),
        Button(button=1, is_down=True, sequence=0, x=65_536, y=0),
        Scroll(vertical=12_001),
        Held(keys=(4,) * 65),
        Pad(pad=4, is_there=True),
    ],
)
def test_what_is_out_of_bounds_breaks_the_protocol(message: Message) -> None:
    with pytest.raises(RemoteProtocolError):
        MessageDecoder(MessageKinds(TO_HOST)).receive(encode_message(message))


@given(state=st.builds(PointerState, U32, st.booleans(), U16, U16, S32, S32))
def test_pointer_states_survive(state: PointerState) -> None:
    assert PointerState.from_bytes(state.to_bytes()) == state


def test_movement_is_counted_on_and_on() -> None:
    state = PointerState(0, True, 0, 0, 2**31, -(2**31) - 1)
    assert PointerState.from_bytes(state.to_bytes())[4:] == (-(2**31), 2**31 - 1)


@given(state=st.builds(PadState, U32, st.integers(0, 3), S16, S16, S16, S16, *[st.integers(0, 2**15 - 1)] * 2))
def test_pad_states_survive(state: PadState) -> None:
    assert PadState.from_bytes(state.to_bytes()) == state


@pytest.mark.parametrize("parse", [PointerState.from_bytes, PadState.from_bytes])
@given(data=st.binary(max_size=40))
def test_any_bytes_are_a_state_or_refused(parse: object, data: bytes) -> None:
    try:
        parse(data)  # type: ignore[operator]
    except RemoteProtocolError:
        pass
