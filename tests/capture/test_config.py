from __future__ import annotations

from typing import Any

import pytest

from wavry.capture import CaptureConfig
from wavry.errors import ConfigError
from wavry.media import Rect, Size


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fps": 0}, "--fps 0: allowed is 1 to 240"),
        ({"fps": 241}, "--fps 241: allowed is 1 to 240"),
        ({"source": ""}, "--source '': allowed is screen, testcard"),
        ({"source": "testcard", "monitor": 0}, "--monitor 0: allowed is only together with --source screen"),
        ({"source": "testcard", "region": Rect(0, 0, 8, 8)}, "--region 0,0,8,8: allowed is only together"),
        ({"source": "testcard", "size": Size(32, 320)}, "--size 32x320: allowed is at least 64x64"),
        ({"pool_buffers": 0}, "pool_buffers 0: allowed is 1 to 8"),
        ({"refresh_interval_s": 0}, "refresh_interval_s 0: allowed is 0.1 to 60"),
    ],
)
def test_impossible_value_is_named_with_what_is_allowed(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CaptureConfig(**values)
    assert str(caught.value).startswith(message)
