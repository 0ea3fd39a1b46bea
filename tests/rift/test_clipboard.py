"""A clipboard's text on the wire: sender and receiver, without a clipboard."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clipboard import text_of
from wavry.errors import RemoteProtocolError
from wavry.rift import Message, MessageDecoder, MessageKinds, encode_message
from wavry.rift.clipboard import (
    MAX_DATA_BYTES,
    MAX_TEXT_BYTES,
    TO_HOST,
    ClipboardData,
    ClipboardOffer,
    ClipboardReady,
    ClipboardReceiver,
    ClipboardSender,
)
from wavry.rift.clipboard.sender import MAX_BACKLOG_BYTES

RATE_BPS = 1_000_000


def receive(receiver: ClipboardReceiver, message: Message) -> bytes | None:
    if isinstance(message, ClipboardOffer):
        return receiver.receive_offer(message)
    assert isinstance(message, ClipboardData)
    return receiver.receive_data(message)


def say_all(sender: ClipboardSender, now: float) -> tuple[list[Message], float]:
    """Let everything be said to a peer that acknowledges at once; return it and when it was done."""
    said: list[Message] = []
    while not sender.is_idle:
        message = sender.next_message(backlog_bytes=0, now=now)
        if message is None:
            assert sender.next_timer is not None
            assert sender.next_timer > now
            now = sender.next_timer
        else:
            said.append(message)
    return said, now


@pytest.mark.parametrize("size", [0, 1, MAX_DATA_BYTES, 65_536, MAX_TEXT_BYTES])
def test_a_text_arrives_exactly(size: int) -> None:
    sender, receiver = ClipboardSender(RATE_BPS), ClipboardReceiver()
    sender.offer(text_of(size))
    *before, last = [receive(receiver, message) for message in say_all(sender, 5.0)[0]]
    assert set(before) <= {None}
    assert last == text_of(size)
    assert (receiver.used_bytes, receiver.high_water_bytes) == (0, size)
    assert receiver.high_water_bytes <= receiver.cap_bytes


def test_messages_survive_the_stream() -> None:
    said: list[Message] = [
        ClipboardReady(),
        ClipboardOffer(transfer=2**32 - 1, size_bytes=MAX_TEXT_BYTES),
        ClipboardData(transfer=0, data=bytes(MAX_DATA_BYTES)),
    ]
    assert MessageDecoder(MessageKinds(TO_HOST)).receive(b"".join(map(encode_message, said))) == said


@pytest.mark.parametrize(
    "message",
    [
        ClipboardOffer(transfer=0, size_bytes=MAX_TEXT_BYTES + 1),
        ClipboardOffer(transfer=0, size_bytes=-1),
        ClipboardOffer(transfer=2**32, size_bytes=0),
        ClipboardData(transfer=0, data=b""),
        ClipboardData(transfer=0, data=bytes(MAX_DATA_BYTES + 1)),
    ],
)
def test_what_is_out_of_bounds_breaks_the_protocol(message: Message) -> None:
    with pytest.raises(RemoteProtocolError):
        MessageDecoder(MessageKinds(TO_HOST)).receive(encode_message(message))


@given(
    texts=st.lists(st.tuples(st.text(max_size=3000), st.integers(0, 6)), min_size=1, max_size=8),
    rate_bps=st.integers(50_000, 20_000_000),
)
def test_of_texts_that_overtake_each_other_the_last_arrives_and_none_in_part(
    texts: list[tuple[str, int]], rate_bps: int
) -> None:
    sender, receiver = ClipboardSender(rate_bps), ClipboardReceiver()
    whole, now = [], 0.0
    for text, count in texts:
        sender.offer(text.encode())
        for _ in range(count):  # so much of it is said before the next one comes
            now = max(now, sender.next_timer or 0.0)
            message = sender.next_message(backlog_bytes=0, now=now)
            if message is not None:
                whole.append(receive(receiver, message))
    whole += [receive(receiver, message) for message in say_all(sender, now)[0]]
    arrived = [text for text in whole if text is not None]
    assert arrived[-1] == texts[-1][0].encode()
    assert set(arrived) <= {text.encode() for text, _ in texts}
    assert receiver.used_bytes == 0


@given(text=st.text(min_size=1, max_size=400), cuts=st.lists(st.integers(1, 30), min_size=1))
def test_a_text_may_be_cut_anywhere(text: str, cuts: list[int]) -> None:
    receiver, data = ClipboardReceiver(), text.encode()
    receiver.receive_offer(ClipboardOffer(transfer=7, size_bytes=len(data)))
    begin = 0
    pieces: list[bytes | None] = []
    while begin < len(data):
        size = cuts[len(pieces) % len(cuts)]
        pieces.append(receiver.receive_data(ClipboardData(transfer=7, data=data[begin : begin + size])))
        begin += size
    assert pieces[-1] == data
    assert set(pieces[:-1]) <= {None}


def test_more_than_was_offered_breaks_the_protocol() -> None:
    receiver = ClipboardReceiver()
    receiver.receive_offer(ClipboardOffer(transfer=1, size_bytes=3))
    assert receiver.receive_data(ClipboardData(transfer=1, data=b"ab")) is None
    with pytest.raises(RemoteProtocolError, match="longer than the 3 bytes"):
        receiver.receive_data(ClipboardData(transfer=1, data=b"cd"))


@pytest.mark.parametrize("data", [b"\xff", b"ab\xc3", b"\xed\xa0\x80", b"\xc0\x80"])
def test_what_is_not_utf8_breaks_the_protocol(data: bytes) -> None:
    receiver = ClipboardReceiver()
    receiver.receive_offer(ClipboardOffer(transfer=1, size_bytes=len(data)))
    with pytest.raises(RemoteProtocolError, match="not UTF-8"):
        receiver.receive_data(ClipboardData(transfer=1, data=data))


def test_pieces_of_a_text_that_is_not_expected_are_ignored() -> None:
    receiver = ClipboardReceiver()
    assert receiver.receive_data(ClipboardData(transfer=1, data=b"ab")) is None
    receiver.receive_offer(ClipboardOffer(transfer=2, size_bytes=2))
    assert receiver.receive_data(ClipboardData(transfer=1, data=b"ab")) is None
    assert receiver.receive_data(ClipboardData(transfer=2, data=b"cd")) == b"cd"
    assert receiver.receive_data(ClipboardData(transfer=2, data=b"cd")) is None


def test_an_offer_allocates_nothing() -> None:
    receiver = ClipboardReceiver()
    receiver.receive_offer(ClipboardOffer(transfer=1, size_bytes=MAX_TEXT_BYTES))
    assert receiver.used_bytes == 0
    receiver.receive_data(ClipboardData(transfer=1, data=b"half a charact\xc3"))
    receiver.receive_offer(ClipboardOffer(transfer=2, size_bytes=1))
    assert (receiver.used_bytes, receiver.drops) == (0, 1)
    assert receiver.receive_data(ClipboardData(transfer=2, data=b"x")) == b"x"  # the other half is forgotten


@pytest.mark.parametrize("rate_bps", [500_000, 2_000_000, 50_000_000])
def test_a_text_takes_as_long_as_its_rate_says(rate_bps: int) -> None:
    sender = ClipboardSender(rate_bps)
    sender.offer(text_of(MAX_TEXT_BYTES))
    said, done_at = say_all(sender, 100.0)
    assert done_at - 100.0 == pytest.approx(MAX_TEXT_BYTES * 8 / rate_bps, rel=0.02, abs=0.06)
    pieces = [len(message.data) for message in said if isinstance(message, ClipboardData)]
    assert max(pieces) <= MAX_DATA_BYTES
    assert sum(pieces) == MAX_TEXT_BYTES


def test_a_peer_that_acknowledges_nothing_is_sent_no_more_than_the_backlog_allows() -> None:
    sender, backlog_bytes, now = ClipboardSender(4_000_000), 0, 0.0
    sender.offer(text_of(MAX_TEXT_BYTES))
    while (due := sender.next_timer) is not None:
        now = max(now, due)
        message = sender.next_message(backlog_bytes=backlog_bytes, now=now)
        if message is not None:
            backlog_bytes += len(encode_message(message))
    assert MAX_BACKLOG_BYTES / 2 < backlog_bytes <= MAX_BACKLOG_BYTES + 200
    assert sender.next_message(backlog_bytes=0, now=now) is not None  # it took all of it
    assert sender.next_timer is not None


def test_a_cancelled_text_is_not_finished() -> None:
    sender = ClipboardSender(RATE_BPS)
    sender.offer(text_of(100_000))
    assert isinstance(sender.next_message(backlog_bytes=0, now=0.0), ClipboardOffer)
    sender.cancel()
    assert sender.is_idle
    assert sender.next_message(backlog_bytes=0, now=9.0) is None
    assert sender.next_timer is None
