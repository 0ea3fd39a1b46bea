"""Charts as SVG: well formed whatever the numbers and names are, and true."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from wavry.report.plot import Axes, Line, draw_lines

FINITE = st.floats(-1e18, 1e18)


@given(st.text(), st.lists(st.tuples(FINITE, FINITE), max_size=20), st.booleans())
def test_any_finite_points_under_any_name_are_well_formed(
    name: str, points: list[tuple[float, float]], is_close_up: bool
) -> None:
    axes = Axes.around(points, is_close_up=is_close_up)
    svg = draw_lines([Line(name, points)], title=name, x_label=name, axes=axes)
    ElementTree.fromstring(svg)
    assert not re.search(r"\b(nan|inf)\b", svg.partition("</style>")[2].replace(name, ""))
    assert svg.count("\n") < 100  # ticks are few


def test_both_axes_begin_at_zero_and_end_at_a_round_number() -> None:
    svg = draw_lines([Line("a", [(1, 30), (9, 97)])], title="t", x_label="seconds")
    labels = re.findall(r">([\d.]+)</text>", svg)
    assert labels == ["0", "20", "40", "60", "80", "100", "0", "2", "4", "6", "8", "10"]


def test_close_up_axes_show_a_small_change_of_a_large_value() -> None:
    points = [(0.0, 89.40), (60.0, 89.59)]
    svg = draw_lines([Line("a", points)], title="t", x_label="s", axes=Axes.around(points, is_close_up=True))
    assert "89.4<" in svg
    assert ">0<" in svg  # the time's
    assert "100<" not in svg


def test_lines_that_end_together_have_names_apart() -> None:
    svg = draw_lines([Line(name, [(0, 1), (1, 5)]) for name in "abc"], title="t", x_label="s")
    heights = sorted(float(y) for y in re.findall(r'class="s\d" x="[\d.]+" y="([\d.-]+)"', svg))
    assert all(after - before >= 16 for before, after in pairwise(heights))


def test_a_span_that_a_step_cannot_divide_is_one_value() -> None:
    ElementTree.fromstring(draw_lines([Line("a", [(0, 0), (5e-324, 1e17)])], title="t", x_label="s"))
    axes = Axes(1e17, 1e17 + 16, 5e-324, 1e-323)
    ElementTree.fromstring(draw_lines([Line("a", [(1e17, 5e-324)])], title="t", x_label="s", axes=axes))
