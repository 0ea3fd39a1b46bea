"""What an owner may set."""

from __future__ import annotations

from dataclasses import dataclass

from wavry.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaConfig:
    """The bounds of the controller. How it behaves between them is `states.TUNING`."""

    ceiling_bps: float = 20e6
    """Most the encoder is given. Range 50 kbit/s to 1 Gbit/s, bit/s."""

    floor_bps: float = 200e3
    """Least the encoder is given, however bad the link: below it no picture is of use, and without packets nothing is
    learnt of the link. Range 10 kbit/s to the ceiling, bit/s."""

    start_bps: float = 5e6
    """The whole budget before anything is known. It doubles each 350 ms while the link carries it. Range 10 kbit/s to
    1 Gbit/s, bit/s."""

    reserved_bps: float = 200e3
    """Part of the budget that sound, control and headers take before the picture: Opus at 128 kbit/s, its parity and
    packets. Range 0 to 100 Mbit/s, bit/s."""

    fps: int = 60
    """Most frames a second. Range 1 to 240."""

    smooth_bps: float = 3.7e6
    """Encoder's rate from which `fps` frames a second look better than fewer, finer ones; for fewer it is as much less.
    What 1080p60 needs until `Delta.set_smooth_bps` tells of the picture. Range 0 to 1 Gbit/s, bit/s."""

    max_redundancy: float = 0.5
    """Most parity, as a share of the source bytes; 0 turns parity off. Range 0 to 1."""

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ConfigError: A field is out of its range.
        """
        _check("ceiling_bps", self.ceiling_bps, 50e3, 1e9)
        _check("floor_bps", self.floor_bps, 10e3, self.ceiling_bps)
        _check("start_bps", self.start_bps, 10e3, 1e9)
        _check("reserved_bps", self.reserved_bps, 0, 100e6)
        _check("fps", self.fps, 1, 240)
        _check("smooth_bps", self.smooth_bps, 0, 1e9)
        _check("max_redundancy", self.max_redundancy, 0, 1)


def _check(field: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:
        raise ConfigError(field, value, f"{lowest:g} to {highest:g}")
