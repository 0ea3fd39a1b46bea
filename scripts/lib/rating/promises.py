"""What DELTA is to show, each with the figure that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rating.cases import CASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rating.figures import Row

FRAME_NOISE = 0.05
"""What the mean of 18 frames differs by that differ by 25 % each, 0.3 s of them."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One line."""

    what: str
    found: str
    is_kept: bool


def check_promises(rows: Sequence[Row]) -> list[Promise]:
    """Judge DELTA by the rows of all contestants."""
    delta = {row.case: row for row in rows if row.contestant == "DELTA"}
    promises = _of_cases(delta)
    lte = [case for case in delta if "LTE" in case]
    if lte:
        worst_ms = max(_p95(delta[case]) for case in lte)
        mean_use = sum(delta[case].use for case in lte) / len(lte)
        found = f"{worst_ms:.0f} ms at worst, {mean_use:.0%}"
        is_kept = worst_ms < 100 and mean_use >= 0.6
        promises.append(Promise("LTE traces: queue p95 below 100 ms at a mean use of 60 %", found, is_kept))
    others = {row.case: row for row in rows if row.contestant == "GCC-like" and row.case not in CASES}
    if others:
        beaten = [case for case, other in others.items() if _is_beaten(delta[case], other)]
        text = "no trace where the queue's p95 is above the GCC-like one's at equal or lower use"
        promises.append(Promise(text, ", ".join(beaten) or "none", not beaten))
    return promises


def format_promises(promises: Sequence[Promise]) -> str:
    """Return a table in Markdown."""
    lines = ["| promise | found | kept |", "| --- | --- | --- |"]
    lines += [f"| {each.what} | {each.found} | {'yes' if each.is_kept else '**no**'} |" for each in promises]
    return "\n".join(lines)


def _of_cases(delta: dict[str, Row]) -> list[Promise]:
    step, loss, tail = delta["capacity step"], delta["random loss"], delta["drop-tail"]
    frame_ms = step.frame_ms["p99"] or 0.0
    recovered_s, burst, change = (
        step.figures["recovered_s"],
        delta["media pause"].figures["burst"],
        delta["outlier"].figures["change"],
    )
    share, reno_share = delta["two flows"].figures["second_share"], delta["TCP Reno"].use
    sent_use, redundancy = loss.figures["sent_use"], loss.figures["redundancy"]
    tail_use, tail_redundancy = tail.figures["sent_use"], tail.figures["redundancy"]
    return [
        Promise("20 to 4 Mbit/s and back: frame delay p99 below 180 ms", f"{frame_ms:.0f} ms", frame_ms < 180),
        Promise("... 90 % of the old rate within 4 s of the return", f"{recovered_s:.1f} s", recovered_s <= 4),
        Promise("... at most 5 frames given up", str(step.frames_given_up), step.frames_given_up <= 5),
        Promise(
            "10 % random loss: the rate stays above 60 % of the capacity, redundancy up",
            f"{sent_use:.0%}, {redundancy:.2f}",
            sent_use > 0.6 and redundancy > 0.1,
        ),
        Promise(
            "congestive loss: the rate falls below the capacity, redundancy does not rise",
            f"{tail_use:.0%}, {tail_redundancy:.2f}",
            tail_use < 1 and tail_redundancy <= 0.05,
        ),
        Promise(
            "a frame 170 ms late changes the rate of the next 2 s by less than 10 %", f"{change:.1%}", change < 0.1
        ),
        Promise(
            "a minute of stillness: no burst above the rate proved before (5 % for unlike frames)",
            f"{burst:.2f} of it",
            burst <= 1 + FRAME_NOISE,
        ),
        Promise("two equal flows share within 40:60 after 20 s", f"{share:.0%} for the second", 0.4 <= share <= 0.6),
        Promise("against TCP Reno at least 15 % of the link", f"{reno_share:.0%}", reno_share >= 0.15),
    ]


def _is_beaten(row: Row, other: Row) -> bool:
    return _p95(row) > _p95(other) and row.use <= other.use


def _p95(row: Row) -> float:
    return row.queue_ms["p95"] or 0.0
