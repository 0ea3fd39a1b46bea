#!/usr/bin/env python3
"""What a received packet costs the client's end of RIFT: in order, swapped, lost and repaired; and by parts.

Units of 36 packets, 60 a second, as 20 Mbit/s are; after each, reports are written and events taken, as the client
does. Costs are in µs per source packet, p50 and p95 over the units, each kind in turns; repairs and parity count as
part of them. Of the parts, each measured alone on the packets that come in order, only the sum is comparable.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from wavry.media import AccessUnit, UnitTimings
from wavry.rift import Receiver
from wavry.rift.arrivals import ArrivalLog
from wavry.rift.config import ReceiverConfig, SenderConfig
from wavry.rift.delivery import FrameDelivery
from wavry.rift.fec import FecConfig, SourcePacket, StreamingFecDecoder
from wavry.rift.loss import LossTracker
from wavry.rift.packet import Packet
from wavry.rift.packetizer import Packetizer
from wavry.rift.protection import Protection
from wavry.rift.reorder import ReorderBuffer

if TYPE_CHECKING:
    from collections.abc import Callable

UNITS = 600
PACKETS = 36
FRAME_S = 1 / 60
LOSS = 0.01

_SPACING_S = 0.0002
"""Between packets."""

_WARM_UP_UNITS = 20


def make_units(redundancy: float) -> list[list[bytes]]:
    """Return the datagrams of each unit, parity last; no parity if the redundancy is 0."""
    dice = random.Random(1)
    limit = SenderConfig().max_datagram_bytes
    protection = Protection(limit, redundancy)
    packetizer = Packetizer(protection.max_source_bytes)
    data_bytes = PACKETS * (protection.max_source_bytes - 24) - 12
    units = []
    for frame_id in range(UNITS):
        timings = UnitTimings(0, 0, 0)
        unit = AccessUnit(dice.randbytes(data_bytes), frame_id == 0, frame_id, 0, frame_id * 16_667, timings)
        first_id = packetizer.next_packet_id
        datagrams = packetizer.packetize(unit)
        units.append(protection.protect(datagrams, first_id) if redundancy else datagrams)
    return units


def swap_pairs(units: list[list[bytes]]) -> list[list[bytes]]:
    """Swap each fourth pair of packets."""
    swapped = [unit.copy() for unit in units]
    for unit in swapped:
        for at in range(0, len(unit) - 1, 8):
            unit[at], unit[at + 1] = unit[at + 1], unit[at]
    return swapped


def lose(units: list[list[bytes]]) -> list[list[bytes]]:
    """Leave out each packet with a probability of `LOSS`."""
    dice = random.Random(2)
    return [[datagram for datagram in unit if dice.random() >= LOSS] for unit in units]


def receive(units: list[list[bytes]]) -> list[float]:
    """Return what each unit cost, µs per source packet."""
    receiver, costs = Receiver(), []
    for number, unit in enumerate(units):
        now = number * FRAME_S
        began_at = time.perf_counter()
        for datagram in unit:
            now += _SPACING_S
            receiver.receive_datagram(datagram, now=now)
        receiver.datagrams_to_send(now=now)
        receiver.handle_timer(now=now)
        receiver.next_timer()
        receiver.events()
        costs.append((time.perf_counter() - began_at) * 1e6 / PACKETS)
    return costs[_WARM_UP_UNITS:]


def quantiles(costs: list[float]) -> dict[str, float]:
    """Return p50 and p95."""
    ordered = sorted(costs)
    return {"p50": round(ordered[len(ordered) // 2], 2), "p95": round(ordered[int(len(ordered) * 0.95)], 2)}


def measure_parts(units: list[list[bytes]]) -> dict[str, float]:
    """Return the p50 of each part that a packet in order passes, µs per packet; and of what is done once a unit."""
    config = ReceiverConfig()
    window = ReorderBuffer(config.window_packets, config.window_bytes, start=0)
    tracker, log, delivery = LossTracker(0), ArrivalLog(), FrameDelivery(config)
    decoder = StreamingFecDecoder(FecConfig(config.fec_window_packets, config.fec_symbol_bytes))
    receiver = Receiver()

    def note(packet: Packet, _: bytes, now: float) -> None:
        log.note(packet.packet_id, now)

    def protect(packet: Packet, data: bytes, _: float) -> None:
        if not decoder.pass_through(packet.packet_id, data):
            decoder.add_source_packet(SourcePacket(packet.packet_id, data))

    def take(packet: Packet, _: bytes, now: float) -> None:
        delivery.take(packet, arrived_at=now, now=now)

    parts: dict[str, Callable[[Packet, bytes, float], object]] = {
        "calling nothing": lambda packet, data, now: None,
        "parse": lambda packet, data, now: Packet.parse(data),
        "window": lambda packet, data, now: window.pass_through(packet.packet_id),
        "loss tracker": lambda packet, data, now: tracker.record(packet.packet_id),
        "arrival log": note,
        "fec decoder": protect,
        "delivery": take,
    }
    costs: dict[str, list[float]] = {name: [] for name in (*parts, "reports, a unit", "timers, a unit")}
    for number, unit in enumerate(units):
        now = number * FRAME_S
        packets = [(Packet.parse(data), data, now) for data in unit]
        for name, part in parts.items():
            began_at = time.perf_counter()
            for packet, data, at in packets:
                part(packet, data, at)
            costs[name].append((time.perf_counter() - began_at) * 1e6 / PACKETS)
        for _, data, at in packets:
            receiver.receive_datagram(data, now=at)
        began_at = time.perf_counter()
        log.take_reports(now + 1)
        reported_at = time.perf_counter()
        receiver.handle_timer(now=now)
        receiver.next_timer()
        timed_at = time.perf_counter()
        costs["reports, a unit"].append((reported_at - began_at) * 1e6 / PACKETS)
        costs["timers, a unit"].append((timed_at - reported_at) * 1e6 / PACKETS)
        receiver.datagrams_to_send(now=now)
        delivery.events()
        receiver.events()
    return {name: quantiles(some)["p50"] for name, some in costs.items()}


def main() -> None:
    """Measure, print tables, then JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3, help="runs of each kind")
    options = parser.parse_args()
    plain, protected = make_units(0), make_units(0.2)
    kinds = {
        "in order, no parity": plain,
        "each fourth pair swapped, no parity": swap_pairs(plain),
        "in order, 20 % parity": protected,
        "1 % lost, 20 % parity": lose(protected),
    }
    costs: dict[str, list[float]] = {name: [] for name in kinds}
    gc.disable()
    for _ in range(options.turns):
        for name, units in kinds.items():
            costs[name] += receive(units)
            gc.collect()
    results = {name: quantiles(some) for name, some in costs.items()}
    parts = measure_parts(plain)
    for name, result in results.items():
        print(f"{name:38} p50 {result['p50']:5.2f}  p95 {result['p95']:5.2f}")
    for part, cost in parts.items():
        print(f"    {part:34} p50 {cost:5.2f}")
    print(json.dumps({"us_per_packet": results, "parts_p50_us": parts}))


if __name__ == "__main__":
    main()
