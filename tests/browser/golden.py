"""What the real Python code does, written down for the JavaScript twins to do as well: `golden.mjs` reads it.

A file is records back to back: the size of the body (4 bytes, big-endian), a letter, the body. Of FEC:

    P  a source packet of the stream in the making: its id (4 bytes), its payload
    Q  a parity packet of it, as on the wire
    L  a pattern of losses: how many packets arrive (2), which (2 each, places in the stream), and behind that what a
       new decoder gives back of those that did not: after which arrival (2) and which id (4)
    E  the end of the stream; another may follow

Of a receiver, in the order of its calls; times are 8 bytes, IEEE 754:

    N  a new receiver: its settings, JSON
    R  the round trip is known: seconds
    D  a datagram: the time, 1 if it is malformed (1 byte), its bytes
    T  the timer: the time
    X  when it is due next: seconds, NaN for never
    S  what is sent: the time, then datagrams, each behind its size (4)
    V  events: JSON
    F  feedback: the time, then JSON
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import struct
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from network.conditions import Blackout, LinkConditions, PathConditions
from network.encoder import StreamShape
from network.loss import BurstLoss, RandomLoss
from network.simulation import Simulation
from tests.fuzz.mutation import mutate
from tests.support.fec import deliver
from tests.support.fec_patterns import LONGEST, random_losses, random_stream, shuffled
from wavry.errors import RemoteProtocolError
from wavry.rift import (
    AccessUnitReceived,
    Feedback,
    FrameLost,
    Receiver,
    ReceiverConfig,
    ReceiverEvent,
    SenderConfig,
)
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder
from wavry.rift.receiver import NO_PICTURE, PictureTimes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from tests.support.fec import Protected

PATTERNS_PER_STREAM = 50
_MOST_PACKETS = (20, 40, 20, 40, 20, 40, 20, 220)
"""Of the streams, in turn; the decoder in Python takes a millisecond for the largest."""

_LONG_PACKETS = 900
"""Of those that are longer than what a decoder keeps, so that it has to forget."""

_TIME_LIMIT_US = 2**53
"""JavaScript takes later times of capture for malformed."""


def write(file: BinaryIO, kind: str, body: bytes) -> None:
    """Write one record."""
    file.write(struct.pack(">I", len(body)) + kind.encode() + body)


def read(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Return the records of a file, kind and body."""
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        yield chr(data[at + 4]), data[at + 5 : at + 5 + size]
        at += 5 + size


def split(data: bytes) -> list[bytes]:
    """Return the datagrams of an `S` record, behind its time."""
    datagrams, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        datagrams.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return datagrams


# FEC.


def write_fec(path: Path, seed: int, patterns: int, *, long_patterns: int) -> int:
    """Write so many patterns of losses and what the decoder repairs; return how many packets that are."""
    dice = random.Random(seed)
    repaired = 0
    with path.open("wb") as file:
        for number in range(0, patterns, PATTERNS_PER_STREAM):
            most_packets = _MOST_PACKETS[number // PATTERNS_PER_STREAM % len(_MOST_PACKETS)]
            stream = random_stream(dice, most_packets)
            repaired += _write_stream(file, dice, stream, min(PATTERNS_PER_STREAM, patterns - number))
        for _ in range(long_patterns):
            stream = random_stream(dice, _LONG_PACKETS)
            while len(stream) < _LONG_PACKETS // 2:
                stream = random_stream(dice, _LONG_PACKETS)
            delay = dice.choice([0, 60, 150, 220])
            repaired += _write_stream(file, dice, stream, 1, parity_delay=delay)
    return repaired


def _write_stream(
    file: BinaryIO, dice: Random, stream: list[Protected], patterns: int, *, parity_delay: int = 0
) -> int:
    for packet in stream:
        if isinstance(packet, SourcePacket):
            write(file, "P", struct.pack(">I", packet.packet_id) + packet.payload)
        else:
            write(file, "Q", packet.to_bytes())
    repaired = sum(_write_pattern(file, dice, stream, parity_delay) for _ in range(patterns))
    write(file, "E", b"")
    return repaired


def _write_pattern(file: BinaryIO, dice: Random, stream: list[Protected], parity_delay: int) -> int:
    is_lost = random_losses(dice, len(stream))
    arrivals = shuffled(dice, [place for place, gone in enumerate(is_lost) if not gone])
    if parity_delay:
        arrivals.sort(key=lambda place: place + parity_delay * isinstance(stream[place], ParityPacket))
    decoder = StreamingFecDecoder(FecConfig(200, LONGEST))
    given_back: list[bytes] = []
    for step, place in enumerate(arrivals):
        packet = stream[place]
        known = deliver(decoder, packet)
        repaired = known[isinstance(packet, SourcePacket) :]
        given_back += [struct.pack(">HI", step, each.packet_id) for each in repaired]
    body = struct.pack(f">{len(arrivals) + 1}H", len(arrivals), *arrivals) + b"".join(given_back)
    write(file, "L", body)
    return len(given_back)


# A receiver.


class RecordingReceiver(Receiver):
    """A receiver of which each call is written down with what came of it."""

    def __init__(self, file: BinaryIO, config: ReceiverConfig, rtt_s: float | None, dice: Random) -> None:
        super().__init__(config)
        self._file = file
        self._dice = dice
        self._forged_share = 0.0
        write(file, "N", json.dumps(camel_case(asdict(config))).encode())
        if rtt_s is not None:
            self.rtt_s = rtt_s
            write(file, "R", struct.pack(">d", rtt_s))

    def forge(self, share: float) -> None:
        """From now on, before such a share of the datagrams comes a mutated one."""
        self._forged_share = share

    def receive_datagram(self, data: bytes, *, now: float) -> None:
        if self._dice.random() < self._forged_share:
            self._receive(mutate(self._dice, data), now)
        self._receive(data, now)

    def _receive(self, data: bytes, now: float) -> None:
        if data[1:2] != b"\1" and int.from_bytes(data[16:24], "big") >= _TIME_LIMIT_US:
            return
        is_malformed = False
        try:
            super().receive_datagram(data, now=now)
        except RemoteProtocolError:
            is_malformed = True
        write(self._file, "D", struct.pack(">dB", now, is_malformed) + data)

    def handle_timer(self, *, now: float) -> None:
        super().handle_timer(now=now)
        write(self._file, "T", struct.pack(">d", now))

    def next_timer(self) -> float | None:
        due = super().next_timer()
        write(self._file, "X", struct.pack(">d", math.nan if due is None else due))
        return due

    def datagrams_to_send(self, *, now: float) -> list[bytes]:
        datagrams = super().datagrams_to_send(now=now)
        sized = [struct.pack(">I", len(each)) + each for each in datagrams]
        write(self._file, "S", struct.pack(">d", now) + b"".join(sized))
        return datagrams

    def events(self) -> list[ReceiverEvent]:
        events = super().events()
        if events:
            write(self._file, "V", json.dumps([_describe(event) for event in events]).encode())
        return events

    def make_feedback(
        self, now: float, *, is_playout_behind: bool = False, picture: PictureTimes = NO_PICTURE
    ) -> Feedback:
        feedback = super().make_feedback(now, is_playout_behind=is_playout_behind, picture=picture)
        fields = json.dumps(camel_case(msgspec.structs.asdict(feedback))).encode()
        write(self._file, "F", struct.pack(">d", now) + fields)
        return feedback


def _describe(event: ReceiverEvent) -> list[object]:
    if isinstance(event, AccessUnitReceived):
        unit, timings = event.unit, event.unit.timings
        digest = hashlib.sha256(unit.data).hexdigest()
        times = [timings.captured_us, timings.encode_started_us, timings.encoded_us]
        fields = [unit.epoch, unit.frame_id, unit.is_keyframe, unit.capture_us, *times, digest]
        return ["AccessUnitReceived", *fields, event.first_arrival_at, event.completed_at]
    if isinstance(event, FrameLost):
        return ["FrameLost", event.frame_id, event.reason.value, event.count]
    return ["KeyframeNeeded", event.epoch, event.after_frame_id]


def camel_case(fields: dict[str, object]) -> dict[str, object]:
    """Return fields by the names that JavaScript has for them."""
    return {head + rest.title().replace("_", ""): value for (head, rest), value in _split_names(fields)}


def _split_names(fields: dict[str, object]) -> Iterator[tuple[tuple[str, str], object]]:
    for name, value in fields.items():
        head, _, rest = name.partition("_")
        yield (head, rest), value


CALM = LinkConditions(latency_s=0.005, jitter_s=0.001)
LINKS: dict[str, tuple[LinkConditions, SenderConfig, ReceiverConfig, float | None, float]] = {
    "losses and swaps, parity and answers": (
        replace(CALM, jitter_reorders=True, loss=RandomLoss(0.04), reordered_share=0.02, duplicated_share=0.02),
        SenderConfig(max_datagram_bytes=512),
        ReceiverConfig(),
        0.01,
        0.0,
    ),
    "bursts, parity alone": (
        replace(CALM, loss=BurstLoss(0.05, 2, 6)),
        SenderConfig(max_datagram_bytes=512, redundancy=0.3),
        ReceiverConfig(),
        None,
        0.0,
    ),
    "blackouts, answers alone": (
        replace(CALM, blackouts=(Blackout(0.2, 0.03), Blackout(0.6, 0.4), Blackout(1.3, 0.05))),
        SenderConfig(max_datagram_bytes=512, redundancy=0),
        ReceiverConfig(),
        0.012,
        0.0,
    ),
    "a small window, ids that wrap": (
        replace(CALM, jitter_s=0.004, jitter_reorders=True, loss=RandomLoss(0.01), duplicated_share=0.1),
        SenderConfig(max_datagram_bytes=512, first_packet_id=2**32 - 50),
        ReceiverConfig(window_packets=48, window_bytes=64_000, first_packet_id=None),
        0.02,
        0.0,
    ),
    "damage and forgery": (
        replace(CALM, loss=RandomLoss(0.01), corrupted_share=0.005),
        SenderConfig(max_datagram_bytes=512),
        ReceiverConfig(),
        0.01,
        0.01,
    ),
}
"""By name: the link, both ends, the round trip that the receiver knows, and the share of forged datagrams."""


def write_receiver(path: Path, seed: int, seconds: float) -> dict[str, int]:
    """Write what a receiver does on each of the links; return how many frames each delivered."""
    delivered: dict[str, int] = {}
    with path.open("wb") as file:
        for name, (link, sender_config, receiver_config, rtt_s, forged_share) in LINKS.items():
            simulation = Simulation(
                PathConditions.both(link),
                StreamShape(bitrate_bps=4e6),
                seed=f"{seed} {name}",
                sender_config=sender_config,
                receiver_config=receiver_config,
            )
            receiver = RecordingReceiver(file, receiver_config, rtt_s, random.Random(f"{seed} {name}"))
            receiver.forge(forged_share)
            simulation.receiver = receiver
            simulation.run(seconds)
            delivered[name] = simulation.finish().frames_delivered
    return delivered
