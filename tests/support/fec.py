"""Streams of protected packets, and the plainest decoder there is: an oracle on top of reedsolo's field."""

from __future__ import annotations

from functools import cache
from operator import xor
from typing import TYPE_CHECKING, TypeAlias

import reedsolo

from wavry.rift.fec import ParityFamily, ParityPacket, SourcePacket, StreamingFecDecoder, StreamingFecEncoder
from wavry.rift.sequence import SERIAL_MASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

Protected: TypeAlias = "SourcePacket | ParityPacket"

reedsolo.init_tables(prim=0x11D)


def protect(
    encoder: StreamingFecEncoder, frames: Iterable[Sequence[bytes]], *, first_packet_id: int = 0
) -> list[Protected]:
    """What leaves for frames of payloads, in order: source packets and the parity between them."""
    stream: list[Protected] = []
    packet_id = first_packet_id
    for payloads in frames:
        for payload in payloads:
            packet = SourcePacket(packet_id & SERIAL_MASK, payload)
            stream += [packet, *encoder.add_source_packet(packet)]
            packet_id += 1
        stream += encoder.end_frame()
    return stream


def random_frames(dice: Random, sizes: Iterable[int], *, longest: int = 1200) -> list[list[bytes]]:
    """Frames of so many packets, each of 1 byte or more."""
    return [[dice.randbytes(dice.randint(1, longest)) for _ in range(size)] for size in sizes]


def deliver(decoder: StreamingFecDecoder, packet: Protected) -> list[SourcePacket]:
    """Hand a packet over as it comes from the wire."""
    if isinstance(packet, SourcePacket):
        return decoder.add_source_packet(packet)
    return decoder.add_parity_packet(ParityPacket.from_bytes(packet.to_bytes()))


def sources_of(stream: Iterable[Protected]) -> list[SourcePacket]:
    return [packet for packet in stream if isinstance(packet, SourcePacket)]


def parity_of(stream: Iterable[Protected]) -> list[ParityPacket]:
    return [packet for packet in stream if isinstance(packet, ParityPacket)]


@cache
def reference_factor(family: ParityFamily, distance: int, index: int, parity_count: int) -> int:
    """By what a source packet enters a parity packet, from the definitions."""
    if family is ParityFamily.SLIDING:
        return int(reedsolo.gf_inverse(1 ^ reedsolo.gf_pow(2, distance + index + 1)))
    remainder = bytearray(reedsolo.rs_encode_msg(bytes([1]) + bytes(distance), parity_count)[distance + 1 :])
    return remainder[index]


def is_covered(parities: Iterable[ParityPacket], lost: Iterable[int]) -> bool:
    """Whether each lost packet can have a parity packet of its own that covers it.

    Windows that begin later end later, so serving the packets in order with the first parity that is left is best.
    """
    left = iter(parities)
    return all(any(covers(parity, packet_id) for parity in left) for packet_id in lost)


def covers(parity: ParityPacket, packet_id: int) -> bool:
    return (packet_id - parity.first_packet_id) & SERIAL_MASK < parity.source_count


@cache
def multiples(factor: int) -> bytes:
    return bytes(reedsolo.gf_mul(factor, element) for element in range(256))


def equation(parity: ParityPacket, lost: Sequence[int]) -> bytes:
    """The factors of the lost packets in a parity packet, 0 for those it does not cover."""
    newest = parity.first_packet_id + parity.source_count - 1
    return bytes(
        reference_factor(parity.family, (newest - packet_id) & SERIAL_MASK, parity.index, parity.parity_count)
        if covers(parity, packet_id)
        else 0
        for packet_id in lost
    )


def determined(parities: Sequence[ParityPacket], lost: Sequence[int]) -> set[int]:
    """Which of the lost packets the equations determine: Gauss-Jordan elimination as in the textbook."""
    rows = [equation(parity, lost) for parity in parities]
    done = 0
    for column in range(len(lost)):
        pivot = next((row for row in range(done, len(rows)) if rows[row][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        rows[done] = rows[done].translate(multiples(reedsolo.gf_inverse(rows[done][column])))
        for other in range(len(rows)):
            if other != done and (factor := rows[other][column]):
                rows[other] = bytes(map(xor, rows[other], rows[done].translate(multiples(factor))))
        done += 1
    return {lost[row.index(1)] for row in rows if row.count(0) == len(lost) - 1}
