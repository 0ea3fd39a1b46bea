from __future__ import annotations

import pytest

from wavry.encode.config import MAX_DIMENSION, EncoderConfig
from wavry.errors import ConfigError
from wavry.media import Size


@pytest.mark.parametrize("size", [Size(16, 16), Size(MAX_DIMENSION, MAX_DIMENSION), Size(1366, 768)])
def test_even_sizes_within_the_bounds_are_taken(size: Size) -> None:
    assert EncoderConfig(size=size).size == size


@pytest.mark.parametrize("size", [Size(14, 16), Size(16, 8194), Size(17, 16), Size(16, 17), Size(0, 0)])
def test_other_sizes_are_refused_by_the_name_of_their_flag(size: Size) -> None:
    with pytest.raises(ConfigError, match="--size"):
        EncoderConfig(size=size)


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("fps", 0, "--fps"),
        ("fps", 241, "--fps"),
        ("bitrate_bps", 99_999, "--bitrate"),
        ("bitrate_bps", 1_000_000_001, "--bitrate"),
    ],
)
def test_rates_out_of_range_are_refused_by_the_name_of_their_flag(field: str, value: int, flag: str) -> None:
    with pytest.raises(ConfigError, match=flag):
        EncoderConfig(size=Size(64, 64), **{field: value})  # type: ignore[arg-type] # one field at a time


def test_the_rate_controls_buffer_is_counted_in_frame_times() -> None:
    assert EncoderConfig(size=Size(64, 64), fps=50, bitrate_bps=10_000_000, vbv_frames=2.0).vbv_bits == 400_000


def test_the_refresh_period_is_counted_in_frames() -> None:
    assert EncoderConfig(size=Size(64, 64), fps=60, refresh_s=5).refresh_frames == 300
    assert EncoderConfig(size=Size(64, 64), fps=1, refresh_s=0.1).refresh_frames == 2
