"""The flags that describe a link, for every script that has one: a profile, own values, or both."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from network.conditions import Blackout, LinkConditions, PathConditions, SizeStep
from network.loss import BurstLoss, GilbertElliott, RandomLoss
from network.profiles import DESCRIPTIONS, PROFILES
from network.rate import RateStep
from network.trace import Trace
from wavry.cli import Option, amount, duration, one_of, whole_number
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from network.loss import LossModel


def share(text: str) -> float:
    """Return `1%` or `0.01` as 0.01."""
    match = re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?|\.\d{1,9})(%?)", text)
    value = float(match[1]) / (100 if match[2] else 1) if match is not None else -1.0
    if not 0 <= value <= 1:
        raise ValueError("a share like 1% or 0.01, at most 100%")
    return value


def burst(text: str) -> tuple[int, int]:
    """Return `2-4` as its bounds; `3` is both."""
    match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text)
    if match is None:
        raise ValueError("datagrams like 3 or 2-4")
    return int(match[1]), int(match[2] or match[1])


def gilbert_elliott(text: str) -> GilbertElliott:
    """Return `0.005,0.2,0,0.6` as the model: good to bad, bad to good, loss in good, loss in bad."""
    parts = text.split(",")
    if len(parts) != 4:
        raise ValueError("four shares like 0.005,0.2,0,0.6")
    return GilbertElliott(*(share(part) for part in parts))


def blackouts(text: str) -> tuple[Blackout, ...]:
    """Return `10s+3s,40s+1s` as what begins after 10 s for 3 s, and after 40 s for 1 s."""
    pairs = [part.split("+") for part in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("beginnings and lengths like 10s+3s,40s+1s")
    return tuple(Blackout(duration(begins), duration(length)) for begins, length in pairs)


def rate_steps(text: str) -> tuple[RateStep, ...]:
    """Return `0s:20M,10s:4M` as 20 Mbit/s from the beginning and 4 from 10 s on."""
    pairs = [part.split(":") for part in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("beginnings and rates like 0s:20M,10s:4M")
    return tuple(RateStep(duration(begins), amount(rate)) for begins, rate in pairs)


def size_steps(text: str) -> tuple[SizeStep, ...]:
    """Return `0s:1400,10s:1250` as 1400 bytes from the beginning and 1250 from 10 s on."""
    pairs = [part.split(":") for part in text.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError("beginnings and bytes like 0s:1400,10s:1250")
    return tuple(SizeStep(duration(begins), whole_number(limit)) for begins, limit in pairs)


LINK_OPTIONS = (
    Option(
        flag="--profile",
        metavar="NAME",
        parse=one_of(*PROFILES),
        help=f"a link by name: {', '.join(PROFILES)}; the flags below change single values of it",
    ),
    Option(flag="--rtt", metavar="DURATION", parse=duration, help="round trip, half of it each way: 60ms"),
    Option(flag="--jitter", metavar="DURATION", parse=duration, help="spread of the delay, order kept: 10ms"),
    Option(flag="--jitter-reorders", help="jitter of each datagram alone, which lets them overtake"),
    Option(flag="--loss", metavar="SHARE", parse=share, help="lost each way: 1%% or 0.01"),
    Option(flag="--burst", metavar="N[-M]", parse=burst, help="with --loss: in bursts of so many datagrams: 2-4"),
    Option(
        flag="--gilbert-elliott",
        metavar="A,B,C,D",
        parse=gilbert_elliott,
        help="in place of --loss: good to bad, bad to good, loss in good, loss in bad: 0.005,0.2,0,0.6",
    ),
    Option(flag="--rate", metavar="BPS", parse=amount, help="what the link carries: 10M"),
    Option(
        flag="--rate-steps",
        metavar="AT:BPS[,...]",
        parse=rate_steps,
        help="another rate from a time on: 0s:20M,10s:4M,13s:20M",
    ),
    Option(
        flag="--trace",
        metavar="FILE",
        help="in place of a rate: a file with a millisecond on each line at which 1500 bytes can leave; it repeats",
    ),
    Option(flag="--queue", metavar="BYTES", parse=amount, help="most that waits for the link: 500k"),
    Option(flag="--reorder", metavar="SHARE", parse=share, help="come late and are overtaken: 1%%"),
    Option(flag="--reorder-by", metavar="DURATION", parse=duration, help="how late: 8ms"),
    Option(flag="--duplicate", metavar="SHARE", parse=share, help="come twice: 1%%"),
    Option(flag="--corrupt", metavar="SHARE", parse=share, help="come with flipped bits: 1%%"),
    Option(
        flag="--blackout",
        metavar="AT+LENGTH[,...]",
        parse=blackouts,
        help="the link is dead from the first for the second: 10s+3s",
    ),
    Option(
        flag="--size-steps",
        metavar="AT:BYTES[,...]",
        parse=size_steps,
        help="larger datagrams are dropped from a time on: 0s:1400,10s:1250",
    ),
)

PROFILE_LINES = "profiles:\n" + "".join(f"  {name:17} {text}\n" for name, text in DESCRIPTIONS.items())
"""For the end of a `--help`."""


def path_of(values: dict[str, Any]) -> PathConditions:
    """Make a path, the same both ways, of the values of `LINK_OPTIONS`.

    Raises:
        ConfigError: They contradict each other, or the trace can't be read.
    """
    base = PROFILES[values["profile"]] if values["profile"] is not None else LinkConditions()
    changes: dict[str, Any] = {
        "latency_s": None if values["rtt"] is None else values["rtt"] / 2,
        "jitter_s": values["jitter"],
        "jitter_reorders": values["jitter_reorders"] or None,
        "loss": _loss(values),
        "queue_limit_bytes": values["queue"],
        "reordered_share": values["reorder"],
        "reordering_s": values["reorder_by"],
        "duplicated_share": values["duplicate"],
        "corrupted_share": values["corrupt"],
        "blackouts": values["blackout"],
        "size_steps": values["size_steps"],
    }
    given = {name: value for name, value in changes.items() if value is not None}
    rates = {"rate_bps": values["rate"], "rate_steps": values["rate_steps"]}
    given |= {name: value for name, value in rates.items() if value is not None}
    if values["trace"] is not None:
        if values["rate"] is not None or values["rate_steps"] is not None:
            raise ConfigError("--trace", values["trace"], "not together with --rate or --rate-steps")
        given |= {"rate_bps": None, "trace": Trace.load(Path(values["trace"]))}
    return PathConditions.both(replace(base, **given))


def _loss(values: dict[str, Any]) -> LossModel | None:
    lost, length, model = values["loss"], values["burst"], values["gilbert_elliott"]
    if model is not None and (lost is not None or length is not None):
        raise ConfigError("--gilbert-elliott", "with --loss or --burst", "one or the other")
    if length is not None and lost is None:
        raise ConfigError("--burst", f"{length[0]}-{length[1]}", "only together with --loss")
    if lost is None:
        return model  # type: ignore[no-any-return] # None or a GilbertElliott
    return RandomLoss(lost) if length is None else BurstLoss(lost, *length)
