"""The JSON that programs write: `--memory-report` of a host (also its `/api/memory`), `--stats-json` of a client.

Every field may be missing or of another type than expected: the file may come from another version, or from anybody.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from wavry.report.run import MOST_NAMES, PERCENTILES, Entry, Figure, Kind, Run, number

MOST_BYTES = 16_000_000
"""Of a report; real ones have 10 kB."""

_TOP = ("frames_captured", "frames_encoded", "buffer_reuse_rate")
_MEMORY_UNITS = {"_mb": "MB", "_mb_per_hour": "MB/h", "_bytes": "bytes"}
_UNITS = _MEMORY_UNITS | {"_bps": "bit/s", "_ms": "ms", "_s": "s"}


def read_report(data: bytes, name: str) -> Run | None:
    """Return what a report says; None for data that is none.

    Args:
        data: The whole file, at most `MOST_BYTES`.
        name: What the run is called.
    """
    try:
        report = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(report, dict) or not isinstance(report.get("memory"), dict):
        return None
    run = Run(name, Kind.CLIENT if isinstance(report.get("video"), dict) else Kind.HOST)
    run.budget = [entry for each in _list(report.get("budget")) if (entry := _entry(each)) is not None]
    run.latency = _latency(_dict(report.get("latency_ms")))
    run.figures = _figures(report)
    return run


def _figures(report: dict[str, Any]) -> list[Figure]:
    """Return the single numbers: of the run, of its picture, sound and network, of its memory and its things."""
    figures = [_figure("duration_s", report.get("duration_s"))]
    figures += [_figure(name, report[name]) for name in _TOP if name in report]
    for part in ("video", "audio", "network", "memory", "profile", "counts"):
        for key, value in islice(_dict(report.get(part)).items(), MOST_NAMES):
            if isinstance(value, int | float) or value is None:
                figures.append(_figure(str(key), value, part))
    return figures


def _figure(key: str, value: object, part: str = "") -> Figure:
    ending = next((each for each in sorted(_UNITS, key=len, reverse=True) if key.endswith(each)), "")
    words = key.removesuffix(ending).replace("_", " ")
    return Figure(f"{part}: {words}" if part else words, number(value), _UNITS.get(ending, ""))


def _entry(given: object) -> Entry | None:
    entry = _dict(given)
    if not isinstance(entry.get("name"), str):
        return None
    return Entry(
        name=entry["name"],
        cap_bytes=number(entry.get("cap_bytes")),
        used_bytes=number(entry.get("used_bytes")),
        high_water_bytes=number(entry.get("high_water_bytes")),
        drops=number(entry.get("drops")),
        policy=str(entry.get("policy") or ""),
    )


def _latency(given: dict[str, Any]) -> dict[str, dict[str, float | None]]:
    """Return the stages and what they come to together; a stage that was never timed has only None."""
    stages = _dict(given.get("stages")) | {key: value for key, value in given.items() if key != "stages"}
    return {
        str(stage).replace("_", " "): {each: number(values.get(each)) for each in PERCENTILES}
        for stage, values in islice(stages.items(), MOST_NAMES)
        if isinstance(values, dict)
    }


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value[:MOST_NAMES] if isinstance(value, list) else []
