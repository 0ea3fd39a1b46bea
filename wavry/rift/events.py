"""What happened, for the owner of a `Sender` or `Receiver` to act on. Drained with `events()`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from wavry.media import AccessUnit
    from wavry.rift.assembler import LossReason


@dataclass(frozen=True, slots=True)
class AccessUnitReceived:
    """A unit is whole, and everything it refers to was delivered before it."""

    unit: AccessUnit
    first_arrival_at: float
    """Monotonic seconds at which the first of its packets arrived."""

    completed_at: float
    """Monotonic seconds at which it was handed on; the difference is what the network spread it over."""


@dataclass(frozen=True, slots=True)
class FrameLost:
    """Frames that will never be shown."""

    frame_id: int
    """The first of them."""

    reason: LossReason
    count: int = 1
    """How many in a row, modulo 2**32."""


@dataclass(frozen=True, slots=True)
class KeyframeNeeded:
    """Nothing can be delivered before the next keyframe; tell the sender with a `KeyframeRequest`.

    Comes at once and then again while the need lasts, `keyframe_request_interval_ms` apart.
    """

    epoch: int
    after_frame_id: int
    """The newest frame known of; a keyframe after it will do."""


@dataclass(frozen=True, slots=True)
class UnitsDropped:
    """Coded units that were not sent, because the network takes less than the encoder gives or their reference is gone.

    The chain is broken; the encoder must make a keyframe.
    """

    count: int
    first_frame_id: int


@dataclass(frozen=True, slots=True)
class KeyframeRequested:
    """The viewer needs a keyframe; make the next frame one, even if the screen stands still."""

    epoch: int
    after_frame_id: int
    """The newest frame the viewer knew of."""


ReceiverEvent: TypeAlias = AccessUnitReceived | FrameLost | KeyframeNeeded
SenderEvent: TypeAlias = UnitsDropped | KeyframeRequested
