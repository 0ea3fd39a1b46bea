"""The receiving end: source and parity packets in, in any order; source packets out as soon as they are determined."""

from __future__ import annotations

from itertools import groupby
from math import inf
from typing import TYPE_CHECKING

from wavry.errors import RemoteProtocolError
from wavry.rift.fec.elimination import Elimination, factor_at, factors_of
from wavry.rift.fec.equation import EQUATION_OVERHEAD_BYTES, Equation, reduce
from wavry.rift.fec.holder import Holder
from wavry.rift.fec.packets import LENGTH_BYTES, ParityPacket, SourcePacket
from wavry.rift.fec.slots import Slots
from wavry.rift.fec.symbols import from_symbol
from wavry.rift.reorder import PACKET_OVERHEAD_BYTES
from wavry.rift.sequence import SERIAL_MASK, unwrap

if TYPE_CHECKING:
    from wavry.rift.fec.config import FecConfig

_SLACK_PACKETS = 32
"""Kept beyond a window, so that parity which came a little late still finds all of its window; what is later than
that, at the start of a stream as well, is not waited for."""

_FORGOTTEN_AT_ONCE = 8
"""Of the slack, where no parity comes to say what is needed no more: an eighth of the time for each."""

_MAX_LATE_PACKETS = 3000
"""What is further behind the newest packet is not late, it is of another sequence."""

_UNKNOWN_BYTES = 160
"""Charged for each unknown of the equations: its place in the tables, which shrink only when all are gone."""

MAX_EQUATIONS = 128
"""Most parity packets that wait. A window never has more than 85."""


class StreamingFecDecoder(Holder):
    """Keeps the packets of the last window, and parity while it may still repair something. One owner, one thread.

    A packet's place is its unwrapped id. Packets at most `window_size` ahead of the newest known one move the window;
    one further away changes nothing until a second id close to it comes, then the window begins anew there. Parity
    never moves the window ahead, and does not count where its own lies elsewhere. So a forged packet costs at most the
    packets of one window, and no field sizes an allocation.

    Policy when full: the oldest packets are forgotten, and what was to repair the oldest missing ones.
    """

    policy = "the oldest packets are forgotten, with what was to repair them"
    own_bytes = 8192  # with 8 for each place of the window

    def __init__(self, config: FecConfig) -> None:
        super().__init__()
        self.config = config
        self._symbol_size = config.symbol_size
        self._capacity = config.window_size + _SLACK_PACKETS
        self._equation_bytes = config.symbol_size + LENGTH_BYTES + EQUATION_OVERHEAD_BYTES
        self._payloads: list[bytes | None] = [None] * self._capacity
        self._oldest = 0
        self._newest = -1
        self._missing = 0
        """Places from the oldest to the newest that hold no payload."""
        self._is_started = False
        self._is_quiet = False
        """Started, and no equation waits: a packet in order just takes its place."""
        self._forgotten_before = -inf
        self._settled_at = inf
        """Once a packet so new is known, those before the first one have come or never will."""
        self._covered_from = -inf
        """Windows that are still to come begin here or later."""
        self._suspect: int | None = None
        self._unknowns: Slots[int] = Slots()
        """Places that occur in equations, known neither from the network nor by repair."""
        self._equations: Slots[Equation] = Slots()
        self._unreduced_from = inf
        """Where the oldest window of an equation begins that is not reduced."""
        self._elimination = Elimination()
        self._charged_bytes = 0
        """For `_unknowns`, in what is held."""
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
            it helped to repair.

        Raises:
            RemoteProtocolError: The payload is larger than `FecConfig.symbol_size`; nothing changed.
        """
        payload = packet.payload
        if len(payload) > self._symbol_size:
            raise RemoteProtocolError(f"payload of {len(payload)} bytes, symbols have {self._symbol_size}")
        return [packet] if self.pass_through(packet.packet_id, payload) else self._add_out_of_order(packet)

    def pass_through(self, packet_id: int, payload: bytes) -> bool:
        """Take in the next packet, while no parity waits for it: the common case, in 0.3 µs.

        Returns:
            False, and nothing is done, for any other packet or a payload that is too large; these are for
            `add_source_packet`.
        """
        place = self._newest + 1
        if not self._is_quiet or (place ^ packet_id) & SERIAL_MASK or len(payload) > self._symbol_size:
            return False
        if place - self._oldest >= self._capacity:
            self._forget(place - self._capacity + _FORGOTTEN_AT_ONCE)
        self._payloads[place % self._capacity] = payload
        self._newest = place
        self._held_bytes += len(payload) + PACKET_OVERHEAD_BYTES
        return True

    def add_parity_packet(self, parity: ParityPacket) -> list[SourcePacket]:
        """Take in a parity packet.

        Args:
            parity: From `ParityPacket.from_bytes`, which has checked it. Kept while it may be of use.

        Returns:
            The packets that just became known, oldest first. 0.9 µs when nothing is missing (the first of a flush
            takes 4 more to let old packets go). Repairs take 0.7 to 1.4 µs for each packet of the window and each
            lost one, at 1152 bytes: 155 µs for one of 112, 574 for seven.

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
        unknown = self._unknown_places(first, end)
        if not unknown or not is_whole:
            self.drops += bool(unknown)
            return []
        self._add_equation(Equation(parity, first), unknown)
        self._charge()
        return self._solve()

    @property
    def pending_groups(self) -> int:
        """Parity packets that wait for others of their window, at most `MAX_EQUATIONS`."""
        return len(self._equations)

    def can_still_repair(self, packet_id: int) -> bool:
        """Whether parity that is still to come may cover the packet."""
        place = unwrap(packet_id, near=self._newest)
        return place >= self._covered_from and place > self._newest - self.config.window_size

    @property
    def cap_bytes(self) -> int:
        """Most it can hold."""
        packets = self._capacity * (self.config.symbol_size + PACKET_OVERHEAD_BYTES)
        equations = MAX_EQUATIONS * self._equation_bytes
        unknowns = (self._capacity + self.config.window_size) * _UNKNOWN_BYTES
        return packets + equations + unknowns + self.own_bytes

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
        if place <= self._newest and not (
            self._reach_back_to(place) and self._payloads[place % self._capacity] is None
        ):
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
        self._settled_at = place + _SLACK_PACKETS
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
        self._missing += self._oldest - place
        self._oldest = place
        return True

    def _unknown_places(self, first: int, end: int) -> list[int]:
        """Return the places from `first` to before `end` that are kept or ahead, and hold no payload."""
        kept = range(max(first, self._oldest), min(end, self._newest + 1))
        missing = [place for place in kept if self._payloads[place % self._capacity] is None]
        return missing + list(range(max(first, self._newest + 1), end))

    def _note_retired(self, parity: ParityPacket, first: int) -> None:
        """Forget what no parity will ask for again, when nothing is missing, not even before the first packet."""
        is_last = parity.index == parity.parity_count - 1
        kept_from = first + parity.retiring_count
        self._covered_from = max(self._covered_from, kept_from if is_last else first)
        if self._missing or self._newest < max(self._settled_at, first + parity.source_count - 1):
            return
        if kept_from > self._oldest:
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
            self._held_bytes += self._equation_bytes
            self._unreduced_from = min(self._unreduced_from, equation.first)
            self._is_quiet = False
        else:
            self._equations.remove(equation)

    def _solve(self) -> list[SourcePacket]:
        """Compute what is determined, and let go of the equations that have nothing more to say."""
        if self._is_quiet:
            self._charge()
            return []
        found: list[tuple[int, bytes]] = []
        for row in self._elimination.determined():
            place = self._unknowns[row.pivot]
            payload = from_symbol(self._sum(row.weights))
            self._elimination.rows.remove(row)
            if payload is None or len(payload) > self.config.symbol_size:
                self.corrupt += 1
            else:
                found.append((place, payload))
        self._release()
        found.sort()
        for place, payload in found:
            self._learn(place, payload)
        self.recovered += len(found)
        self._release()
        self._charge()
        return [SourcePacket(place & SERIAL_MASK, payload) for place, payload in found]

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
        waiting = sorted((each for each in equations if not each.is_reduced), key=_flush_of)
        for (first, end, *_), flush in groupby(waiting, key=_flush_of):
            places, newest = range(first, end), self._newest
            kept = [self._payloads[place % self._capacity] if place <= newest else None for place in places]
            reduce(list(flush), [payload or b"" for payload in kept])

    def _learn(self, place: int, payload: bytes) -> None:
        """Put a payload into its place, and into the equations."""
        if place > self._newest:
            if place - self._oldest >= self._capacity:
                self._forget(place - self._capacity + 1)
            self._missing += place - max(self._newest + 1, self._oldest)
            self._newest = place
        else:
            self._missing -= 1
        self._payloads[place % self._capacity] = payload
        self._held_bytes += len(payload) + PACKET_OVERHEAD_BYTES
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
        payloads, capacity, freed_bytes = self._payloads, self._capacity, 0
        for place in range(self._oldest, min(oldest, self._newest + 1)):
            payload = payloads[place % capacity]
            if payload is None:
                self._missing -= 1
            else:
                payloads[place % capacity] = None
                freed_bytes += len(payload) + PACKET_OVERHEAD_BYTES
        self._let_go(freed_bytes)
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
                self._let_go(self._equation_bytes)
        self._is_quiet = not self._equations
        if self._is_quiet:
            self._unknowns = Slots()
            self._unreduced_from = inf

    def _charge(self) -> None:
        """Bring what is held up to date with the table of unknowns."""
        size_bytes = self._unknowns.capacity * _UNKNOWN_BYTES
        self._let_go(self._charged_bytes - size_bytes)
        self._charged_bytes = size_bytes


def _flush_of(equation: Equation) -> tuple[int, int, int, int]:
    """What the parity packets that were computed together have in common."""
    return equation.first, equation.end, equation.family, equation.parity_count
