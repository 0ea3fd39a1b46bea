"""The receiving end: source and parity packets in, in any order; source packets out as soon as they are determined."""

from __future__ import annotations

from itertools import groupby
from math import inf
from operator import attrgetter
from typing import TYPE_CHECKING

from wavry.errors import RemoteProtocolError
from wavry.rift.fec.elimination import Elimination, factor_at, factors_of
from wavry.rift.fec.equation import EQUATION_OVERHEAD_BYTES, Equation, reduce
from wavry.rift.fec.packets import LENGTH_BYTES, ParityPacket, SourcePacket
from wavry.rift.fec.slots import Slots
from wavry.rift.fec.symbols import from_symbol
from wavry.rift.reorder import PACKET_OVERHEAD_BYTES
from wavry.rift.sequence import SERIAL_MASK, unwrap

if TYPE_CHECKING:
    from wavry.rift.fec.config import FecConfig

_SLACK_PACKETS = 32
"""Kept beyond a window, so that parity which came a little late still finds all of its window."""

_MAX_LATE_PACKETS = 3000
"""What is further behind the newest packet is not late, it is of another sequence."""

MAX_EQUATIONS = 128
"""Most parity packets that wait. A window never has more than 85."""

_OWN_BYTES = 6144
"""The decoder's own objects, and 8 bytes for each place of the window."""


class StreamingFecDecoder:
    """Keeps the packets of the last window, and parity while it may still repair something. One owner, one thread.

    A packet's place is its unwrapped id. Packets at most `window_size` ahead of the newest known one move the window;
    one further away changes nothing until a second id close to it comes, then the window begins anew there. Parity
    never moves the window, and does not count where its own lies elsewhere. So a forged packet costs at most
    the oldest packets, and no field sizes an allocation.

    Policy when full: the oldest packets are forgotten, and what was to repair the oldest missing ones.
    """

    policy = "the oldest packets are forgotten, with what was to repair them"

    def __init__(self, config: FecConfig) -> None:
        self.config = config
        self._capacity = config.window_size + _SLACK_PACKETS
        self._equation_bytes = config.symbol_size + LENGTH_BYTES + EQUATION_OVERHEAD_BYTES
        self._payloads: list[bytes | None] = [None] * self._capacity
        self._oldest = 0
        self._newest = -1
        """Places from the oldest to the newest are known or in `_missing`."""
        self._missing: set[int] = set()
        self._is_started = False
        self._is_quiet = False
        """Started, and no equation waits: a packet in order just takes its place."""
        self._forgotten_before = -inf
        self._covered_from = -inf
        """Windows that are still to come begin here or later."""
        self._suspect: int | None = None
        self._unknowns: Slots[int] = Slots()
        """Places that occur in equations, known neither from the network nor by repair."""
        self._equations: Slots[Equation] = Slots()
        self._unreduced_from = inf
        """Where the oldest window of an equation begins that is not reduced."""
        self._elimination = Elimination()
        self._held_bytes = 0
        self._high_held_bytes = 0
        self.drops = 0
        """Parity packets that could not be used: too old, too far ahead, or there were too many."""
        self.recovered = 0
        """Packets given back that had not come."""
        self.corrupt = 0
        """Repaired symbols that were no packet, because parity or packets were not what had been sent."""

    def add_source_packet(self, packet: SourcePacket) -> list[SourcePacket]:
        """Take in a packet that came from the network.

        Args:
            packet: Its payload is kept by reference.

        Returns:
            The packets that just became known: this one, unless it was known or lies before the window, then those
            it helped to repair. 0.4 µs while nothing is missing.

        Raises:
            RemoteProtocolError: The payload is larger than `FecConfig.symbol_size`; nothing changed.
        """
        payload = packet.payload
        if len(payload) > self.config.symbol_size:
            raise RemoteProtocolError(f"payload of {len(payload)} bytes, symbols have {self.config.symbol_size}")
        place = self._newest + 1
        if not self._is_quiet or (place ^ packet.packet_id) & SERIAL_MASK:
            return self._add_out_of_order(packet)
        if place - self._oldest >= self._capacity:
            self._forget(place - self._capacity + 1)
        self._payloads[place % self._capacity] = payload
        self._newest = place
        self._hold(len(payload) + PACKET_OVERHEAD_BYTES)
        return [packet]

    def add_parity_packet(self, parity: ParityPacket) -> list[SourcePacket]:
        """Take in a parity packet.

        Args:
            parity: From `ParityPacket.from_bytes`, which has checked it. Kept while it may be of use.

        Returns:
            The packets that just became known, oldest first. 0.8 µs when nothing of the window is missing; otherwise
            0.9 µs for each packet of the window and each of the parity packets it takes, at 1152 bytes.

        Raises:
            RemoteProtocolError: It is larger, or covers more packets, than the configuration allows; nothing changed.
        """
        if (
            len(parity.payload) > self.config.symbol_size + LENGTH_BYTES
            or parity.source_count > self.config.window_size
        ):
            raise RemoteProtocolError(f"parity of {len(parity.payload)} bytes over {parity.source_count} packets")
        if not self._is_started:
            self._start(parity.first_packet_id)
        first = unwrap(parity.first_packet_id, near=self._newest)
        end = first + parity.source_count
        if end > self._newest + 1 + self.config.window_size:
            self.drops += 1
            return []
        is_whole = first >= self._oldest or self._reach_back_to(first)
        self._note_retired(parity, first)
        if not self._missing and end <= self._newest + 1:
            return []
        unknown = sorted(place for place in self._missing if first <= place < end)
        unknown += range(max(self._newest + 1, first), end)
        if not unknown or not is_whole:
            self.drops += bool(unknown)
            return []
        self._add_equation(Equation(parity, first), unknown)
        return self._solve()

    def forget_before(self, packet_id: int) -> None:
        """Forget what lies before `packet_id`: too late to be of use, or not needed any more."""
        place = min(unwrap(packet_id, near=self._newest), self._newest + 1)
        if place > self._oldest:
            self._forget(place)
            self._release()

    def is_known(self, packet_id: int) -> bool:
        """Whether the packet came or was repaired, and is still kept."""
        place = unwrap(packet_id, near=self._newest)
        return self._oldest <= place <= self._newest and place not in self._missing

    def can_still_repair(self, packet_id: int) -> bool:
        """Whether parity that is still to come may cover the packet."""
        place = unwrap(packet_id, near=self._newest)
        return place >= self._covered_from and place > self._newest - self.config.window_size

    @property
    def memory_bytes(self) -> int:
        """All the decoder holds; another name of `used_bytes`."""
        return self.used_bytes

    @property
    def cap_bytes(self) -> int:
        """Most it can hold."""
        packets = self._capacity * (self.config.symbol_size + PACKET_OVERHEAD_BYTES)
        return packets + MAX_EQUATIONS * self._equation_bytes + _OWN_BYTES

    @property
    def used_bytes(self) -> int:
        """What it holds now: payloads, parity, their overhead, and its own objects."""
        return self._held_bytes + _OWN_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""
        return self._high_held_bytes + _OWN_BYTES

    def _add_out_of_order(self, packet: SourcePacket) -> list[SourcePacket]:
        """Take in a packet that is not simply the next one, or for which equations wait."""
        if not self._is_started:
            self._start(packet.packet_id)
        place = unwrap(packet.packet_id, near=self._newest)
        ahead = place - self._newest
        if ahead > self.config.window_size or ahead < -_MAX_LATE_PACKETS:
            if not self._confirms_suspect(place):
                return [packet]
            self._start(place)
        if place <= self._newest and (not self._reach_back_to(place) or place not in self._missing):
            return []
        self._learn(place, packet.payload)
        return [packet, *self._solve()]

    def _start(self, place: int) -> None:
        """Begin anew, with nothing known and this place due next."""
        self._forget(self._newest + 1)
        for unknown in list(self._unknowns):
            self._give_up(unknown)
        self._release()
        self._oldest = place
        self._newest = place - 1
        self._forgotten_before = self._covered_from = -inf
        self._suspect = None
        self._is_started = True

    def _confirms_suspect(self, place: int) -> bool:
        """Whether another id close to this one was seen far away from the window; else this one is remembered."""
        suspect, self._suspect = self._suspect, place
        return suspect is not None and 0 < abs(place - suspect) <= self.config.window_size

    def _reach_back_to(self, place: int) -> bool:
        """Whether the window begins at the place or before; it is made to, where nothing was forgotten."""
        if place >= self._oldest:
            return True
        if place < self._forgotten_before or place <= self._newest - self._capacity:
            return False
        self._missing.update(range(place, self._oldest))
        self._oldest = place
        return True

    def _note_retired(self, parity: ParityPacket, first: int) -> None:
        """Forget what no parity will ask for again, when nothing is missing."""
        is_last = parity.index == parity.parity_count - 1
        kept_from = first + parity.retiring_count
        self._covered_from = max(self._covered_from, kept_from if is_last else first)
        if kept_from > self._oldest and not self._missing and first + parity.source_count <= self._newest + 1:
            self._forget(kept_from)

    def _add_equation(self, equation: Equation, unknown: list[int]) -> None:
        while len(self._equations) >= MAX_EQUATIONS:
            self._give_up(min(self._unknowns))
            self._release()
            self.drops += 1
        factors = 0
        for place in unknown:
            factors |= equation.factor(place) << 8 * self._unknowns.add(place)
        if self._elimination.add(factors, self._equations.add(equation)):
            self._hold(self._equation_bytes)
            self._unreduced_from = min(self._unreduced_from, equation.first)
            self._is_quiet = False
        else:
            self._equations.remove(equation)

    def _solve(self) -> list[SourcePacket]:
        """Compute what is determined, and let go of the equations that have nothing more to say."""
        if self._is_quiet:
            return []
        found = []
        for row in self._elimination.determined():
            place = self._unknowns[row.pivot]
            payload = from_symbol(self._sum(row.weights))
            self._elimination.rows.remove(row)
            if payload is None or len(payload) > self.config.symbol_size:
                self.corrupt += 1
            else:
                found.append((place, payload))
        self._release()
        for place, payload in sorted(found):
            self._learn(place, payload)
        self.recovered += len(found)
        self._release()
        return [SourcePacket(place & SERIAL_MASK, payload) for place, payload in sorted(found)]

    def _sum(self, weights: int) -> bytes:
        """Return the sum of the equations' right sides times their weights."""
        from wavry.rift.fec.kernel import combine

        factors = factors_of(weights)
        equations = [self._equations[slot] for slot, factor in enumerate(factors) if factor]
        self._reduce(equations)
        symbol_bytes = max(len(equation.right_side) for equation in equations)
        right_sides = [equation.right_side.ljust(symbol_bytes, b"\0") for equation in equations]
        return combine(right_sides, filter(None, factors))

    def _reduce(self, equations: list[Equation]) -> None:
        """Take what is known out of those equations that are not reduced, one flush after the other."""
        by_flush = attrgetter("flush")
        waiting = sorted((each for each in equations if not each.is_reduced), key=by_flush)
        for (first, end, *_), flush in groupby(waiting, key=by_flush):
            known = {}
            for place in range(first, min(end, self._newest + 1)):
                payload = self._payloads[place % self._capacity]
                if payload is not None:
                    known[place] = payload
            reduce(list(flush), known)

    def _learn(self, place: int, payload: bytes) -> None:
        """Put a payload into its place, and into the equations."""
        if place > self._newest:
            if place - self._oldest >= self._capacity:
                self._forget(place - self._capacity + 1)
            self._missing.update(range(max(self._newest + 1, self._oldest), place))
            self._newest = place
        self._missing.discard(place)
        self._payloads[place % self._capacity] = payload
        self._hold(len(payload) + PACKET_OVERHEAD_BYTES)
        if place in self._unknowns:
            self._elimination.substitute(self._unknowns.remove(place))
            for equation in self._equations:
                if equation.is_reduced and equation.first <= place < equation.end:
                    equation.substitute(place, payload)

    def _forget(self, oldest: int) -> None:
        """Make a place the oldest that is kept; it lies behind the oldest now kept."""
        if oldest > self._unreduced_from:
            self._reduce([each for each in self._equations if each.first < oldest])
            waiting = (each.first for each in self._equations if not each.is_reduced)
            self._unreduced_from = min(waiting, default=inf)
        for place in range(self._oldest, min(oldest, self._newest + 1)):
            index = place % self._capacity
            payload = self._payloads[index]
            if payload is None:
                self._missing.discard(place)
            else:
                self._payloads[index] = None
                self._held_bytes -= len(payload) + PACKET_OVERHEAD_BYTES
        if self._unknowns:
            for place in [place for place in self._unknowns if place < oldest]:
                self._give_up(place)
        self._oldest = oldest
        self._forgotten_before = oldest

    def _give_up(self, place: int) -> None:
        """Expect no more to learn what was at a place."""
        self._elimination.give_up(self._unknowns.remove(place))

    def _release(self) -> None:
        """Let go of the equations that no row is made of."""
        used = 0
        for row in self._elimination.rows:
            used |= row.weights
        for equation, slot in self._equations.numbered():
            if not factor_at(used, slot):
                self._equations.remove(equation)
                self._held_bytes -= self._equation_bytes
        self._is_quiet = not self._equations
        if self._is_quiet:
            self._unknowns = Slots()
            self._unreduced_from = inf

    def _hold(self, size_bytes: int) -> None:
        held = self._held_bytes = self._held_bytes + size_bytes
        if held > self._high_held_bytes:
            self._high_held_bytes = held
