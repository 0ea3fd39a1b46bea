"""A report as HTML or SVG, each one file that needs nothing else: no script, no font, no request.

Both come from the same `Page`. Every text goes through `plot.clean`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.report.page import Bar, Spark, Table
from wavry.report.plot import HEIGHT, STYLE, WIDTH, Axes, chart_parts, clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.report.page import Cell, Chart, Page, Section

CELL_WIDTH, CELL_HEIGHT = 120, 18
"""Of a bar and a small line."""

_SMALL_STYLE = """
  .cap { fill: #e3e6ea } .most { fill: #8fbbe8 } .used { fill: #0b62c4 } .spark { fill: none; stroke: #0b62c4 }
  @media screen and (prefers-color-scheme: dark) {
    .cap { fill: #2a2f36 } .most { fill: #35618f } .used { fill: #6db3ff } .spark { stroke: #6db3ff }
  }
"""

_PAGE_STYLE = """
  :root { color-scheme: light dark }
  body { margin: 0 auto; padding: 1rem 1.5rem 3rem; max-width: 110rem; color: #222; background: #fff;
         font: 15px/1.45 system-ui, sans-serif }
  h1 { font-size: 1.4rem } h2 { font-size: 1.15rem; margin-top: 2.5rem; overflow-wrap: anywhere } h3 { font-size: 1rem }
  .beside { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; flex: 1 1 26rem; max-width: 54rem }
  figure svg { width: 100%; height: auto } figcaption { font-size: .9rem } .note { font-style: italic }
  .scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem }
  th, td { padding: .2rem .7rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
  th:first-child, td:first-child { text-align: left } td svg { vertical-align: middle }
  @media screen and (prefers-color-scheme: dark) {
    body { color: #ddd; background: #16191d } th, td { border-color: #3a3f45 }
  }
  @media print {
    body { max-width: none; padding: 0; font-size: 10pt } h2 { break-after: avoid } figure, tr { break-inside: avoid }
    table { font-size: 7pt } .scroll { overflow: visible }
  }
"""


def as_html(page: Page) -> str:
    """Return the page as one HTML file."""
    return "\n".join(_html_parts(page)) + "\n"


def _html_parts(page: Page) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{clean(page.title)}</title>"
    yield f"<style>{STYLE}{_SMALL_STYLE}{_PAGE_STYLE}</style></head><body><h1>{clean(page.title)}</h1>"
    for section in page.sections:
        yield f"<section><h2>{clean(section.title)}</h2>"
        yield from (f'<p class="note">{clean(note)}</p>' for note in section.notes)
        for block in section.blocks:
            if isinstance(block, Table):
                yield from _html_table(block)
            else:
                yield '<div class="beside">'
                for chart in block:
                    yield from _html_chart(chart)
                yield "</div>"
        yield "</section>"
    yield "</body></html>"


def _html_chart(chart: Chart) -> Iterator[str]:
    yield f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{clean(chart.title)}">'
    yield from chart_parts(chart.lines, title=chart.title, x_label=chart.x_label, axes=chart.axes)
    yield f"</svg><figcaption>{clean(chart.caption)}</figcaption></figure>"


def _html_table(table: Table) -> Iterator[str]:
    yield f'<h3>{clean(table.title)}</h3><div class="scroll"><table><thead><tr>'
    yield "".join(f'<th scope="col">{clean(head)}</th>' for head in table.heads)
    yield "</tr></thead><tbody>"
    for row in table.rows:
        yield "<tr>" + "".join(f"<td>{_html_cell(cell)}</td>" for cell in row) + "</tr>"
    yield "</tbody></table></div>"


def _html_cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return clean(cell)
    label = f"{cell.used:.0%} used, {cell.high_water:.0%} at most" if isinstance(cell, Bar) else "over time"
    size = f'width="{CELL_WIDTH}" height="{CELL_HEIGHT}"'
    return f'<svg {size} role="img" aria-label="{label}">{small_picture(cell)}</svg>'


def small_picture(cell: Bar | Spark) -> str:
    """Return the elements of a bar or a small line, `CELL_WIDTH` by `CELL_HEIGHT`."""
    if isinstance(cell, Bar):
        shares = (("cap", 1.0), ("most", cell.high_water), ("used", cell.used))
        return "".join(
            f'<rect class="{name}" y="4" width="{share * CELL_WIDTH:.1f}" height="{CELL_HEIGHT - 8}"/>'
            for name, share in shares
        )
    axes = Axes.around(cell.points, is_close_up=True)
    across, up = axes.right - axes.left or 1.0, axes.top - axes.bottom or 1.0
    places = (
        (1 + (CELL_WIDTH - 2) * (x - axes.left) / across, CELL_HEIGHT - 2 - (CELL_HEIGHT - 4) * (y - axes.bottom) / up)
        for x, y in cell.points
    )
    return f'<path class="spark" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>'


_MARGIN, _LINE_HEIGHT = 20, 24
_LETTER_WIDTH = 7.3
"""Of the 13 px of a system's font, generously."""


def as_svg(page: Page) -> str:
    """Return the page as one SVG file, everything below each other."""
    drawing = _Drawing()
    drawing.text(page.title, "title")
    for section in page.sections:
        drawing.section(section)
    width, height = drawing.width + _MARGIN, drawing.y + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}">',
        f"<title>{clean(page.title)}</title><style>{STYLE}{_SMALL_STYLE}</style>",
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>',
        *drawing.parts,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


class _Drawing:
    """Puts one thing below the other."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.width = float(WIDTH)
        self.y = float(_MARGIN)

    def text(self, text: str, style: str = "") -> None:
        self.y += _LINE_HEIGHT
        self.parts.append(f'<text class="{style}" x="{_MARGIN}" y="{self.y:.0f}">{clean(text)}</text>')
        self._reach(_MARGIN + len(text) * _LETTER_WIDTH)

    def section(self, section: Section) -> None:
        self.y += _LINE_HEIGHT
        self.text(section.title, "title")
        for note in section.notes:
            self.text(note)
        for block in section.blocks:
            self.y += _LINE_HEIGHT / 2
            if isinstance(block, Table):
                self._table(block)
            else:
                self._charts(block)

    def _charts(self, charts: tuple[Chart, ...]) -> None:
        for number, chart in enumerate(charts):
            x = _MARGIN + number * WIDTH
            elements = chart_parts(chart.lines, title=chart.title, x_label=chart.x_label, axes=chart.axes)
            self.parts += [f'<g transform="translate({x} {self.y:.0f})">', *elements, "</g>"]
            self.parts.append(f'<text x="{x}" y="{self.y + HEIGHT + 16:.0f}">{clean(chart.caption)}</text>')
            self._reach(x + max(WIDTH, len(chart.caption) * _LETTER_WIDTH))
        self.y += HEIGHT + _LINE_HEIGHT

    def _table(self, table: Table) -> None:
        self.text(table.title, "title")
        widths = [max(_cell_width(cell) for cell in column) for column in zip(table.heads, *table.rows, strict=True)]
        for row in (table.heads, *table.rows):
            self.y += _LINE_HEIGHT
            x = float(_MARGIN)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
                self._cell(cell, x, width, is_first=number == 0)
                x += width
            self._reach(x)

    def _cell(self, cell: Cell, x: float, width: float, *, is_first: bool) -> None:
        if not isinstance(cell, str):
            self.parts.append(f'<g transform="translate({x:.0f} {self.y - 14:.0f})">{small_picture(cell)}</g>')
        elif is_first:
            self.parts.append(f'<text x="{x:.0f}" y="{self.y:.0f}">{clean(cell)}</text>')
        elif cell:
            right = x + width - 2 * _LETTER_WIDTH
            self.parts.append(f'<text x="{right:.0f}" y="{self.y:.0f}" text-anchor="end">{clean(cell)}</text>')

    def _reach(self, x: float) -> None:
        self.width = max(self.width, x)


def _cell_width(cell: Cell) -> float:
    return (min(len(cell), 200) + 2) * _LETTER_WIDTH if isinstance(cell, str) else CELL_WIDTH + 2 * _LETTER_WIDTH
