"""The decoder's window: order, age, lies, memory."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from tests.support.fec import Protected, deliver, parity_of, protect, random_frames, sources_of
from wavry.errors import RemoteProtocolError
from wavry.memory import MemoryBudget
from wavry.rift.config import ReceiverConfig
from wavry.rift.fec import (
    MAX_WINDOW_FRAMES,
    FecConfig,
    ParityFamily,
    ParityPacket,
    SourcePacket,
    StreamingFecDecoder,
    StreamingFecEncoder,
)
from wavry.rift.fec.decoder import MAX_EQUATIONS
from wavry.rift.protection import Protection
from wavry.transport.quic.settings import LARGEST_DATAGRAM_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = FecConfig(100, 1200, 0.2)


def make_stream(*sizes: int, config: FecConfig = CONFIG, first_packet_id: int = 0) -> list[Protected]:
    frames = random_frames(random.Random(0), sizes, longest=config.symbol_size)
    return protect(StreamingFecEncoder(config), frames, first_packet_id=first_packet_id)


def without(stream: list[Protected], *lost: int) -> list[Protected]:
    return [packet for packet in stream if not (isinstance(packet, SourcePacket) and packet.packet_id in lost)]


def ids_given_back(decoder: StreamingFecDecoder, packets: list[Protected]) -> list[int]:
    return [packet.packet_id for arrival in packets for packet in deliver(decoder, arrival)]


def test_a_packet_that_came_is_given_back_once_and_parity_adds_nothing() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10, 10)
    assert ids_given_back(decoder, stream) == list(range(20))
    assert ids_given_back(decoder, sources_of(stream)[15:]) == []  # type: ignore[arg-type]  # lists are invariant
    assert decoder.recovered == 0


def test_the_first_parity_packet_repairs_a_single_loss() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10)
    before = ids_given_back(decoder, without(stream, 4)[:-2])
    (repaired,) = deliver(decoder, stream[-2])
    assert before == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert repaired == sources_of(stream)[4]
    assert decoder.recovered == 1


def test_what_parity_of_one_frame_cannot_repair_that_of_the_next_does() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10, 10, 10)
    assert ids_given_back(decoder, without(stream, 3, 4, 5)[:9]) == [0, 1, 2, 6, 7, 8, 9]
    assert ids_given_back(decoder, without(stream, 3, 4, 5)[9:]) == [*range(10, 20), 3, 4, 5, *range(20, 30)]


def test_a_part_is_given_back_as_soon_as_it_is_determined() -> None:
    decoder = StreamingFecDecoder(FecConfig(100, 1200, 0.5))
    stream = make_stream(4, 4, config=FecConfig(100, 1200, 0.05, window_frames=1))
    lost_all_of_the_second = without(stream, 1, 4, 5, 6, 7)
    assert ids_given_back(decoder, lost_all_of_the_second) == [0, 2, 3, 1]


def test_a_late_source_packet_helps_the_parity_that_waits() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10)
    assert ids_given_back(decoder, without(stream, 1, 2, 3)) == [0, 4, 5, 6, 7, 8, 9]
    assert ids_given_back(decoder, [sources_of(stream)[2]]) == [2, 1, 3]


def test_parity_that_comes_before_its_packets_waits_for_them() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(5)
    assert ids_given_back(decoder, [stream[-1], *without(stream[:-1], 2)]) == [0, 1, 3, 4, 2]


def test_a_lost_start_is_repaired_and_a_late_one_belongs_to_the_stream() -> None:
    stream = make_stream(10, first_packet_id=2**32 - 4)
    assert ids_given_back(StreamingFecDecoder(CONFIG), without(stream, 2**32 - 4))[-1] == 2**32 - 4
    decoder = StreamingFecDecoder(CONFIG)
    assert ids_given_back(decoder, [stream[1], stream[0], stream[2]]) == [2**32 - 3, 2**32 - 4, 2**32 - 2]


def test_what_may_still_be_repaired_is_what_the_window_says() -> None:
    decoder = StreamingFecDecoder(FecConfig(100, 1200, 0.2, window_frames=2))
    stream = make_stream(10, 10, 10, config=FecConfig(100, 1200, 0.2, window_frames=2))
    ids_given_back(decoder, without(stream, 0, 1, 2, 3, 15)[:18])  # up to the first parity of the second frame
    assert decoder.can_still_repair(0)
    assert decoder.can_still_repair(25)
    ids_given_back(decoder, stream[-12:])
    assert not decoder.can_still_repair(0)
    assert not decoder.can_still_repair(19)
    assert decoder.can_still_repair(20)


def test_what_is_behind_the_window_is_given_up_and_nothing_is_held_for_it() -> None:
    config = FecConfig(20, 100, 0.05)
    decoder = StreamingFecDecoder(config)
    stream = make_stream(*[10] * 30, config=config)
    ids_given_back(decoder, without(stream, *range(0, 300, 3)))
    ids_given_back(decoder, make_stream(*[10] * 30, config=config, first_packet_id=300))
    assert decoder.used_bytes <= 52 * (100 + 64) + StreamingFecDecoder(config).used_bytes
    assert decoder.high_water_bytes <= decoder.cap_bytes


def test_equations_outlive_the_packets_they_were_reduced_by() -> None:
    """Known packets are forgotten while parity over them waits for two lost ones; it is repaired all the same."""
    config = FecConfig(40, 1200, 0.05, window_frames=2)
    decoder = StreamingFecDecoder(config)
    stream = make_stream(20, 20, config=config)
    ids_given_back(decoder, without(stream, 30, 31))
    held = decoder.used_bytes
    ids_given_back(decoder, [*sources_of(make_stream(61, first_packet_id=40))])  # 29 is the oldest that is kept now
    assert decoder.used_bytes < held + (72 - 38) * (1200 + 64)
    assert ids_given_back(decoder, [sources_of(stream)[28]]) == []
    assert ids_given_back(decoder, [sources_of(stream)[30]]) == [30, 31]


@pytest.mark.parametrize("jump", [400, 5000, 2**31, -3100])
def test_one_id_far_away_changes_nothing_and_two_begin_anew(jump: int) -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10, 10)
    ids_given_back(decoder, without(stream, 13)[:15])
    held = decoder.used_bytes
    far = (14 + jump) % 2**32
    assert ids_given_back(decoder, [SourcePacket(far, b"forged")]) == [far]
    assert decoder.used_bytes == held
    assert 13 in ids_given_back(decoder, without(stream, 13)[15:])
    for packet_id in (far + 1, far + 2):
        assert ids_given_back(decoder, [SourcePacket(packet_id % 2**32, b"elsewhere")]) == [packet_id % 2**32]
    assert ids_given_back(decoder, [SourcePacket((far + 2) % 2**32, b"elsewhere")]) == []


def test_parity_far_away_counts_as_dropped_and_moves_nothing() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10)
    ids_given_back(decoder, without(stream, 9)[:9])
    for first in (200, 2**31, 2**32 - 5000):
        decoder.add_parity_packet(ParityPacket(ParityFamily.SLIDING, first, 100, 9, 10, 0, bytes(50)))
    assert decoder.used_bytes - StreamingFecDecoder(CONFIG).used_bytes == sum(
        len(packet.payload) + 64 for packet in sources_of(stream)[:9]
    )
    assert ids_given_back(decoder, stream[10:]) == [9]


@pytest.mark.parametrize("place", [0, 700, 1201])
def test_parity_that_was_damaged_in_the_length_or_behind_the_end_repairs_nothing(place: int) -> None:
    """Within a payload only what is around this code can see it: QUIC's authentication."""
    stream = protect(StreamingFecEncoder(CONFIG), [[b"a" * 1200, b"b" * 600, b"c" * 10]])
    (parity,) = parity_of(stream)
    damaged = bytearray(parity.payload)
    damaged[place] ^= 0x80
    parity.payload = bytes(damaged)
    decoder = StreamingFecDecoder(CONFIG)
    assert ids_given_back(decoder, without(stream, 2)) == [0, 1]
    assert decoder.corrupt == 1
    assert ids_given_back(decoder, [sources_of(stream)[2]]) == [2]


def test_a_repair_from_intact_parity_follows_one_from_damaged() -> None:
    decoder = StreamingFecDecoder(CONFIG)
    stream = make_stream(10)
    damaged, intact = parity_of(stream)
    original = damaged.payload
    damaged.payload = b"\xff" * len(original)
    ids_given_back(decoder, without(stream, 4)[:9])
    assert decoder.add_parity_packet(damaged) == []
    assert decoder.corrupt == 1
    assert decoder.add_parity_packet(intact) == [sources_of(stream)[4]]


@pytest.mark.parametrize(
    "packet",
    [
        SourcePacket(0, bytes(1201)),
        ParityPacket(ParityFamily.BLOCK, 0, 10, 0, 1, 0, bytes(1203)),
        ParityPacket(ParityFamily.BLOCK, 0, 101, 0, 1, 0, bytes(10)),
    ],
)
def test_what_the_configuration_does_not_allow_is_refused(packet: Protected) -> None:
    decoder = StreamingFecDecoder(CONFIG)
    with pytest.raises(RemoteProtocolError):
        deliver(decoder, packet)
    assert decoder.used_bytes == StreamingFecDecoder(CONFIG).used_bytes


def flood(decoder: StreamingFecDecoder, steps: int) -> Iterator[None]:
    """Have a peer make parity up around a window that moves on across the wrap."""
    dice = random.Random(7)
    place = 2**32 - steps // 2
    for _ in range(steps):
        place += dice.choice([0, 0, 1, 2, 30])
        if dice.random() < 0.3:
            decoder.add_source_packet(SourcePacket(place % 2**32, dice.randbytes(dice.randint(0, 50))))
        else:
            count, parities = dice.randint(1, 200), dice.randint(1, 55)
            first = (place + dice.randint(-300, 300)) % 2**32
            index, retiring = dice.randrange(parities), dice.randint(0, count)
            family = dice.choice(list(ParityFamily))
            payload = dice.randbytes(dice.randint(2, 52))
            decoder.add_parity_packet(ParityPacket(family, first, count, index, parities, retiring, payload))
        yield


def test_a_peer_that_makes_parity_up_stays_within_the_cap() -> None:
    decoder = StreamingFecDecoder(FecConfig(200, 50, 0.2))
    for _ in flood(decoder, 6000):
        assert decoder.used_bytes <= decoder.high_water_bytes <= decoder.cap_bytes
    assert decoder.drops > 0
    assert decoder.corrupt > 0


def test_what_is_held_under_a_flood_is_what_is_claimed() -> None:
    config = FecConfig(200, 50, 0.2)
    for _ in flood(StreamingFecDecoder(config), 1000):  # fills tables and caches
        pass
    gc.collect()
    tracemalloc.start()
    decoder = StreamingFecDecoder(config)
    for step, _ in enumerate(flood(decoder, 1000)):
        if step % 50 == 0:
            assert tracemalloc.get_traced_memory()[0] < decoder.used_bytes + 12_000  # of the flood's dice
    tracemalloc.stop()


def test_when_too_much_parity_waits_the_oldest_gives_way() -> None:
    decoder = StreamingFecDecoder(FecConfig(200, 50, 0.2))
    decoder.add_source_packet(SourcePacket(0, b""))
    for index in range(99):
        for first in (1, 101):
            decoder.add_parity_packet(ParityPacket(ParityFamily.SLIDING, first, 100, index, 100, 0, bytes(50)))
    held = decoder.used_bytes - StreamingFecDecoder(decoder.config).used_bytes
    assert held < (MAX_EQUATIONS + 1) * (50 + 2 + 1024) + 400 * 160
    assert decoder.drops > 0


@pytest.mark.parametrize(("max_datagram_bytes", "packets"), [(1170, 36), (1320, 32), (LARGEST_DATAGRAM_BYTES, 30)])
def test_encoder_and_decoder_hold_less_than_300_kb_at_20_mbit(max_datagram_bytes: int, packets: int) -> None:
    """What a host and a client make: frames of 42 kB in the largest packets, and each end has them for itself."""
    settings = ReceiverConfig()
    config = FecConfig(window_size=settings.fec_window_packets, symbol_size=settings.fec_symbol_bytes)
    protection = Protection(LARGEST_DATAGRAM_BYTES, 0.2)
    protection.resize(max_datagram_bytes)
    encoder, decoder = protection.encoder, StreamingFecDecoder(config)
    assert encoder.window_frames == MAX_WINDOW_FRAMES
    protect(StreamingFecEncoder(CONFIG), random_frames(random.Random(0), [36], longest=9))  # makes the tables
    gc.collect()
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    most = packet_id = 0
    windows: set[int] = set()
    for frame in range(12):
        for place in range(packets):
            payload = bytes([frame]) + bytes([place]) * (protection.max_source_bytes - 1)
            encoder.add_source_packet(SourcePacket(packet_id, payload))
            if (frame, place) != (5, 20):
                decoder.add_source_packet(SourcePacket(packet_id, bytes(bytearray(payload))))
            packet_id += 1
        held = tracemalloc.get_traced_memory()[0] - base
        most = max(most, held)
        assert held < encoder.memory_bytes + decoder.memory_bytes
        for packet in encoder.end_frame():
            windows.add(packet.source_count)
            decoder.add_parity_packet(packet)
    tracemalloc.stop()
    assert decoder.recovered == 1
    most_packets = min(122, 141_200 // protection.max_source_bytes)
    assert most_packets - 2 < max(windows) <= most_packets  # it was full
    assert most < 300_000


def test_both_ends_can_stand_in_the_budget() -> None:
    budget = MemoryBudget()
    for name, holder in (("encoder", StreamingFecEncoder(CONFIG)), ("decoder", StreamingFecDecoder(CONFIG))):
        budget.register(f"rift.fec.{name}", holder, policy=holder.policy)
        assert holder.memory_bytes == holder.used_bytes
    assert all(entry.used_bytes <= entry.cap_bytes for entry in budget.entries())


def test_who_loses_nothing_never_imports_numpy() -> None:
    program = (
        "import sys\n"
        "from wavry.rift.fec import *\n"
        "decoder = StreamingFecDecoder(FecConfig(10, 10, 0.2))\n"
        "decoder.add_source_packet(SourcePacket(0, b'x'))\n"
        "decoder.add_parity_packet(ParityPacket(ParityFamily.SLIDING, 0, 1, 9, 10, 0, b'123'))\n"
        "sys.exit('numpy' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_a_repair_imports_nothing_once_the_arithmetic_is_loaded() -> None:
    program = (
        "import sys\n"
        "from wavry.rift.fec import *\n"
        "load_arithmetic()\n"
        "before = set(sys.modules)\n"
        "decoder = StreamingFecDecoder(FecConfig(10, 10, 0.2))\n"
        "repaired = decoder.add_parity_packet(ParityPacket(ParityFamily.SLIDING, 0, 1, 9, 10, 0, bytes(3)))\n"
        "sys.exit(not repaired or set(sys.modules) != before)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
