"""Sound in virtual time: a host, a link, and a sound card that pulls."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from network.link import Link
from wavry.rift.sound import (
    Pull,
    PullKind,
    SoundPacket,
    SoundPlayout,
    SoundPlayoutConfig,
    SoundReceiver,
    SoundSender,
    SoundSenderConfig,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from network.conditions import LinkConditions

FRAME_US = 5_000
FRAME_S = FRAME_US / 1e6
HOST_STARTED_S = 1000.0
"""The host's clock at the simulation's 0."""


def opus(number: int) -> bytes:
    """Stands for the Opus packet of a block; its bytes tell which."""
    return number.to_bytes(4, "big") * 20


def number_of(packet: SoundPacket) -> int:
    return int.from_bytes(packet.opus[:4], "big")


@dataclass
class Heard:
    """What came out of the sound card."""

    pulls: list[tuple[float, Pull, float]] = field(default_factory=list)
    """When, what, and how quickly it was played."""

    def after(self, seconds: float) -> Heard:
        return Heard([each for each in self.pulls if each[0] >= seconds])

    def count(self, kind: PullKind) -> int:
        return sum(pull.kind is kind for _, pull, _ in self.pulls)

    @property
    def numbers(self) -> list[int]:
        """The blocks that were played, in order."""
        return [number_of(pull.packet) for _, pull, _ in self.pulls if pull.kind is PullKind.PLAY and pull.packet]

    @property
    def delays_ms(self) -> list[float]:
        """From capture to pull, of each block that was played."""
        return [
            (at + HOST_STARTED_S - pull.packet.capture_us / 1e6) * 1000
            for at, pull, _ in self.pulls
            if pull.kind is PullKind.PLAY and pull.packet
        ]

    def gaps(self) -> list[int]:
        """Lengths of the runs of blocks that were not played, in blocks."""
        runs, run = [], 0
        for _, pull, _ in self.pulls:
            if pull.kind is PullKind.PLAY:
                runs += [run] if run else []
                run = 0
            else:
                run += 1
        return runs


@dataclass
class SoundRun:
    """One stream of sound over a link.

    Args:
        drift: By how much quicker the client's sound card runs than the host's.
        burst: Blocks that the sound card pulls at once.
        is_sounding: Says of each block whether there is sound in it; silence is announced once and then not sent.
    """

    conditions: LinkConditions
    seed: int = 1
    drift: float = 0.0
    burst: int = 1
    redundancy: float = 0.5
    is_sounding: Callable[[int], bool] = lambda _: True
    config: SoundPlayoutConfig = field(default_factory=SoundPlayoutConfig)

    def __post_init__(self) -> None:
        self.link = Link(self.conditions, seed=self.seed)
        self.sender = SoundSender(SoundSenderConfig(redundancy=self.redundancy))
        self.receiver = SoundReceiver()
        self.playout = SoundPlayout(self.config)
        self.heard = Heard()
        self._dice = Random(self.seed)
        self._was_sounding = True
        self._number = 0
        self._now = 0.0
        self._next_pull_at = 0.0031

    def run(self, seconds: float) -> Heard:
        """Go on for so long; what is heard is what was heard meanwhile."""
        self.heard = Heard()
        until = self._now + seconds
        while True:
            captured_at = (self._number + 1) * FRAME_S  # when its last sample is here
            arrives_at = self.link.next_delivery_at
            now = min(captured_at, self._next_pull_at, captured_at if arrives_at is None else arrives_at)
            if now >= until:
                self._now = until
                return self.heard
            if now == arrives_at:
                for datagram in self.link.deliver(now):
                    for packet in self.receiver.receive_datagram(datagram):
                        self.playout.add(packet, now=now)
            elif now == captured_at:
                self._capture(now)
            else:
                self._pull(now)

    def _capture(self, now: float) -> None:
        number, self._number = self._number, self._number + 1
        is_sounding = self.is_sounding(number)
        if is_sounding or self._was_sounding:
            capture_us = round((HOST_STARTED_S + number * FRAME_S) * 1e6)
            self.sender.send_packet(opus(number), capture_us, now=now, is_silent=not is_sounding)
        self._was_sounding = is_sounding
        for datagram in self.sender.datagrams_to_send(now=now):
            self.link.send(datagram, now)

    def _pull(self, now: float) -> None:
        played_s = 0.0
        for _ in range(self.burst):
            speed = self.playout.speed
            self.heard.pulls.append((now, self.playout.pull(now=now), speed))
            played_s += FRAME_S / speed / (1 + self.drift)
        self._next_pull_at += played_s
