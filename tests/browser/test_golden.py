"""The wire has one truth: JavaScript does what Python does, and each reads what the other writes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from tests.browser.golden import LINKS, camel_case, read, split, write_fec, write_receiver
from wavry.rift import Feedback, Stream
from wavry.rift.arrivals import ArrivalReport
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder
from wavry.rift.nack import parse_nack

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
PATTERNS = 10_000
LONG_PATTERNS = 60
SECONDS = 2.0
"""Of stream on each link."""


class Replay(NamedTuple):
    """Records of golden files."""

    delivered: dict[str, int]
    """Frames, by the name of the link."""

    written: list[tuple[str, bytes]]
    """What Python sent, and its feedback."""

    said: list[tuple[str, bytes]]
    """The same of JavaScript."""


def run_node(script: str, *arguments: Path) -> dict[str, Any]:
    """Run a script of this folder, which prints JSON at the end; what it asserts fails the test in its own words."""
    command = ["node", str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_ten_thousand_patterns_of_losses_are_repaired_byte_for_byte(tmp_path: Path) -> None:
    repaired = write_fec(tmp_path / "fec", seed=10, patterns=PATTERNS, long_patterns=LONG_PATTERNS)
    result = run_node("golden.mjs", tmp_path / "fec")
    assert result["records"]["L"] == PATTERNS + LONG_PATTERNS
    assert result["repaired"] == repaired > PATTERNS


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """What a receiver did on each link, and what its twin did with the same."""
    folder = tmp_path_factory.mktemp("replay")
    delivered = write_receiver(folder / "calls", seed=1, seconds=SECONDS)
    result = run_node("golden.mjs", folder / "calls", folder / "said")
    assert result["records"]["N"] == len(LINKS) == len(delivered)
    written = [each for each in read((folder / "calls").read_bytes()) if each[0] in "SF"]
    return Replay(delivered, written, list(read((folder / "said").read_bytes())))


def test_a_receiver_delivers_asks_and_reports_the_same_on_any_link(replay: Replay) -> None:
    assert min(replay.delivered.values()) > SECONDS * 30  # else little was compared
    assert [kind for kind, _ in replay.said] == [kind for kind, _ in replay.written]
    for (kind, said), (_, written) in zip(replay.said, replay.written, strict=True):
        assert kind == "F" or said == written


def test_python_reads_what_a_receiver_in_javascript_sends(replay: Replay) -> None:
    asked: set[int] = set()
    told = 0
    for kind, body in replay.said:
        if kind == "F":
            fields = json.loads(body[8:])
            feedback = msgspec.convert({snake_case(name): value for name, value in fields.items()}, Feedback)
            assert camel_case(msgspec.structs.asdict(feedback)) == fields
            continue
        for datagram in split(body[8:]):
            if datagram[1] == Stream.NACK:
                asked.update(parse_nack(datagram))
            else:
                told += sum(at is not None for _, at in ArrivalReport.parse(datagram).arrivals())
    assert asked
    assert told > 1000


def test_python_repairs_with_parity_that_javascript_computed(tmp_path: Path) -> None:
    result = run_node("write_parity.mjs", tmp_path / "windows")
    repaired = 0
    for sources, parities in windows_of(read((tmp_path / "windows").read_bytes())):
        lost = sources[:: max(1, len(sources) // len(parities))][: len(parities)]
        decoder = StreamingFecDecoder(FecConfig(200, 1200))
        for packet in sources:
            if packet not in lost:
                decoder.add_source_packet(packet)
        found = [packet for parity in parities for packet in decoder.add_parity_packet(parity)]
        assert found == lost
        repaired += len(found)
    assert repaired == result["parities"] > 0


def windows_of(
    records: Iterable[tuple[str, bytes]],
) -> Iterable[tuple[list[SourcePacket], list[ParityPacket]]]:
    """Return the source and parity packets of each window."""
    sources: list[SourcePacket] = []
    parities: list[ParityPacket] = []
    for kind, body in records:
        if kind == "P":
            sources.append(SourcePacket(int.from_bytes(body[:4], "big"), body[4:]))
        elif kind == "Q":
            parities.append(ParityPacket.from_bytes(body))
        else:
            yield sources, parities
            sources, parities = [], []


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
