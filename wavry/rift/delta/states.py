"""The states, what leads from one to the next, and every constant of DELTA. docs/delta.md is drawn from here."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

_Number = TypeVar("_Number", int, float)


class State(Enum):
    """What the controller takes the link to be doing; the value says it for people."""

    STARTING = "nothing is known of the link yet: grow fast"
    STABLE = "the queue is short: grow slowly"
    RECOVERING = "the queue is short and the rate was higher before: grow fast"
    LIMITED = "the application sends less than it may: nothing proves that more would fit"
    RISING = "the queue grows: wait"
    CONGESTED = "the queue is too long, or it overflowed: cut once per round trip"
    DRAINING = "the queue may have stood for long: send little and look what remains of it"
    COMPETING = "the queue stays whatever we do: others fill it, so only losses are listened to"
    SILENT = "what was sent is not reported: halve, again and again"


class Signal(Enum):
    """What one report says, the first that applies; the value says when."""

    SILENCE = "packets were sent and no report came in time"
    LOSS = "more was lost than the channel loses while the queue is short"
    STANDING = "the queue has not been short for long, or not empty for longer, or it is time to look again at others'"
    QUEUE = "the queue is above the target and does not shrink"
    RISE = "the queue grew noticeably, or is above the target but shrinks"
    SCARCE = "less was sent than the budget allows"
    BELOW = "none of these, and the rate was higher before the last cut"
    CLEAR = "none of these"


@dataclass(frozen=True, slots=True)
class Rule:
    """How the rate moves in one state."""

    budget: float = 1.0
    """Share of the rate that is spent."""

    growth_per_s: float = 0.0
    """Share of the rate by which it grows within a second while the queue is empty, at `reference_bps`; by the square
    root of the rate less at higher ones, so that the smaller of two flows catches up. None at the queue's target."""

    step_bps_per_s: float = 0.0
    """Growth within a second whatever the rate and the queue."""

    pacing_gain: float = 1.25
    """Packets leave at so many times the rate, so that a frame is gone before the next one comes."""

    is_self_clocked: bool = False
    """Whether the congestion window is that of the acknowledged rate, where it is below the budget."""

    ignores_queue: bool = False
    """Whether the congestion window has room for the queue that others made."""


RULES: dict[State, Rule] = {
    State.STARTING: Rule(growth_per_s=2.0),
    State.STABLE: Rule(growth_per_s=0.5),
    State.RECOVERING: Rule(growth_per_s=1.5),
    State.LIMITED: Rule(),
    State.RISING: Rule(is_self_clocked=True),
    State.CONGESTED: Rule(pacing_gain=1.0, is_self_clocked=True),
    State.DRAINING: Rule(budget=0.5, pacing_gain=1.0),
    State.COMPETING: Rule(step_bps_per_s=4e6, ignores_queue=True),
    State.SILENT: Rule(pacing_gain=1.0),
}

TRANSITIONS: dict[State, dict[Signal, State]] = {
    state: {
        Signal.SILENCE: State.SILENT,
        Signal.LOSS: State.CONGESTED,
        Signal.STANDING: State.DRAINING,
        Signal.QUEUE: State.CONGESTED,
        Signal.RISE: State.RISING,
        Signal.SCARCE: State.LIMITED,
        Signal.BELOW: State.RECOVERING,
        Signal.CLEAR: State.STABLE,
    }
    for state in State
}
"""From each state by each signal. Most signals mean the same everywhere; the exceptions stand below."""

TRANSITIONS[State.STARTING] |= {Signal.BELOW: State.STARTING, Signal.CLEAR: State.STARTING}
TRANSITIONS[State.DRAINING] = dict.fromkeys(Signal, State.DRAINING) | {Signal.SILENCE: State.SILENT}
TRANSITIONS[State.CONGESTED] |= {Signal.RISE: State.CONGESTED}
TRANSITIONS[State.COMPETING] |= {
    Signal.LOSS: State.COMPETING,
    Signal.BELOW: State.COMPETING,
    Signal.CLEAR: State.COMPETING,
    Signal.QUEUE: State.COMPETING,
    Signal.RISE: State.COMPETING,
}


def _constant(value: _Number, unit: str, meaning: str) -> _Number:
    """Return a dataclass field with what the docs say of it."""
    made: _Number = field(default=value, metadata={"unit": unit, "meaning": meaning})
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Every constant of the controller. Chosen in virtual time with `scripts/bench/rate.py`."""

    target_s: float = _constant(
        0.020,
        "s",
        "queue with which a flow of `reference_bps` uses a link well; by the square root longer for slower ones",
    )
    least_target_s: float = _constant(0.010, "s", "but no shorter")
    most_target_s: float = _constant(0.040, "s", "and no longer")
    confirm_s: float = _constant(0.02, "s", "a queue above the target must be seen again after so long")
    rise_s: float = _constant(0.005, "s", "growth of the queue over `trend_s` that is no noise")
    shrink_s: float = _constant(0.002, "s", "a queue that shrank by so much over `trend_s` needs no further cut")
    trend_s: float = _constant(0.15, "s", "time over which the trend of the delay is taken")
    group_s: float = _constant(0.010, "s", "packets sent within it are one group, whose smallest delay counts")
    base_window_s: float = _constant(10.0, "s", "the smallest delay within it is taken as that of an empty queue")
    stale_s: float = _constant(
        8.0, "s", "without a delay near the smallest for so long, the queue is drained to look again"
    )
    empty_s: float = _constant(0.002, "s", "a delay so little above the smallest is that of an empty queue")
    standing_s: float = _constant(
        1.0, "s", "a queue above half its target for so long may not be ours: it is drained to see"
    )
    retest_s: float = _constant(2.5, "s", "time between two drainings")
    drain_s: float = _constant(0.2, "s", "how long draining lasts, besides a round trip")
    drained_s: float = _constant(0.06, "s", "a queue of ours shrinks by so much when it is drained, or is empty")
    bearable_s: float = _constant(0.25, "s", "in a longer queue nobody competes: it is not worth the delay")
    cut_pause_s: float = _constant(0.025, "s", "besides a round trip, time until a cut can be seen in reports")
    cut: float = _constant(0.85, "", "a cut goes to so much of the acknowledged rate")
    deep_cut: float = _constant(
        0.5, "", "a cut because of a very long queue goes down to so much of the acknowledged rate"
    )
    cut_drain_s: float = _constant(0.25, "s", "a queue is to be empty within so long after a cut")
    least_cut: float = _constant(0.70, "", "no single cut goes below so much of the rate")
    headroom: float = _constant(1.5, "", "the rate never grows above so many times what was acknowledged")
    rate_window_s: float = _constant(0.3, "s", "the acknowledged and the sent rate are means over so long")
    used: float = _constant(0.8, "", "who sends less than this share of the budget is limited by the application")
    reference_bps: float = _constant(10e6, "bit/s", "rate at which the growth of each state is meant")
    idle: float = _constant(0.5, "", "who sends less than this share is idle")
    idle_s: float = _constant(1.0, "s", "who was idle for so long falls back to what was proved")
    idle_rate: float = _constant(0.9, "", "namely to so much of the most that was acknowledged, as frames differ")
    remembered: float = _constant(0.9, "", "growth is fast up to so much of the rate before the last cut")
    forget_per_cut: float = _constant(0.9, "", "each further cut makes the remembered rate this share of itself")
    window_s: float = _constant(0.030, "s", "so much more than the round trip may be unacknowledged")
    min_window_bytes: int = _constant(6000, "bytes", "smallest congestion window")
    max_window_bytes: int = _constant(
        1048576, "bytes", "largest congestion window; the ledger of what is in flight is bounded by it"
    )
    loss_span_s: float = _constant(0.05, "s", "the share lost is taken over so long")
    loss_span_packets: int = _constant(20, "packets", "and over at least so many")
    loss_memory_s: float = _constant(10.0, "s", "the worst share within it sets the redundancy")
    loss_margin: float = _constant(1.25, "", "redundancy is so many times the worst share lost")
    loss_extra: float = _constant(0.03, "", "and so much more")
    least_redundancy: float = _constant(0.05, "", "parity on a clean link")
    lossy_window_frames: int = _constant(4, "frames", "a parity packet covers so many where packets are lost")
    step_down_s: float = _constant(
        2.0, "s", "for a viewer that is behind, the frame rate falls at most one step in so long"
    )
    step_up_s: float = _constant(10.0, "s", "and rises by one when the viewer has kept up for so long")
    most_patience_s: float = _constant(
        160.0, "s", "or twice the time if it fell behind again within `step_up_s` of a rise, but no longer than this"
    )
    after_silence: float = _constant(
        0.5, "", "the first report after a silence brings back so much of the rate before it, if nothing queues"
    )
    silence_s: float = _constant(
        0.5, "s", "reports that are missing for so long halve the rate, and then each `silence_s` again"
    )


TUNING = Tuning()
