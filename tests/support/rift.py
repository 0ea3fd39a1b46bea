"""Makers of units and packets, and what tests of both ends ask of events."""

from __future__ import annotations

from typing import TypeVar

from wavry.media import AccessUnit, UnitTimings
from wavry.rift import AccessUnitReceived, Receiver, Sender, SenderConfig
from wavry.rift.packet import MIN_DATAGRAM_BYTES, Packet

T = TypeVar("T")


def make_unit(
    frame_id: int, *, keyframe: bool | None = None, size: int = 1000, epoch: int = 0, capture_us: int | None = None
) -> AccessUnit:
    """A unit whose bytes tell its frame id; frame 0 is a keyframe unless said otherwise."""
    return AccessUnit(
        data=(frame_id.to_bytes(4, "big") + bytes([epoch]) + bytes(range(256)) * (size // 256 + 1))[:size],
        is_keyframe=frame_id == 0 if keyframe is None else keyframe,
        frame_id=frame_id,
        epoch=epoch,
        capture_us=frame_id * 16_667 if capture_us is None else capture_us,
        timings=UnitTimings(100, 200, 3000),
    )


def make_packet(
    packet_id: int = 0,
    *,
    frame_id: int = 0,
    index: int = 0,
    count: int = 1,
    flags: int = 1,
    epoch: int = 0,
    capture_us: int = 0,
    stream: int = 0,
    payload: bytes = bytes(12) + b"coded",
) -> Packet:
    return Packet(stream, flags, epoch, packet_id, frame_id, index, count, capture_us, payload)


def datagrams_of(units: list[AccessUnit], *, first_packet_id: int = 0) -> list[bytes]:
    """What a sender makes of the units with the smallest datagrams: one packet for each 488 bytes, no parity."""
    config = SenderConfig(max_datagram_bytes=MIN_DATAGRAM_BYTES, first_packet_id=first_packet_id, redundancy=0)
    sender = Sender(config)
    datagrams: list[bytes] = []
    for unit in units:
        assert sender.send_access_unit(unit, now=0.0)
        datagrams += sender.datagrams_to_send(now=0.0)
    return datagrams


def of_type(events: list[object], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def receive_all(receiver: Receiver, datagrams: list[bytes], *, now: float) -> list[object]:
    for datagram in datagrams:
        receiver.receive_datagram(datagram, now=now)
    return list(receiver.events())


def delivered_units(events: list[object]) -> list[AccessUnit]:
    return [event.unit for event in of_type(events, AccessUnitReceived)]


def delivered_ids(events: list[object]) -> list[int]:
    return [unit.frame_id for unit in delivered_units(events)]


def next_timer(receiver: Receiver) -> float | None:
    """When the receiver has something to do besides telling when packets came."""
    receiver.datagrams_to_send(now=float("inf"))
    return receiver.next_timer()
