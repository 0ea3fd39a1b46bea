"""The browsers' door by itself: bytes of HTTP/3 in, bytes out."""

from __future__ import annotations

import random

import pytest
from aioquic.buffer import encode_uint_var

from tests.support.http3 import ORIGIN, PREAMBLE, REQUEST, close_capsule, control, headers, record
from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.transport import Channel
from wavry.transport.quic import http3
from wavry.transport.quic.carriage import PeerLeft
from wavry.transport.quic.webtransport import MAX_HTTP_BYTES, WebTransportCarriage


def new_carriage() -> WebTransportCarriage:
    """One whose own settings are said."""
    carriage = WebTransportCarriage(lambda origin: origin == ORIGIN)
    assert [writing.stream_id for writing in carriage.writings()] == [3, 7, 11]
    return carriage


def opened() -> WebTransportCarriage:
    carriage = new_carriage()
    carriage.stream_received(2, control())
    carriage.stream_received(0, headers())
    assert carriage.is_open
    carriage.writings()
    return carriage


def refused(carriage: WebTransportCarriage, stream_id: int, data: bytes) -> str:
    with pytest.raises(RemoteProtocolError) as caught:
        carriage.stream_received(stream_id, data)
    return str(caught.value)


@pytest.mark.parametrize("value", [0, 63, 64, 16_383, 16_384, 2**30 - 1, 2**30, 2**62 - 1])
def test_integers_are_those_of_quic(value: int) -> None:
    data = encode_uint_var(value)
    assert http3.encode_varint(value) == data
    assert http3.pull_varint(b"x" + data + b"y", 1) == (value, 1 + len(data))
    assert all(http3.pull_varint(data[:size], 0) is None for size in range(len(data)))


def test_a_request_is_answered_and_opens_the_session_once() -> None:
    carriage = new_carriage()
    was_open = carriage.is_open
    assert carriage.stream_received(0, headers()) is None
    assert [was_open, carriage.is_open] == [False, True]
    (answer,) = carriage.writings()
    assert (answer.stream_id, answer.data, answer.ends) == (0, record(1, b"\x00\x00\xd9"), False)
    assert not carriage.writings()
    assert "no place" in refused(carriage, 0, headers())


def test_bytes_may_be_cut_anywhere() -> None:
    said = {2: control() + record(0x21 + 0x1F * 7, b"grease"), 0: record(0x21, b"grease") + headers()}
    carriage = new_carriage()
    for stream_id, data in said.items():
        for byte in data:
            assert carriage.stream_received(stream_id, bytes([byte])) is None
    assert carriage.is_open
    pieces = [carriage.stream_received(8, bytes([byte])) for byte in PREAMBLE + b"key"]
    assert pieces == [None, None, (Channel.INPUT, b""), *((Channel.INPUT, each) for each in (b"k", b"e", b"y"))]


def test_streams_are_channels_by_their_order() -> None:
    carriage = opened()
    for stream_id, channel in ((12, Channel.BULK), (4, Channel.CONTROL), (8, Channel.INPUT)):
        assert carriage.stream_ids[channel] == stream_id
        assert carriage.stream_received(stream_id, PREAMBLE + b"first") == (channel, b"first")
        assert carriage.stream_received(stream_id, b"\x40\x41\x00") == (channel, b"\x40\x41\x00")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({b"origin": b"https://elsewhere.example"}, b"\x00\x00\xff\x05"),
        ({b"origin": b"\xff\xfe"}, b"\x00\x00\xff\x05"),
        ({b"origin": None}, b"\x00\x00\xff\x05"),
        ({b":path": b"/"}, b"\x00\x00\xdb"),
        ({b":path": b"/wavry?x"}, b"\x00\x00\xdb"),
        ({b":protocol": b"websocket"}, b"\x00\x00\xdb"),
        ({b":protocol": None}, b"\x00\x00\xdb"),
        ({b":method": b"GET"}, b"\x00\x00\xdb"),
        ({b":scheme": b"http"}, b"\x00\x00\xdb"),
    ],
)
def test_other_requests_are_refused_with_a_status(changes: dict[bytes, bytes | None], status: bytes) -> None:
    fields = {name: value for name, value in {**REQUEST, **changes}.items() if value is not None}
    carriage = new_carriage()
    with pytest.raises(RemoteProtocolError) as caught:
        carriage.stream_received(0, headers(fields))
    assert caught.value.code == ErrorCode.REFUSED
    assert not carriage.is_open
    (answer,) = carriage.farewell(ErrorCode.REFUSED, "no")
    assert (answer.stream_id, answer.data, answer.ends) == (0, record(1, status), True)


def test_a_field_that_comes_twice_is_refused() -> None:
    refused(new_carriage(), 0, headers([*REQUEST.items(), (b"origin", ORIGIN.encode())]))


@pytest.mark.parametrize(
    ("stream_id", "data"),
    [
        (0, record(4, b"")),  # a frame of the control stream
        (0, record(0, b"too early")),
        (0, record(5, b"\x00")),
        (0, PREAMBLE),
        (0, record(1, b"\x02\x00\x80")),  # headers that refer to a table, which nobody offered
        (0, record(1, b"\xff" * 20)),
        (0, record(1, bytes(2000))),
        (0, encode_uint_var(1) + encode_uint_var(2**40)),
        (2, b"\x01\x00"),  # a push
        (2, b"\x40\x54\x00"),  # a stream of the session, which has none in one direction
        (2, b"\x00" + record(7, b"\x00")),  # something before the settings
        (2, b"\x00" + record(4, b"\x01")),
        (2, b"\x00" + record(4, b"\x33\x01\x33\x01")),
        (2, b"\x00" + record(4, b"\x02\x01\x33\x01")),
        (2, b"\x00" + record(4, b"\x33\x00")),
        (2, b"\x00" + encode_uint_var(4) + encode_uint_var(100_000)),
        (2, control() + record(4, b"\x33\x01")),
        (2, control() + record(0, b"")),
        (2, control() + record(2, b"")),
        (4, PREAMBLE),  # before there is a session
        (16, PREAMBLE),
        (34, b"\x21"),
        (1, b"x"),
    ],
)
def test_what_is_not_to_be_said_is_refused(stream_id: int, data: bytes) -> None:
    refused(new_carriage(), stream_id, data)


@pytest.mark.parametrize("data", [headers(), record(0x21, b""), b"\x40\x41\x04", b"\x40\x41\x40\x04"])
def test_a_stream_that_is_not_the_sessions_is_refused(data: bytes) -> None:
    refused(opened(), 4, data)


@pytest.mark.parametrize("kind", [0, 2, 3])
def test_a_stream_that_there_is_one_of_comes_once(kind: int) -> None:
    carriage = new_carriage()
    carriage.stream_received(6, bytes([kind]))
    refused(carriage, 10, bytes([kind]))


def test_streams_of_unknown_types_are_skipped_and_may_end() -> None:
    carriage = opened()
    carriage.stream_received(6, encode_uint_var(0x21) + b"whatever")
    carriage.stream_ended(6)
    carriage.stream_ended(10)
    for stream_id in (2, 4, 34, 500):
        with pytest.raises(RemoteProtocolError):
            carriage.stream_ended(stream_id)


def test_the_end_of_the_request_ends_the_session_and_before_it_breaks_the_protocol() -> None:
    with pytest.raises(RemoteProtocolError):
        new_carriage().stream_ended(0)
    carriage = opened()
    before = carriage.left
    carriage.stream_ended(0)
    assert [before, carriage.left] == [None, PeerLeft(0, "")]
    assert carriage.farewell(0, "") == []


def test_a_capsule_says_why_the_session_ends_whatever_the_cuts() -> None:
    carriage = opened()
    said = record(0, record(0x78AE, b"drain") + record(0x1234, bytes(900))) + close_capsule(7, "tschüß".encode())
    for place in range(0, len(said), 5):
        carriage.stream_received(0, said[place : place + 5])
    carriage.stream_ended(0)
    assert carriage.left == PeerLeft(7, "tschüß")


def test_a_farewell_is_a_capsule_that_others_can_read() -> None:
    (writing,) = opened().farewell(ErrorCode.REFUSED, "ü" * 200)
    assert writing.ends
    other = opened()
    other.stream_received(0, writing.data)
    assert other.left == PeerLeft(ErrorCode.REFUSED, "ü" * 128)


def test_a_capsule_that_is_too_long_is_refused_before_it_comes() -> None:
    refused(opened(), 0, record(0, encode_uint_var(0x2843) + encode_uint_var(1029)))


def test_a_peer_may_say_so_much_and_no_more() -> None:
    carriage = opened()
    grease = record(0x21, bytes(1000))
    for _ in range((MAX_HTTP_BYTES - 400) // len(grease)):
        carriage.stream_received(0, grease)
    for number in range(100):
        carriage.stream_received(4, bytes(1000) if number else PREAMBLE)
    assert "too much" in refused(carriage, 0, record(0x21, bytes(1400)))


def test_datagrams_are_the_sessions_alone() -> None:
    early, carriage = new_carriage(), opened()
    assert early.unwrap(b"\x00early") is None
    assert carriage.unwrap(b"\x00") == b""
    assert carriage.unwrap(b"\x00abc") == carriage.unwrap(b"\x40\x00abc") == b"abc"
    for other in (b"", b"\x01abc", b"\x40", b"\xff" * 8):
        assert carriage.unwrap(other) is None
    assert carriage.unwrap(carriage.wrap(b"abc")) == b"abc"
    assert len(carriage.wrap(b"abc")) == 3 + carriage.datagram_overhead_bytes


def test_codes_are_http3s_on_the_outside() -> None:
    carriage = new_carriage()
    codes = {code: carriage.close_code(code) for code in ErrorCode}
    assert codes[ErrorCode.PROTOCOL_VIOLATION] == 0x101
    assert codes[ErrorCode.INTERNAL_ERROR] == 0x102
    assert codes[ErrorCode.REFUSED] == codes[ErrorCode.NO_ERROR] == 0x100
    assert carriage.code_of(0x100) == ErrorCode.NO_ERROR
    assert carriage.code_of(0x10C) == ErrorCode.INTERNAL_ERROR


def test_any_bytes_have_a_value_or_are_refused_and_little_is_kept() -> None:
    dice = random.Random(1)
    for _ in range(2000):
        carriage = opened() if dice.random() < 0.5 else new_carriage()
        try:
            for _ in range(10):
                carriage.stream_received(dice.choice([0, 2, 4, 6, 8, 10]), dice.randbytes(dice.randint(0, 40)))
        except RemoteProtocolError:
            pass
        kept = [carriage._request._buffer, carriage._capsules._buffer, carriage._control._buffer]
        assert sum(map(len, [*kept, *carriage._unknown.values()])) <= 400
