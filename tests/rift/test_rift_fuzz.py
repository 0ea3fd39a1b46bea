"""Any bytes: a value or `RemoteProtocolError`, in bounded memory."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.rift import datagrams_of, make_packet, make_unit
from wavry.errors import RemoteProtocolError
from wavry.rift import (
    CONTROL,
    AccessUnitReceived,
    Bye,
    Hello,
    MessageDecoder,
    Packet,
    Receiver,
    ReceiverConfig,
    encode_message,
)
from wavry.rift.fec import ParityPacket
from wavry.rift.framing import MAX_MESSAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARSER_LIMIT_BYTES = 64_000

control_bodies = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([encode_message(Hello(name="x", codecs=("h264",)))[4:], encode_message(Bye(code=1))[4:]]),
    st.binary(max_size=8).map(lambda tail: b"\x92\xa5hello" + tail),
)


@pytest.fixture(scope="module", autouse=True)
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@contextmanager
def at_most(limit_bytes: int) -> Iterator[None]:
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    yield
    assert tracemalloc.get_traced_memory()[1] - before < limit_bytes


def survives(parse: Callable[[bytes], object], data: bytes) -> None:
    """The invariant of every parser of a peer's bytes."""
    with at_most(PARSER_LIMIT_BYTES):
        try:
            parse(data)
        except RemoteProtocolError:
            pass


def survives_receiving(receiver: Receiver, data: bytes, *, now: float) -> None:
    """The same of a receiver, which may keep what it says it holds."""
    before, held = tracemalloc.get_traced_memory()[0], held_bytes(receiver)
    tracemalloc.reset_peak()
    try:
        receiver.receive_datagram(data, now=now)
    except RemoteProtocolError:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    assert peak - before < PARSER_LIMIT_BYTES + max(0, held_bytes(receiver) - held)


def held_bytes(receiver: Receiver) -> int:
    return sum(holder.used_bytes for holder in receiver.holders().values())


def mutate(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    mutable = bytearray(data)
    for place, value in changes:
        mutable[place % len(mutable)] = value
    return bytes(mutable)


changes = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4)


@given(data=st.binary(max_size=2000))
@example(data=b"\x01" + b"\xff" * 1400)
def test_any_bytes_as_a_packet(data: bytes) -> None:
    survives(Packet.parse, data)
    survives(lambda each: Packet.parse(memoryview(each)), data)


@given(data=st.binary(max_size=2000), header=st.binary(min_size=11, max_size=11))
def test_any_bytes_as_parity(data: bytes, header: bytes) -> None:
    survives(ParityPacket.from_bytes, data)
    survives(ParityPacket.from_bytes, b"\x01\x01" + header[2:] + data)


@given(data=st.binary(max_size=2000))
def test_any_bytes_as_control_stream(data: bytes) -> None:
    survives(MessageDecoder(CONTROL).receive, data)


@given(bodies=st.lists(control_bodies, max_size=4), changes=changes)
def test_mutated_control_messages(bodies: list[bytes], changes: list[tuple[int, int]]) -> None:
    framed = b"".join(len(body).to_bytes(4, "big") + body for body in bodies)
    survives(MessageDecoder(CONTROL).receive, framed)
    if framed:
        survives(MessageDecoder(CONTROL).receive, mutate(framed, changes))


@pytest.mark.parametrize(
    "body",
    [
        b"\x92\xda\x7f\xf0" + "🖥".encode() + b"x" * 32_000,
        b"\x92\xa3bye\x81\xa6reason\xda\x7f\x00" + "🖥".encode() + b"x" * 32_000,
        b"\x92\xa3bye\x82\xa4code\x00\xa6reason\xda\x1f\x00" + "🖥".encode() + b"x" * (0x1F00 - 4),
        b"\x92\xa5hello\x81\xa6codecs\xdc\x1f\x00" + b"\xa0" * 0x1F00,
        b"\x92\xa5hello\x81" + b"\x91" * 8000,
        b"\x92\xa5hello\xde\x0f\xff" + b"\xa1a\x01" * 0x0FFF,
    ],
)
def test_bodies_made_to_swell(body: bytes) -> None:
    body = body.ljust(MAX_MESSAGE_BYTES, b"\xc0")
    survives(MessageDecoder(CONTROL).receive, MAX_MESSAGE_BYTES.to_bytes(4, "big") + body)
    trimmed = body.rstrip(b"\xc0")[:MAX_MESSAGE_BYTES]
    survives(MessageDecoder(CONTROL).receive, len(trimmed).to_bytes(4, "big") + trimmed)


@given(data=st.lists(st.binary(max_size=1500), max_size=5))
def test_any_bytes_as_datagrams(data: list[bytes]) -> None:
    receiver = Receiver(ReceiverConfig(window_packets=64))
    for now, datagram in enumerate(data):
        survives_receiving(receiver, datagram, now=now)
        receiver.next_timer()
        receiver.handle_timer(now=now)


VALID = datagrams_of([make_unit(frame_id, size=1500) for frame_id in range(6)])


@given(
    picks=st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.one_of(st.just([]), changes)), max_size=40),
    step_ms=st.sampled_from([0, 1, 20]),
)
@settings(max_examples=60)
def test_mutated_packets_between_valid_ones(picks: list[tuple[int, list[tuple[int, int]]]], step_ms: int) -> None:
    receiver = Receiver(ReceiverConfig(window_packets=64))
    for count, (pick, pick_changes) in enumerate(picks):
        now = count * step_ms / 1000
        datagram = mutate(VALID[pick], pick_changes)
        survives_receiving(receiver, datagram, now=now)
        receiver.handle_timer(now=now)
        receiver.make_feedback(now)
        for event in receiver.events():
            assert not isinstance(event, AccessUnitReceived) or len(event.unit.data) <= len(VALID) * 512


headers = st.builds(
    make_packet,
    st.one_of(st.integers(0, 200), st.integers(0, 2**32 - 1)),
    frame_id=st.one_of(st.integers(0, 3), st.integers(0, 2**32 - 1)),
    index=st.integers(0, 3),
    count=st.integers(1, 65_535),
    flags=st.integers(0, 255),
    epoch=st.integers(0, 255),
    capture_us=st.integers(0, 2**64 - 1),
    payload=st.binary(max_size=40),
)


@given(packets=st.lists(headers, max_size=60), step_ms=st.sampled_from([0, 5, 300]))
@settings(max_examples=60)
def test_a_peer_that_lies_in_every_field(packets: list[Packet], step_ms: int) -> None:
    receiver = Receiver()
    receiver.rtt_s = 0.05
    for count, packet in enumerate(packets):
        now = count * step_ms / 1000
        survives_receiving(receiver, packet.serialize(), now=now)
        receiver.handle_timer(now=now)
        assert all(len(datagram) <= 1170 for datagram in receiver.datagrams_to_send(now=now))
        encode_message(receiver.make_feedback(now))
        due = receiver.next_timer()
        assert due is None or due > now
        receiver.events()


@pytest.mark.parametrize("kind", ["flood behind a gap", "unit without end", "jumps"])
def test_a_flood_stays_within_the_caps(kind: str) -> None:
    config = ReceiverConfig(window_bytes=200_000)
    caps = sum(holder.cap_bytes for holder in Receiver(config).holders().values())
    with at_most(caps + PARSER_LIMIT_BYTES):
        receiver = Receiver(config)
        for count in range(5000):
            packet_id = (
                count + 1 if kind == "flood behind a gap" else count if kind == "unit without end" else count * 7919
            )
            packet = make_packet(packet_id % 2**32, index=count % 65_535, count=65_535, payload=bytes(1146))
            receiver.receive_datagram(packet.serialize(), now=0.0)
            receiver.events()
        assert all(holder.used_bytes <= holder.cap_bytes for holder in receiver.holders().values())
