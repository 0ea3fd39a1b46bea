"""When packets arrived: the viewer's log of it, and the datagram that tells the host. WIRE.md section 4 is the truth.

    Receiver's shell ─note(packet_id, arrived_at)─► ArrivalLog ─take_reports(now)─► datagrams
    host: ArrivalReport.parse(datagram) ─► (packet_id, arrived_at) of each packet in a range of ids

One report speaks of a range of ids: 2 bytes each, 32 µs exact, so 20 Mbit/s of media cost 40 kbit/s of reports.
Measured, per packet: 0.12 µs to note it, 0.4 µs to write it into a report where nothing was lost or late (else 0.8),
0.15 µs to read it there.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from sys import byteorder
from typing import TYPE_CHECKING, TypeAlias

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.packet import PROTOCOL_MAJOR, Stream
from wavry.rift.sequence import SERIAL_MASK, unwrap

if TYPE_CHECKING:
    from collections.abc import Sequence

ARRIVALS_HEADER = struct.Struct(">BBBBIQ")
"""Version, stream, media stream, number of ids - 1, first id, base time in µs."""

TIME_STEP_US = 32
"""Unit of the times after the base; 2**16 of them span 2.1 s."""

MAX_REPORTED_PACKETS = 256
"""Ids in one report; at 20 Mbit/s those of 120 ms. The datagram then has 528 bytes."""

NOT_HERE = 0xFFFF
"""Stands for a packet that has not come."""

REPORT_INTERVAL_S = 0.025
"""The first arrival of a report waits so long: a frame and a half, 40 reports a second."""

EAGER_PACKETS = 128
"""So many are reported at once."""

NOTED_LIMIT_PACKETS = 1024
"""Most that wait to be reported: 470 ms at 20 Mbit/s, in which nobody asked for reports."""

NOTED_BYTES = 160
"""Charged for each: its id, its time, and their place in the dictionary."""

_MAX_REPORTS_AT_ONCE = 8
_LATEST_STEP = NOT_HERE - 1
_BASE_LIMIT_US = 2**63
"""Times of 292,000 years are no times of a clock."""


_Range: TypeAlias = "tuple[int, list[float | None]]"
"""An unwrapped packet id, its arrival, and those of the ids after it; None of one that has not come."""


@dataclass(frozen=True, slots=True)
class ArrivalReport:
    """Which packets of a range of ids arrived, and when."""

    stream: int
    """Whose packets these are."""

    first_packet_id: int
    """As on the wire."""

    base_us: int
    """Microseconds on the viewer's monotonic clock, from which the steps count."""

    steps: array[int]
    """One per id from the first: `TIME_STEP_US` after the base, or `NOT_HERE`. 1 to `MAX_REPORTED_PACKETS`."""

    @classmethod
    def parse(cls, data: bytes) -> ArrivalReport:
        """Read a datagram.

        Raises:
            RemoteProtocolError: Its size is not that of its count, it is of another version or stream, or its base
                time is beyond 2**63.
        """
        if len(data) < ARRIVALS_HEADER.size:
            raise RemoteProtocolError(f"arrivals of {len(data)} bytes, the header alone has {ARRIVALS_HEADER.size}")
        version, kind, stream, last, first_packet_id, base_us = ARRIVALS_HEADER.unpack_from(data)
        if version != PROTOCOL_MAJOR:
            raise RemoteProtocolError(
                f"arrivals of RIFT {version}, this side speaks {PROTOCOL_MAJOR}", code=ErrorCode.UNSUPPORTED_VERSION
            )
        if kind != Stream.ARRIVALS:
            raise RemoteProtocolError(f"stream {kind} where arrivals were expected")
        if len(data) != ARRIVALS_HEADER.size + 2 * (last + 1):
            raise RemoteProtocolError(f"arrivals of {last + 1} packets in {len(data)} bytes")
        if base_us >= _BASE_LIMIT_US:
            raise RemoteProtocolError(f"arrivals at {base_us} µs")
        return cls(stream, first_packet_id, base_us, _big_endian(array("H", data[ARRIVALS_HEADER.size :])))

    def serialize(self) -> bytes:
        """Return the datagram."""
        header = ARRIVALS_HEADER.pack(
            PROTOCOL_MAJOR, Stream.ARRIVALS, self.stream, len(self.steps) - 1, self.first_packet_id, self.base_us
        )
        return header + _big_endian(array("H", self.steps)).tobytes()

    def arrivals(self) -> list[tuple[int, float | None]]:
        """Return each packet id as on the wire, ascending by serial number, with its arrival in seconds or None."""
        first, base_us = self.first_packet_id, self.base_us
        return [
            ((first + index) & SERIAL_MASK, None if step == NOT_HERE else (base_us + step * TIME_STEP_US) / 1e6)
            for index, step in enumerate(self.steps)
        ]


class ArrivalLog:
    """Remembers arrivals until they are reported. One owner, one thread.

    Args:
        stream: Whose packets are noted.
        first_packet_id: The id that is reported first, so that a loss at the very start is told.
    """

    policy = "arrivals beyond the limit are not reported"

    __slots__ = ("_arrivals", "_due_at", "_high_water_packets", "_next_id", "_stream", "drops")

    def __init__(self, *, stream: int = Stream.VIDEO, first_packet_id: int = 0) -> None:
        self._stream = stream
        self._next_id = first_packet_id
        """The id after the newest reported one, unwrapped."""
        self._arrivals: dict[int, float] = {}
        """Arrival by id as on the wire, not yet reported."""
        self._due_at: float | None = None
        self._high_water_packets = 0
        self.drops = 0
        """Arrivals not reported because too many waited or their ids were too far apart."""

    def note(self, packet_id: int, arrived_at: float) -> None:
        """Remember one arrival, whatever came before it; of a packet that comes twice the first counts.

        Args:
            packet_id: As on the wire.
            arrived_at: Monotonic seconds.
        """
        arrivals = self._arrivals
        if not arrivals:
            self._due_at = arrived_at + REPORT_INTERVAL_S
        if len(arrivals) < NOTED_LIMIT_PACKETS:
            arrivals.setdefault(packet_id, arrived_at)
        else:
            self.drops += 1

    @property
    def due_at(self) -> float | None:
        """Monotonic seconds at which `take_reports` has something to give at the latest; None while nothing waits."""
        return self._due_at

    def take_reports(self, now: float) -> list[bytes]:
        """Return the datagrams that are due: none before the interval is over, unless many packets wait.

        Ids between the newest reported one and the newest noted one are reported as not here, unless there are more
        of them than one report holds. What comes late is reported again, by itself.
        """
        if self._due_at is None or (now < self._due_at and len(self._arrivals) < EAGER_PACKETS):
            return []
        self._high_water_packets = max(self._high_water_packets, len(self._arrivals))
        ranges = self._ranges()
        self._arrivals.clear()
        self._due_at = None
        first, times = ranges[-1]
        self._next_id = max(self._next_id, first + len(times))
        self.drops += sum(len(times) - times.count(None) for _, times in ranges[:-_MAX_REPORTS_AT_ONCE])
        return [self._report(first, times) for first, times in ranges[-_MAX_REPORTS_AT_ONCE:]]

    @property
    def cap_bytes(self) -> int:
        """What `NOTED_LIMIT_PACKETS` take."""
        return NOTED_LIMIT_PACKETS * NOTED_BYTES

    @property
    def used_bytes(self) -> int:
        """What waits to be reported."""
        return len(self._arrivals) * NOTED_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most that has waited."""
        return max(self._high_water_packets, len(self._arrivals)) * NOTED_BYTES

    def _ranges(self) -> list[_Range]:
        """Cut what was noted, in the order of ids, into what one report each can say."""
        arrivals, told_to = self._arrivals, self._next_id
        first_due = told_to & SERIAL_MASK
        if len(arrivals) <= MAX_REPORTED_PACKETS and list(arrivals) == [*range(first_due, first_due + len(arrivals))]:
            return [(told_to, [*arrivals.values()])]  # nothing lost, nothing late: quicker
        ranges: list[_Range] = []
        for packet_id, arrived_at in sorted((unwrap(each, self._next_id), at) for each, at in arrivals.items()):
            if packet_id < self._next_id:  # late: what is around it was told before
                begins = not ranges or packet_id != ranges[-1][0] + len(ranges[-1][1])
                first = packet_id
            else:
                begins = not ranges or ranges[-1][0] < self._next_id
                first = told_to if packet_id - told_to < MAX_REPORTED_PACKETS else packet_id
                told_to = packet_id + 1
            if begins or packet_id - ranges[-1][0] >= MAX_REPORTED_PACKETS:
                ranges.append((first, []))
            first, times = ranges[-1]
            times += [None] * (packet_id - first - len(times))
            times.append(arrived_at)
        return ranges

    def _report(self, first: int, times: Sequence[float | None]) -> bytes:
        """Return one report. An arrival 2.1 s before the newest in it is told as 2.1 s before."""
        here = [each for each in times if each is not None]
        base_us = max(0, round(min(here) * 1e6), round(max(here) * 1e6) - _LATEST_STEP * TIME_STEP_US)
        steps = [NOT_HERE if each is None else max(0, round(each * 1e6) - base_us) // TIME_STEP_US for each in times]
        return ArrivalReport(self._stream, first & SERIAL_MASK, base_us, array("H", steps)).serialize()


def _big_endian(steps: array[int]) -> array[int]:
    """Swap the bytes of an array in place where the machine needs it; the wire is big-endian."""
    if byteorder == "little":
        steps.byteswap()
    return steps
