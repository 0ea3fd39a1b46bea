"""Who is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rating.fixed import FixedRate
from rating.gcc import GccLike
from wavry.rift.delta import Delta, DeltaConfig

if TYPE_CHECKING:
    from rating.cases import Contestant
    from rating.media import Controller

START_BPS = 5e6
FLOOR_BPS = 150e3
PARITY = 1.05
"""What a clean link's parity adds."""


def _delta(ceiling_bps: float, fixed_bps: float) -> Controller:
    del fixed_bps
    return Delta(DeltaConfig(ceiling_bps=ceiling_bps, floor_bps=FLOOR_BPS, start_bps=START_BPS, reserved_bps=0))


def _gcc_like(ceiling_bps: float, fixed_bps: float) -> Controller:
    del fixed_bps
    return GccLike(start_bps=START_BPS, floor_bps=FLOOR_BPS, ceiling_bps=ceiling_bps * PARITY)


def _fixed(ceiling_bps: float, fixed_bps: float) -> Controller:
    del ceiling_bps
    return FixedRate(fixed_bps * PARITY)


CONTESTANTS: dict[str, Contestant] = {"DELTA": _delta, "GCC-like": _gcc_like, "fixed": _fixed}
