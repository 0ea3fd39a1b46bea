"""`docs/delta.md`, made of the tables in `wavry/rift/delta/states.py`."""

from __future__ import annotations

from dataclasses import fields

from wavry.rift.delta.states import RULES, TRANSITIONS, TUNING, Rule, Signal, State

_TEXT = """# DELTA, the rate controller

One thing decides how much is sent. Its code is in `wavry/rift/delta/`; this page is written from its tables by
`python scripts/draw_delta.py`. How well it does is in [rate.md](rate.md).

**What it knows.** The viewer reports when each packet arrived, every 25 ms (`wavry/rift/arrivals.py`). Arrival less
sending time is the delay on two clocks of unknown offset; above its smallest value of the last {base_window_s:g} s it
is the time in the queue of the bottleneck. Packets sent within {group_s:g} s are one group whose smallest delay counts,
and the smaller one of the two newest groups is the queue: one late packet is none.

**What it decides.** One budget in bit/s, for the picture, its parity, sound, control and retransmissions together. Of
it follow the encoder's rate, the redundancy, the frame rate, the pacing rate and the congestion window. The frame rate
is lowered for a viewer that is behind as well.

**Why it is like this.**

- *Delay, not loss, is the measure*, because a game is unplayable long before a deep queue overflows. Slower flows
  bear longer queues, so of two flows the larger one gives way first, and they meet in the middle whatever their round
  trips.
- *The window does what reports are too slow for.* A link that falls to a fifth fills 100 ms of queue within 25 ms.
  While the queue grows, no more may be in flight than was acknowledged in a round trip and {window_s:g} s. While it is
  too long the encoder gets no more than that rate either: cuts come a round trip apart, and it is long then.
- *Loss is congestion only if it comes with a queue.* What is lost while the queue is short is the channel's share;
  three standard deviations more while it is long is an overflow. The first raises redundancy, the second lowers the
  rate.
- *A queue that stays is drained to see whose it is.* If half the rate for {drain_s:g} s empties it, it was ours, and
  the smallest delay is known again. If not, somebody else keeps it full (TCP), and to cut further would only give way
  to them: then only losses are listened to, until the next look.
- *Nothing grows unproved*: not above {headroom:g} times what was acknowledged, not while the application sends less
  than {used:.0%} of its budget. What comes after a pause begins where the last motion ended.

## States

{states}

## Signals

The first one that applies, each report.

{signals}

## Where a signal leads

{transitions}

DRAINING ends when its time is over: to STABLE if the queue was ours, to CONGESTED if it is longer
than {bearable_s:g} s, to COMPETING otherwise.

## Constants

{constants}
"""


def page() -> str:
    """Return the page."""
    values = {each.name: getattr(TUNING, each.name) for each in fields(TUNING)}
    return _TEXT.format(
        **values, states=_states(), signals=_signals(), transitions=_transitions(), constants=_constants()
    )


def _states() -> str:
    names = [each.name for each in fields(Rule)]
    heads = ["state", "the link", *(f"`{name}`" for name in names)]
    return _table(heads, [[s.name, s.value, *(_shown(getattr(RULES[s], name)) for name in names)] for s in State])


def _signals() -> str:
    return _table(["signal", "when"], [[signal.name, signal.value] for signal in Signal])


def _transitions() -> str:
    rows = [[state.name, *(TRANSITIONS[state][signal].name for signal in Signal)] for state in State]
    return _table(["from", *(signal.name for signal in Signal)], rows)


def _constants() -> str:
    rows = [
        [f"`{each.name}`", f"{getattr(TUNING, each.name):,} {each.metadata['unit']}".strip(), each.metadata["meaning"]]
        for each in fields(TUNING)
    ]
    return _table(["name", "value", "meaning"], rows)


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _shown(value: float) -> str:
    return ("yes" if value else "") if isinstance(value, bool) else f"{value:,g}"
