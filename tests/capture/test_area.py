from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.capture.area import choose_area, make_desktop, refit_area
from wavry.capture.config import CaptureConfig
from wavry.errors import ConfigError
from wavry.media import Rect

LEFT, RIGHT = Rect(0, 0, 1280, 1024), Rect(1280, 0, 1920, 1080)
DESKTOP = make_desktop(Rect(0, 0, 3200, 1080), [("left", LEFT, False), ("right", RIGHT, True)])


def test_primary_monitor_has_number_0_and_the_others_follow() -> None:
    assert [(m.number, m.name) for m in DESKTOP.monitors] == [(0, "right"), (1, "left")]


def test_desktop_without_monitors_counts_as_one() -> None:
    assert make_desktop(Rect(0, 0, 640, 480), []).monitors[0].rect == Rect(0, 0, 640, 480)


def test_without_wishes_the_primary_monitor_is_captured() -> None:
    assert choose_area(DESKTOP, CaptureConfig()) == RIGHT


def test_region_alone_counts_from_the_corner_of_the_desktop() -> None:
    assert choose_area(DESKTOP, CaptureConfig(region=Rect(1200, 0, 200, 100))) == Rect(1200, 0, 200, 100)


def test_region_on_a_monitor_counts_from_its_corner() -> None:
    config = CaptureConfig(monitor=0, region=Rect(10, 20, 200, 100))
    assert choose_area(DESKTOP, config) == Rect(1290, 20, 200, 100)


def test_odd_sizes_are_rounded_down() -> None:
    assert choose_area(DESKTOP, CaptureConfig(region=Rect(1, 1, 101, 33))) == Rect(1, 1, 100, 32)


def test_unknown_monitor_is_refused_with_the_list() -> None:
    with pytest.raises(ConfigError, match=r"--monitor 2: allowed is 0 to 1 \(0 is right 1920x1080, 1 is left"):
        choose_area(DESKTOP, CaptureConfig(monitor=2))


@pytest.mark.parametrize("region", [Rect(1900, 0, 100, 100), Rect(-1, 0, 10, 10), Rect(0, 0, 1, 10), Rect(0, 0, -5, 9)])
def test_region_off_the_screen_is_refused_with_the_size(region: Rect) -> None:
    with pytest.raises(ConfigError, match="inside 1920x1080") as caught:
        choose_area(DESKTOP, CaptureConfig(monitor=0, region=region))
    assert caught.value.field == "--region"


def test_after_a_resize_the_region_is_cut_to_what_is_visible() -> None:
    smaller = make_desktop(Rect(0, 0, 640, 480), [])
    area, note = refit_area(smaller, CaptureConfig(region=Rect(600, 400, 100, 100)))
    assert area == Rect(600, 400, 40, 80)
    assert note is not None
    assert "cut to 40x80" in note


def test_after_a_resize_a_region_out_of_sight_gives_way_to_the_whole() -> None:
    smaller = make_desktop(Rect(0, 0, 640, 480), [])
    area, note = refit_area(smaller, CaptureConfig(region=Rect(1000, 400, 100, 100)))
    assert area == Rect(0, 0, 640, 480)
    assert note is not None


def test_after_a_monitor_is_unplugged_the_primary_one_is_shown() -> None:
    area, note = refit_area(make_desktop(RIGHT, [("right", RIGHT, True)]), CaptureConfig(monitor=1))
    assert area == RIGHT
    assert note == "monitor 1 is gone, shows the primary one"


sides = st.integers(-50, 4000)
rects = st.builds(Rect, sides, sides, sides, sides)
extents = st.integers(2, 4000)


@given(extents, extents, rects)
def test_whatever_remains_after_a_resize_is_even_and_on_the_screen(width: int, height: int, region: Rect) -> None:
    whole = Rect(0, 0, width, height)
    area, _ = refit_area(make_desktop(whole, []), CaptureConfig(region=region))
    assert area.intersection(whole) == area
    assert area.width % 2 == area.height % 2 == 0
