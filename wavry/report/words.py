"""Numbers as people read them. What is not known is a dash, never a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wavry.memory.trend import Trend

UNKNOWN = "–"  # noqa: RUF001 - an en dash is what a table has where there is nothing
_MINUS = "\N{MINUS SIGN}"
_HOUR_S = 3600.0


def in_words(value: float | None, unit: str) -> str:
    """Return a value with its unit; bytes as kB or MB (powers of 1000)."""
    if value is None:
        return UNKNOWN
    scaled, unit = _scaled(value, unit)
    return f"{_plain(scaled)} {unit}".strip()


def difference(before: float | None, after: float | None, unit: str) -> str:
    """Return by how much the second of two values differs, with the share of the first."""
    if before is None or after is None:
        return UNKNOWN
    change = after - before
    if change == 0:
        return "0"
    scaled, unit = _scaled(abs(change), unit)
    sign = "+" if change > 0 else _MINUS
    share = f" ({sign}{abs(change / before):.1%})" if before and abs(change / before) >= 0.0005 else ""
    return f"{sign}{_plain(scaled)} {unit}".strip() + share


def slope_in_words(trend: Trend | None, unit: str) -> str:
    """Return a slope an hour with its 95 % interval; unknown for None."""
    if trend is None:
        return UNKNOWN
    hourly = trend.per_hour
    slope, lower, upper = (_signed(each) for each in (hourly.slope, hourly.lower, hourly.upper))
    return f"{slope} {unit + '/h' if unit else 'an hour'} ({lower} to {upper})"


def verdict(trend: Trend | None) -> str:
    """Say what a slope means, as the soak judges: what is not certain at 95 % is no growth."""
    if trend is None:
        return "too few samples for a slope"
    word = "grows" if trend.is_growth else "no growth that is certain"
    return f"{word}: {slope_in_words(trend, 'MB')}, 95 %, after a warm-up of a quarter"


def time_unit(seconds: float) -> tuple[float, str]:
    """Return how many seconds the unit has that suits a time, and its name."""
    if seconds > 3 * _HOUR_S:
        return _HOUR_S, "hours"
    return (60.0, "minutes") if seconds > 300 else (1.0, "seconds")


def _scaled(value: float, unit: str) -> tuple[float, str]:
    """Return a value in the unit that suits its size."""
    if unit == "bytes" and abs(value) >= 1000:
        return (value / 1e6, "MB") if abs(value) >= 1e5 else (value / 1e3, "kB")
    if unit == "bit/s" and abs(value) >= 1e5:
        return value / 1e6, "Mbit/s"
    return value, unit


def _plain(value: float) -> str:
    """Return a number with three decimals, fewer where they say nothing, more where it is smaller than they are."""
    if value == int(value):
        return f"{value:,.0f}"
    if abs(value) < 0.001:
        return f"{value:.2g}"
    digits = 1 if abs(value) >= 100 else 3
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def _signed(value: float) -> str:
    return f"{value:+,.0f}" if abs(value) >= 1000 else f"{value:+.2f}"
