from __future__ import annotations

import random
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.media import CursorImage
from wavry.media.cursor import HIDDEN
from wavry.rift import CONTROL, Hello, MessageDecoder, encode_message
from wavry.rift.cursor.datagrams import CursorPlace, CursorState
from wavry.rift.cursor.messages import MAX_PIXELS_BYTES, MAX_SIDE, CursorShape
from wavry.rift.cursor.receiver import CursorReceiver
from wavry.rift.cursor.sender import MAX_BACKLOG_BYTES, CursorSender

if TYPE_CHECKING:
    from collections.abc import Callable

U16, U32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)
places = st.builds(CursorPlace, st.booleans(), U16, U16, st.integers(0, 255))
PLACE = CursorPlace(True, 1, 2)


@st.composite
def images(draw: st.DrawFn) -> CursorImage:
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    pixels = draw(st.binary(min_size=4, max_size=64))
    return CursorImage(
        width,
        height,
        draw(st.integers(0, width - 1)),
        draw(st.integers(0, height - 1)),
        (pixels * (4 * width * height))[: 4 * width * height],
    )


def travelled(image: CursorImage | None) -> CursorImage | None:
    (message,) = MessageDecoder(CONTROL).receive(encode_message(CursorShape.of(image)))
    assert isinstance(message, CursorShape)
    return message.image()


@given(image=images() | st.just(HIDDEN) | st.none())
def test_a_shape_arrives_as_it_was(image: CursorImage | None) -> None:
    assert travelled(image) == image


@pytest.mark.parametrize("size", [(256, 256), (700, 300), (16, 3000)])
@pytest.mark.parametrize("is_noise", [False, True])
def test_a_shape_that_is_too_large_is_thinned_until_it_fits(size: tuple[int, int], is_noise: bool) -> None:
    width, height = size
    bytes_needed = 4 * width * height
    pixels = random.Random(1).randbytes(bytes_needed) if is_noise else b"\x10\x20\x30\xff" * (width * height)
    arrived = travelled(CursorImage(width, height, width - 1, height // 2, pixels))
    assert arrived is not None
    assert max(arrived.width, arrived.height) <= MAX_SIDE
    assert arrived.hot_x == arrived.width - 1
    assert abs(arrived.hot_y - arrived.height // 2) <= 1
    assert len(arrived.pixels) == 4 * arrived.width * arrived.height
    assert arrived.pixels[:4] == pixels[:4]


def packed(pixels: bytes, *, width: int = 2, height: int = 2, hot_x: int = 0, hot_y: int = 0) -> CursorShape:
    return CursorShape(width=width, height=height, hot_x=hot_x, hot_y=hot_y, pixels=pixels)


BOMB = zlib.compress(bytes(20_000_000))
WHOLE = zlib.compress(bytes(16))


@pytest.mark.parametrize(
    "shape",
    [
        packed(b""),
        packed(b"no zlib"),
        packed(zlib.compress(bytes(15))),
        packed(zlib.compress(bytes(17))),
        packed(BOMB),
        packed(WHOLE[:-1]),
        packed(WHOLE[:-1] + b"\0"),
        packed(WHOLE, hot_x=2),
        packed(WHOLE, hot_y=2),
        packed(WHOLE, width=256, height=256),
    ],
)
def test_a_shape_that_contradicts_itself_is_refused(shape: CursorShape) -> None:
    assert len(BOMB) < MAX_PIXELS_BYTES
    with pytest.raises(RemoteProtocolError):
        shape.image()


@pytest.mark.parametrize(
    "shape",
    [
        packed(WHOLE, width=257),
        packed(WHOLE, hot_x=-1),
        packed(bytes(MAX_PIXELS_BYTES + 1)),
    ],
)
def test_what_is_out_of_bounds_breaks_the_protocol(shape: CursorShape) -> None:
    with pytest.raises(RemoteProtocolError):
        MessageDecoder(CONTROL).receive(encode_message(shape))


def test_other_messages_may_be_no_longer_than_before() -> None:
    assert Hello.max_bytes == 8192


@given(sequence=U32, place=places)
def test_a_place_arrives_as_it_was(sequence: int, place: CursorPlace) -> None:
    data = CursorState(sequence, place).to_bytes()
    assert len(data) == 12
    assert CursorState.from_bytes(data) == (sequence, place)


@given(data=st.binary(max_size=32))
def test_bytes_of_another_size_or_version_are_no_place(data: bytes) -> None:
    if len(data) == 12 and data[0] == 1:
        assert CursorReceiver().receive_datagram(data) is not None
        return
    with pytest.raises(RemoteProtocolError) as caught:
        CursorReceiver().receive_datagram(data)
    assert (caught.value.code is ErrorCode.UNSUPPORTED_VERSION) == (len(data) == 12)


@given(data=st.binary(min_size=11, max_size=11))
def test_twelve_bytes_of_our_version_are_a_place(data: bytes) -> None:
    assert CursorReceiver().receive_datagram(b"\x01" + data) is not None


class Wire:
    """Takes what a sender has due, at each of its timers."""

    def __init__(self, passes: Callable[[], bool] = lambda: True) -> None:
        self.sender = CursorSender()
        self.sent: list[bytes] = []
        self._passes = passes

    def drain(self, now: float) -> None:
        datagram = self.sender.datagram_due(now=now)
        if datagram is not None:
            is_sent = self._passes()
            self.sender.datagram_done(is_sent=is_sent)
            if is_sent:
                self.sent.append(datagram)

    def run_until_still(self, now: float) -> float:
        while (due := self.sender.next_timer) is not None:
            now = max(now, due)
            self.drain(now)
        return now


def test_the_last_place_is_repeated_for_a_moment_and_then_nothing_is_sent() -> None:
    wire = Wire()
    wire.sender.set_place(PLACE, now=5.0)
    ended_at = wire.run_until_still(5.0)
    assert len(wire.sent) > 3
    assert len(set(wire.sent)) == 1
    assert ended_at < 6.0


def test_a_place_that_has_no_room_waits_and_gives_way_to_a_newer_one() -> None:
    has_room = False
    wire = Wire(lambda: has_room)
    wire.sender.set_place(PLACE, now=0.0)
    wire.drain(0.0)
    assert wire.sender.is_held_up
    assert wire.sender.next_timer is None
    newer = PLACE._replace(x=9)
    wire.sender.set_place(newer, now=0.1)
    has_room = True
    wire.drain(0.1)
    assert [CursorState.from_bytes(data) for data in wire.sent] == [(1, newer)]
    assert not wire.sender.is_held_up


def test_of_shapes_that_wait_the_newest_is_sent_and_no_more_is_held() -> None:
    sender = CursorSender()
    first, last = CursorShape.of(None), packed(bytes(20_000))
    sender.set_shape(first)
    sender.set_shape(last)
    assert sender.take_shape(backlog_bytes=MAX_BACKLOG_BYTES + 1) is None
    assert (sender.used_bytes, sender.drops) == (20_000, 1)
    assert sender.take_shape(backlog_bytes=0) is last
    assert sender.take_shape(backlog_bytes=0) is None
    assert sender.used_bytes == 0


@given(moves=st.lists(places, min_size=1, max_size=30), dice=st.randoms(use_true_random=False))
def test_over_a_link_that_loses_doubles_and_reorders_the_client_ends_at_the_last_place(
    moves: list[CursorPlace], dice: random.Random
) -> None:
    wire, receiver = Wire(), CursorReceiver()
    for number, place in enumerate(moves):
        wire.sender.set_place(place, now=number * 0.016)
        wire.drain(number * 0.016)
    wire.run_until_still(len(moves) * 0.016)
    arriving = [data for data in wire.sent[:-1] for _ in range(dice.randint(0, 2))] + [wire.sent[-1]]  # one is enough
    dice.shuffle(arriving)
    seen = [at for data in arriving if (at := receiver.receive_datagram(data)) is not None]
    assert seen[-1] == moves[-1]


def test_a_place_that_comes_late_has_no_effect_also_where_the_numbers_begin_anew() -> None:
    receiver = CursorReceiver()
    newest = CursorState(3, PLACE)
    assert receiver.receive_datagram(CursorState(2**32 - 1, PLACE).to_bytes()) is not None
    assert receiver.receive_datagram(newest.to_bytes()) == PLACE
    assert receiver.receive_datagram(newest.to_bytes()) is None
    assert receiver.receive_datagram(CursorState(2**32 - 2, PLACE).to_bytes()) is None
