from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import ErrorCode, LocalProtocolError, RemoteProtocolError
from wavry.media import Codec
from wavry.rift import (
    CONTROL,
    MAX_MESSAGE_BYTES,
    MAX_MONITORS,
    Bye,
    ChooseMonitor,
    Feedback,
    Hello,
    KeyframeRequest,
    Message,
    MessageDecoder,
    MonitorInfo,
    MonitorList,
    Ping,
    Pong,
    SourceState,
    StreamConfig,
    check_version,
    encode_message,
)

EXAMPLES: list[Message] = [
    Hello(name="Jürgens Rechner 🖥", codecs=("h264", "av2"), max_datagram_bytes=1370),
    StreamConfig(epoch=3, codec=Codec.H264, width=1920, height=1080, fps=60, bitrate_bps=20_000_000),
    KeyframeRequest(epoch=3, after_frame_id=2**32 - 1),
    Feedback(
        epoch=3,
        highest_packet_id=7,
        packets_received=8,
        packets_lost=0,
        packets_duplicate=1,
        frames_received=2,
        frames_lost=0,
        bytes_received=2**40,
        jitter_us=120,
    ),
    Feedback(
        epoch=3,
        highest_packet_id=7,
        packets_received=8,
        packets_lost=0,
        packets_duplicate=1,
        frames_received=2,
        frames_lost=0,
        bytes_received=2**40,
        jitter_us=120,
        reorder_permille=1000,
        fec_pending_groups=2**16 - 1,
        network_us=0,
        playout_us=2**32 - 1,
        decode_us=4000,
        capture_to_decoded_us=None,
    ),
    Ping(ping_id=1, sent_us=2),
    Pong(ping_id=1, sent_us=2, received_us=3),
    SourceState(available=False, reason="the screen went away"),
    MonitorList(monitors=(MonitorInfo(name="DP-1", width=3840, height=2160),), captured=0),
    # As long as it may be.
    MonitorList(monitors=(MonitorInfo(name="🖥" * 64, width=65_535, height=65_535),) * MAX_MONITORS, refusal="ж" * 256),
    ChooseMonitor(number=65_535),
    Bye(code=ErrorCode.SHUTTING_DOWN, reason="later"),
]


OLD_FEEDBACK: dict[str, object] = dict.fromkeys(
    (
        "epoch",
        "highest_packet_id",
        "packets_received",
        "packets_lost",
        "packets_duplicate",
        "frames_received",
        "frames_lost",
        "bytes_received",
        "jitter_us",
    ),
    1,
)
"""What a client of RIFT 1.0 says."""


def frame(kind: object, fields: object) -> bytes:
    body = msgspec.msgpack.encode((kind, fields))
    return len(body).to_bytes(4, "big") + body


@given(messages=st.lists(st.sampled_from(EXAMPLES), max_size=8), cuts=st.lists(st.integers(0, 2000), max_size=10))
def test_messages_survive_any_cut_of_the_stream(messages: list[Message], cuts: list[int]) -> None:
    stream = b"".join(map(encode_message, messages))
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = MessageDecoder(CONTROL)
    received: list[Message] = []
    for begin, end in pairwise(places):
        received += decoder.receive(stream[begin:end])
    assert received == messages


def test_the_framing_stands_as_wire_md_says() -> None:
    wire = encode_message(Ping(ping_id=1, sent_us=2))
    assert wire == b"\x00\x00\x00\x19\x92\xa4ping\x82\xa7ping_id\x01\xa7sent_us\x02"


def test_unknown_kinds_are_skipped_and_counted() -> None:
    decoder = MessageDecoder(CONTROL)
    wire = frame("clipboard", {"text": "x" * 30_000}) + encode_message(EXAMPLES[5]) + frame("", [1, [2, None]])
    assert decoder.receive(wire) == [EXAMPLES[5]]
    assert decoder.messages_skipped == 2


def test_feedback_of_an_older_client_says_nothing_of_what_it_does_not_know() -> None:
    (report,) = MessageDecoder(CONTROL).receive(frame("feedback", OLD_FEEDBACK))
    assert isinstance(report, Feedback)
    assert (report.reorder_permille, report.fec_pending_groups, report.network_us, report.decode_us) == (None,) * 4


def test_unknown_fields_are_ignored_and_absent_ones_have_defaults() -> None:
    assert MessageDecoder(CONTROL).receive(frame("hello", {"version_major": 1, "gpu": ["x"]})) == [Hello()]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("ping", {"ping_id": -1, "sent_us": 0}),
        ("ping", {"ping_id": 2**32, "sent_us": 0}),
        ("ping", {"ping_id": 1}),
        ("ping", {"ping_id": "1", "sent_us": 0}),
        ("ping", [1, 2]),
        ("ping", None),
        ("stream_config", {"epoch": 0, "codec": "x" * 8000, "width": 1, "height": 1, "fps": 1, "bitrate_bps": 1}),
        ("stream_config", {"epoch": 0, "codec": "h264", "width": 0, "height": 1, "fps": 1, "bitrate_bps": 1}),
        ("stream_config", {"epoch": 0, "codec": "h264", "width": 1, "height": 99999, "fps": 1, "bitrate_bps": 1}),
        ("hello", {"name": "x" * 257}),
        ("hello", {"codecs": ["x"] * 17}),
        ("hello", {"codecs": ["x" * 33]}),
        ("hello", {"max_datagram_bytes": 100}),
        ("monitor_list", {"monitors": [{"name": "x", "width": 1, "height": 1}] * 17}),
        ("monitor_list", {"monitors": [{"name": "x" * 65, "width": 1, "height": 1}]}),
        ("monitor_list", {"monitors": [{"width": 0, "height": 1}]}),
        ("monitor_list", {"captured": 16}),
        ("feedback", OLD_FEEDBACK | {"reorder_permille": 1001}),
        ("feedback", OLD_FEEDBACK | {"fec_pending_groups": 2**16}),
        ("feedback", OLD_FEEDBACK | {"network_us": -1}),
        ("feedback", OLD_FEEDBACK | {"decode_us": 2**32}),
        ("feedback", OLD_FEEDBACK | {"capture_to_decoded_us": 1.5}),
        ("choose_monitor", {"number": -1}),
        ("choose_monitor", {"number": 65_536}),
        ("choose_monitor", {}),
        ("bye", {"code": 0, "reason": "x" * 9000}),
        (5, {}),
        (None, {}),
        ("x" * 70, {}),
    ],
)
def test_a_message_out_of_its_bounds_breaks_the_protocol(kind: object, fields: object) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        MessageDecoder(CONTROL).receive(frame(kind, fields))
    assert caught.value.code == ErrorCode.PROTOCOL_VIOLATION
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("size", [0, MAX_MESSAGE_BYTES + 1, 2**32 - 1])
def test_a_length_out_of_bounds_is_refused_before_a_byte_is_kept(size: int) -> None:
    with pytest.raises(RemoteProtocolError, match=f"of {size} bytes"):
        MessageDecoder(CONTROL).receive(size.to_bytes(4, "big"))


@pytest.mark.parametrize(
    "body",
    [
        b"\x92\xa4ping" + b"\x91" * 20_000,
        b"\x92\xa2\xff\xfe\x80",
        b"\xdd\xff\xff\xff\xff",
        b"\x92\xdb\xff\xff\xff\xff",
        b"\x92\xa5hello\x81\xa6codecs\xdd\xff\xff\xff\xff",
        b"\x92\xa5hello\x81\xa4name\xa1\xff",
        b"\x93\xa4ping\x80\x80",
        b"\xc1",
    ],
)
def test_bytes_that_are_no_envelope_break_the_protocol(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        MessageDecoder(CONTROL).receive(len(body).to_bytes(4, "big") + body)


def test_after_a_fault_the_decoder_stays_broken() -> None:
    decoder = MessageDecoder(CONTROL)
    for data in (bytes(4), encode_message(EXAMPLES[4]), b""):
        with pytest.raises(RemoteProtocolError, match="of 0 bytes"):
            decoder.receive(data)


def test_a_message_no_peer_would_take_is_our_own_fault() -> None:
    with pytest.raises(LocalProtocolError, match="Bye of"):
        encode_message(Bye(code=0, reason="x" * 9000))


def test_a_newer_major_version_is_refused_naming_both() -> None:
    with pytest.raises(RemoteProtocolError, match=r"peer speaks RIFT 2\.5, this side 1\.4; update this side") as caught:
        check_version(Hello(version_major=2, version_minor=5))
    assert caught.value.code == ErrorCode.UNSUPPORTED_VERSION


def test_an_older_major_version_is_told_to_update_the_peer() -> None:
    with pytest.raises(RemoteProtocolError, match="update the peer"):
        check_version(Hello(version_major=0))


def test_minor_versions_understand_each_other() -> None:
    check_version(Hello(version_minor=40))
