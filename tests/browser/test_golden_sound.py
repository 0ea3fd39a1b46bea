"""Sound in the browser is sound in the native client: the same datagrams and pulls give the same answers."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from network.conditions import LinkConditions
from network.loss import BurstLoss, RandomLoss
from network.profiles import PROFILES
from tests.support.sound_link import SoundRun
from wavry.errors import RemoteProtocolError
from wavry.rift.sound import Pull, SoundPacket, SoundPlayout, SoundPlayoutConfig, SoundReceiver

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node")

REPLAY = Path(__file__).with_name("replay_sound.mjs")

Log = list[tuple[dict[str, object], Any]]
"""What was put in, and what came of it."""

ROUGH = LinkConditions(
    latency_s=0.030,
    jitter_s=0.012,
    loss=RandomLoss(0.05),
    reordered_share=0.02,
    reordering_s=0.02,
    duplicated_share=0.02,
)
BURSTS = LinkConditions(latency_s=0.020, jitter_s=0.004, loss=BurstLoss(0.05, 2, 8))


class NotedReceiver(SoundReceiver):
    """Writes down what it is given and what it gives."""

    def __init__(self, log: Log, now: Callable[[], float], flaw: Callable[[bytes], bytes]) -> None:
        super().__init__()
        self._log = log
        self._now = now
        self._flaw = flaw

    def receive_datagram(self, data: bytes) -> list[SoundPacket]:
        data = self._flaw(data)
        entry: dict[str, object] = {"now": self._now(), "datagram": data.hex()}
        try:
            packets = super().receive_datagram(data)
        except RemoteProtocolError:
            self._log.append((entry, "malformed"))
            return []
        known = [[each.packet_id, each.capture_us, each.epoch, each.flags, each.opus.hex()] for each in packets]
        self._log.append((entry, known))
        return packets


class NotedPlayout(SoundPlayout):
    """Writes down when it is asked and what it says."""

    def __init__(self, log: Log, config: SoundPlayoutConfig) -> None:
        super().__init__(config)
        self._log = log
        self._is_inside = False

    def pull(self, *, now: float) -> Pull:
        if self._is_inside:  # it asks itself, after a hole
            return super().pull(now=now)
        entry: dict[str, object] = {"now": now, "extraHoldS": self.extra_hold_s}
        speed = self.speed
        self._is_inside = True
        pull = super().pull(now=now)
        self._is_inside = False
        ids = [None if each is None else each.packet_id for each in (pull.packet, pull.merged)]
        self._log.append((entry, [pull.kind.value, *ids, speed, self.hold_s, self.waited_s]))
        return pull


class NotedRun(SoundRun):
    """A run of which everything is written down."""

    log: Log

    def note(self, flaw: Callable[[bytes], bytes] = lambda data: data) -> None:
        self.log = []
        self.receiver = NotedReceiver(self.log, lambda: self.arriving_at, flaw)
        self.playout = NotedPlayout(self.log, self.config)
        link_deliver = self.link.deliver

        def deliver(now: float) -> list[bytes]:
            self.arriving_at = now
            return link_deliver(now)

        self.link.deliver = deliver  # type: ignore[method-assign]


def replay(run: NotedRun, directory: Path) -> dict[str, Any]:
    """Let the browser's code do the same again."""
    config = {
        "frameUs": run.config.frame_us,
        "minHoldMs": run.config.min_hold_ms,
        "maxHoldMs": run.config.max_hold_ms,
        "lateLimitMs": run.config.late_limit_ms,
        "limitPackets": run.config.limit_packets,
    }
    file = directory / "sound.jsonl"
    file.write_text("\n".join(map(json.dumps, [config, *(entry for entry, _ in run.log)])))
    command = ["node", str(REPLAY), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def check(run: NotedRun, directory: Path) -> None:
    browser = replay(run, directory)
    for number, ((entry, mine), theirs) in enumerate(zip(run.log, browser["answers"], strict=True)):
        assert mine == theirs, f"entry {number}, {entry}"
    playout = run.playout
    assert browser["playout"] == {
        name: getattr(playout, name) for name in ("played", "spliced", "concealed", "late", "drops")
    }
    assert list(browser["stats"].values()) == list(asdict(run.receiver.stats).values())
    assert browser["usedBytes"] <= browser["capBytes"]


@pytest.mark.parametrize(
    ("conditions", "seed"),
    [(PROFILES["lan"], 1), (PROFILES["wifi"], 2), (PROFILES["lte"], 3), (ROUGH, 4), (ROUGH, 5), (BURSTS, 6)],
    ids=["lan", "wifi", "lte", "rough", "rough again", "bursts"],
)
def test_over_any_link_the_browser_plays_what_the_native_client_plays(
    conditions: LinkConditions, seed: int, tmp_path: Path
) -> None:
    run = NotedRun(conditions, seed=seed, burst=1 + seed % 3, drift=(seed - 3) * 2e-4)
    run.note()
    run.run(12)
    check(run, tmp_path)


def test_holds_pauses_and_silence_are_the_same(tmp_path: Path) -> None:
    run = NotedRun(PROFILES["wifi"], seed=7, drift=-3e-3, is_sounding=lambda number: number % 700 < 500)
    run.note()
    run.run(4)
    run.playout.extra_hold_s = 0.040
    run.run(6)
    run.playout.extra_hold_s = 0.0
    run.link.conditions = LinkConditions(latency_s=0.5)  # for as long as that nothing comes
    run.run(2)
    run.link.conditions = PROFILES["wifi"]
    run.run(6)
    assert {answer[0] for entry, answer in run.log if "extraHoldS" in entry} == {"play", "conceal", "silence"}
    assert run.playout.spliced > 3
    assert run.playout.drops > 0
    check(run, tmp_path)


def test_what_is_malformed_or_forged_does_the_same_on_both_sides(tmp_path: Path) -> None:
    seen = 0

    def flaw(data: bytes) -> bytes:
        nonlocal seen
        seen += 1
        changed = bytearray(data)
        match seen % 23:
            case 3:
                return data[: seen % 17]
            case 7:
                changed[seen % 8] ^= 1 << seen % 7  # a time above 2**53 us is malformed in the browser alone
            case 11 if len(data) > 40:
                changed[30] ^= 0xFF  # of a payload, or of parity: what is rebuilt is another packet, or none
            case 17:
                changed[4:8] = b"\x40\0\0\0"  # ids that are far away
        return bytes(changed)

    run = NotedRun(ROUGH, seed=8)
    run.note(flaw)
    run.run(15)
    assert run.receiver.stats.datagrams_malformed > 20
    check(run, tmp_path)
