"""How much parity, when, over what."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fec import Protected, deliver, parity_of, protect, random_frames, sources_of
from wavry.errors import ConfigError, LocalProtocolError
from wavry.rift.fec import FecConfig, ParityFamily, SourcePacket, StreamingFecDecoder, StreamingFecEncoder

STEADY = FecConfig(200, 1200, 0.2)


def frames_of(*sizes: int) -> list[list[bytes]]:
    return random_frames(random.Random(0), sizes, longest=20)


def add_frame(encoder: StreamingFecEncoder, first_packet_id: int, size: int) -> list[Protected]:
    return protect(encoder, frames_of(size), first_packet_id=first_packet_id)


def windows_of(stream: list[Protected]) -> list[tuple[int, int]]:
    """First packet and size of each flush's window."""
    return list(dict.fromkeys((packet.first_packet_id, packet.source_count) for packet in parity_of(stream)))


@pytest.mark.parametrize(("redundancy", "expected"), [(0.05, 18), (0.1, 36), (0.2, 72), (1 / 3, 120), (0.5, 180)])
def test_over_many_frames_parity_is_the_share_that_was_asked_for(redundancy: float, expected: int) -> None:
    stream = protect(StreamingFecEncoder(FecConfig(200, 1200, redundancy)), frames_of(*[36] * 10))
    assert abs(len(parity_of(stream)) - expected) <= 1


def test_fractions_of_parity_packets_are_carried_over() -> None:
    encoder = StreamingFecEncoder(STEADY)
    counts = [len(parity_of(add_frame(encoder, 7 * frame, 7))) for frame in range(10)]
    assert counts == [1, 1, 2, 1, 2, 1, 1, 2, 1, 2]


def test_each_frame_gets_one_parity_packet_and_small_ones_owe_nothing_for_it() -> None:
    encoder = StreamingFecEncoder(FecConfig(200, 1200, 0.05))
    assert [len(parity_of(add_frame(encoder, frame, 1))) for frame in range(30)] == [1] * 30
    assert len(parity_of(add_frame(encoder, 30, 100))) == 5


def test_a_frame_without_packets_has_no_parity() -> None:
    encoder = StreamingFecEncoder(STEADY)
    assert encoder.end_frame() == []
    stream = add_frame(encoder, 0, 5)
    for _ in range(4):
        assert encoder.end_frame() == []
    assert windows_of(stream + add_frame(encoder, 5, 5)) == [(0, 5), (0, 10)]


def test_the_window_is_the_last_frames() -> None:
    stream = protect(StreamingFecEncoder(FecConfig(200, 1200, 0.2, window_frames=3)), frames_of(10, 4, 1, 7, 20))
    assert windows_of(stream) == [(0, 10), (0, 14), (0, 15), (10, 12), (14, 28)]


def test_the_window_is_one_frame_in_block_mode() -> None:
    stream = protect(StreamingFecEncoder(FecConfig(200, 1200, 0.2, window_frames=1)), frames_of(10, 4, 1))
    assert windows_of(stream) == [(0, 10), (10, 4), (14, 1)]
    assert {packet.family for packet in parity_of(stream)} == {ParityFamily.BLOCK}


def test_the_window_holds_no_more_than_window_size() -> None:
    encoder = StreamingFecEncoder(FecConfig(25, 1200, 0.2, window_frames=3))
    assert windows_of(protect(encoder, frames_of(10, 10, 10))) == [(0, 10), (0, 20), (5, 25)]
    assert encoder.drops == 3  # two more left before, to make room


def test_a_full_window_makes_room_so_that_the_decoder_keeps_no_window_and_a_frame() -> None:
    stream = protect(StreamingFecEncoder(FecConfig(40, 1200, 0.1, window_frames=4)), frames_of(15, 15, 10, 10, 2, 2))
    flushes = {parity.last_packet_id: parity for parity in parity_of(stream)}
    assert windows_of(stream) == [(0, 15), (0, 30), (2, 38), (12, 38), (22, 30), (30, 24)]
    assert [parity.retiring_count for parity in flushes.values()] == [0, 2, 10, 10, 8, 10]
    decoder = StreamingFecDecoder(FecConfig(40, 1200))
    for packet in stream:
        deliver(decoder, packet)
    assert decoder.high_water_bytes - StreamingFecDecoder(decoder.config).used_bytes <= 40 * (20 + 64)


@pytest.mark.parametrize("window_frames", [1, 2, 3])
def test_within_a_frame_larger_than_the_window_parity_is_flushed_early(window_frames: int) -> None:
    encoder = StreamingFecEncoder(FecConfig(40, 1200, 0.2, window_frames=window_frames))
    stream = protect(encoder, frames_of(100))
    assert windows_of(stream)[:2] == [(0, 40), (40, 40)]
    assert len(parity_of(stream)) == 20


def test_who_never_ends_a_frame_gets_parity_all_the_same() -> None:
    encoder = StreamingFecEncoder(FecConfig(10, 1200, 0.2))
    parity = [encoder.add_source_packet(SourcePacket(packet_id, b"x")) for packet_id in range(100)]
    assert sum(map(len, parity)) == 20


def test_what_retires_is_in_no_later_window() -> None:
    stream = protect(StreamingFecEncoder(FecConfig(60, 1200, 0.5)), frames_of(10, 30, 1, 7, 80, 20, 3))
    parity = parity_of(stream)
    for earlier, later in pairwise(parity):
        if earlier.first_packet_id + earlier.source_count < later.first_packet_id + later.source_count:
            assert earlier.first_packet_id + earlier.retiring_count <= later.first_packet_id


settings_of_frames = st.lists(
    st.tuples(
        st.integers(0, 60), st.sampled_from([0.05, 0.2, 0.5]), st.integers(1, 4), st.booleans(), st.integers(0, 59)
    ),
    min_size=1,
    max_size=8,
)


@given(frames=settings_of_frames, window_size=st.sampled_from([1, 2, 20, 200]), seed=st.integers(0, 2**32))
def test_redundancy_and_window_may_change_at_any_packet(
    frames: list[tuple[int, float, int, bool, int]], window_size: int, seed: int
) -> None:
    """Whatever is set, each window is valid on the wire and any single loss of the last is repaired."""
    dice = random.Random(seed)
    encoder = StreamingFecEncoder(FecConfig(window_size, 20, 0.05))
    decoder = StreamingFecDecoder(FecConfig(window_size, 20))
    packet_id = dice.getrandbits(32)
    flush: list[Protected] = []
    known: dict[int, bytes] = {}
    sent: dict[int, bytes] = {}
    for size, redundancy, window_frames, ends, change_at in frames:
        for place in range(size):
            if place == change_at:
                encoder.redundancy = redundancy
                encoder.window_frames = window_frames
            packet = SourcePacket(packet_id % 2**32, dice.randbytes(dice.randint(0, 20)))
            packet_id += 1
            sent[packet.packet_id] = packet.payload
            parity = encoder.add_source_packet(packet)
            flush += [packet, *parity]
            if parity:
                known |= arrive(decoder, dice, flush)
        if ends:
            flush += encoder.end_frame()
            known |= arrive(decoder, dice, flush)
    flush += encoder.end_frame()
    known |= arrive(decoder, dice, flush)
    assert known == sent
    assert encoder.used_bytes <= encoder.high_water_bytes <= encoder.cap_bytes


def arrive(decoder: StreamingFecDecoder, dice: random.Random, flush: list[Protected]) -> dict[int, bytes]:
    """Deliver a flush but for one of its packets, and forget it."""
    if flush:
        del flush[dice.randrange(len(flush))]
    known = {packet.packet_id: packet.payload for arrival in flush for packet in deliver(decoder, arrival)}
    flush.clear()
    return known


def test_a_redundancy_that_falls_leaves_parity_due_within_what_a_window_can_have() -> None:
    encoder = StreamingFecEncoder(FecConfig(200, 20, 0.5, window_frames=1))
    stream: list[Protected] = []
    for packet_id in range(300):
        if packet_id == 160:
            encoder.redundancy = 0.05
        stream += encoder.add_source_packet(SourcePacket(packet_id, b"x"))
    stream += encoder.end_frame()
    assert all(packet.source_count + packet.parity_count <= 255 for packet in parity_of(stream))
    assert sum(count for _, count in windows_of(stream)) == 300


def test_going_to_blocks_and_back_begins_a_window_that_grows() -> None:
    encoder = StreamingFecEncoder(STEADY)
    stream = add_frame(encoder, 0, 10) + add_frame(encoder, 10, 10)
    encoder.window_frames = 1
    stream += add_frame(encoder, 20, 10)
    encoder.window_frames = 3
    stream += add_frame(encoder, 30, 10) + add_frame(encoder, 40, 10)
    assert windows_of(stream) == [(0, 10), (0, 20), (20, 10), (30, 10), (30, 20)]


def test_rewound_packets_of_the_frame_in_the_making_are_replaced() -> None:
    encoder = StreamingFecEncoder(STEADY)
    stream = add_frame(encoder, 0, 10)
    for packet_id in range(10, 15):
        encoder.add_source_packet(SourcePacket(packet_id, b"never sent"))
    encoder.rewind(10)
    stream += add_frame(encoder, 10, 10)
    assert windows_of(stream) == [(0, 10), (0, 20)]
    assert len(parity_of(stream)) == 4
    assert repairs_any_single_loss(stream)


def test_rewinding_past_parity_begins_anew() -> None:
    encoder = StreamingFecEncoder(STEADY)
    sent = add_frame(encoder, 2**32 - 10, 10)
    add_frame(encoder, 0, 10)
    encoder.rewind(0)
    assert encoder.memory_bytes == StreamingFecEncoder(STEADY).memory_bytes
    again = add_frame(encoder, 0, 6)
    assert windows_of(again) == [(0, 6)]
    assert repairs_any_single_loss(sent + again)


def test_rewinding_to_what_is_due_next_changes_nothing() -> None:
    encoder = StreamingFecEncoder(STEADY)
    add_frame(encoder, 0, 10)
    encoder.rewind(10)
    encoder.rewind(12)
    assert windows_of(add_frame(encoder, 10, 10)) == [(0, 20)]


def repairs_any_single_loss(stream: list[Protected]) -> bool:
    sent = {packet.packet_id: packet.payload for packet in sources_of(stream)}
    for lost in sent:
        decoder = StreamingFecDecoder(STEADY)
        known: dict[int, bytes] = {}
        for arrival in stream:
            if not (isinstance(arrival, SourcePacket) and arrival.packet_id == lost):
                known |= {packet.packet_id: packet.payload for packet in deliver(decoder, arrival)}
        if known != sent:
            return False
    return True


def test_an_id_that_does_not_follow_begins_a_new_window() -> None:
    encoder = StreamingFecEncoder(STEADY)
    stream = add_frame(encoder, 0, 10) + add_frame(encoder, 50, 10)
    assert windows_of(stream) == [(0, 10), (50, 10)]


def test_a_payload_larger_than_a_symbol_is_refused_and_changes_nothing() -> None:
    encoder = StreamingFecEncoder(FecConfig(10, 5, 0.2))
    before = encoder.memory_bytes
    with pytest.raises(LocalProtocolError, match="6 bytes, symbols have 5"):
        encoder.add_source_packet(SourcePacket(0, b"123456"))
    assert encoder.memory_bytes == before
    assert encoder.end_frame() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("window_size", 0),
        ("window_size", 201),
        ("symbol_size", 0),
        ("symbol_size", 65_001),
        ("redundancy", 0.04),
        ("redundancy", 0.51),
        ("redundancy", float("nan")),
        ("window_frames", 0),
        ("window_frames", 5),
    ],
)
def test_impossible_settings_are_refused_by_name(field: str, value: float) -> None:
    fields: dict[str, object] = {"window_size": 10, "symbol_size": 10, "redundancy": 0.2, field: value}
    with pytest.raises(ConfigError, match=f"^{field} "):
        FecConfig(**fields)  # type: ignore[arg-type]  # the wrong values are the point
    if field in ("redundancy", "window_frames"):
        encoder = StreamingFecEncoder(STEADY)
        with pytest.raises(ConfigError, match=f"^{field} "):
            setattr(encoder, field, value)


@pytest.mark.parametrize("window_frames", [1, 3])
@pytest.mark.parametrize("size", [50, 90])
def test_after_a_change_of_size_parity_covers_only_what_came_since_and_repairs_it(
    window_frames: int, size: int
) -> None:
    encoder = StreamingFecEncoder(FecConfig(60, 100, 0.2, window_frames=window_frames))
    decoder = StreamingFecDecoder(FecConfig(200, 100))
    encoder.resize(60, 70)
    packet_id = 0
    for frame in range(8):
        if frame == 4:
            encoder.resize(30, size)
            assert encoder.used_bytes == StreamingFecEncoder(encoder.config).used_bytes
        limit = 70 if frame < 4 else size
        sent = [SourcePacket(packet_id + place, bytes([frame, place]) * (limit // 2)) for place in range(10)]
        packet_id += len(sent)
        for packet in sent:
            assert encoder.add_source_packet(packet) == []
        parity = encoder.end_frame()
        assert max(len(each.payload) for each in parity) == limit + 2
        known = [each for packet in sent[:3] + sent[4:] for each in decoder.add_source_packet(packet)]
        known += [each for packet in parity for each in decoder.add_parity_packet(packet)]
        assert sorted(known, key=lambda each: each.packet_id) == sent
        if frame == 4:
            assert {each.first_packet_id for each in parity} == {40}
    assert decoder.recovered == 8


def test_sizes_beyond_what_it_was_made_for_are_refused() -> None:
    encoder = StreamingFecEncoder(FecConfig(60, 100, 0.2))
    for sizes in ((61, 100), (60, 101), (0, 100), (60, 0)):
        with pytest.raises(ConfigError, match="_size"):
            encoder.resize(*sizes)
    assert encoder.cap_bytes == StreamingFecEncoder(FecConfig(60, 100, 0.2)).cap_bytes
    with pytest.raises(LocalProtocolError):
        encoder.add_source_packet(SourcePacket(0, bytes(101)))
    encoder.resize(60, 50)
    with pytest.raises(LocalProtocolError):
        encoder.add_source_packet(SourcePacket(0, bytes(51)))
