"""The command: real files in, one file out that needs nothing else."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.chromium import chromium
from wavry import cli
from wavry.report.__main__ import PROGRAM, run
from wavry.report.checkpoints import read_checkpoints
from wavry.report.markup import as_html, as_svg
from wavry.report.reports import read_report
from wavry.report.sections import make_page
from wavry.report.soaks import read_soak

if TYPE_CHECKING:
    from wavry.report.run import Run

DATA = Path(__file__).parent / "data"
HOSTILE = "<script>alert(1)</script>\"'&\x1b[2J"


def report(tmp_path: Path, *names: str, form: str = "html") -> str:
    output = tmp_path / f"out.{form}"
    run([*(str(DATA / name) for name in names), "--output", str(output)])
    return output.read_text(encoding="utf-8")


class _Tags(HTMLParser):
    """Checks that all tags are closed in order, and gathers them with what they refer to."""

    _VOID = ("meta", "path", "rect")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta",):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(html: str) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    tags.close()
    assert tags.open == []
    return tags


ALL = ("host.log", "host.json", "client.json", "soak-host.csv", "soak-counts.csv")


def test_a_report_needs_nothing_but_itself(tmp_path: Path) -> None:
    tags = tags_of(report(tmp_path, *ALL))
    assert not tags.seen & {"script", "link", "img", "iframe", "a", "object", "image", "use", "foreignObject"}
    assert not {each for each in tags.attributes if each.startswith("on") or each in ("src", "href", "style")}
    assert "url(" not in report(tmp_path, *ALL)
    assert "@import" not in report(tmp_path, *ALL)


def test_every_kind_has_its_section_and_the_figures_of_its_file(tmp_path: Path) -> None:
    html = report(tmp_path, *ALL)
    assert re.findall(r"<h2>(.*?):", html) == [
        "Checkpoint log", "Memory report of a host", "Figures of a client", "Soak of a process", "Counts of a soak",
    ]  # fmt: skip
    stats: dict[str, Any] = json.loads((DATA / "client.json").read_text())
    assert f"<td>video: frames decoded</td><td>{stats['video']['frames_decoded']:,}</td>" in html
    p50 = stats["latency_ms"]["capture_to_decoded"]["p50"]
    assert f"<td>capture to decoded</td><td>{p50:g} ms</td>" in html
    for name in ("encode_output_ready", "rift.send_queues", "descriptors"):
        assert f"<td>{name}</td>" in html


def test_svg_says_the_same_as_html(tmp_path: Path) -> None:
    svg, html = report(tmp_path, *ALL, form="svg"), report(tmp_path, *ALL)
    root = ElementTree.fromstring(svg)
    drawn = {"".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")}
    told = {text for text in re.findall(r"<td>([^<]+)</td>", html) if "&" not in text}
    assert told <= drawn


def test_files_of_one_name_are_called_by_what_makes_them_different(tmp_path: Path) -> None:
    for folder in ("before", "after"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "host.json").write_bytes((DATA / "host.json").read_bytes())
    output = tmp_path / "out.html"
    run([*(str(tmp_path / folder / "host.json") for folder in ("before", "after")), "--output", str(output)])
    assert "<h2>Memory report of a host: before/host.json and after/host.json</h2>" in output.read_text()


def test_two_runs_of_a_kind_stand_side_by_side_on_the_same_scales(tmp_path: Path) -> None:
    html = report(tmp_path, "host.log", "client.log")
    assert html.count("<h2>") == 1
    first, second = re.findall(r'<figure><svg [^>]*aria-label="Memory \(MB\).*?</figure>', html, re.DOTALL)
    scales = [re.findall(r'text-anchor="(?:end|middle)">([\d.]+)<', chart) for chart in (first, second)]
    assert scales[0] == scales[1]
    assert "difference of last" in html


def test_differences_are_those_of_the_files(tmp_path: Path) -> None:
    changed = json.loads((DATA / "host.json").read_text())
    changed["memory"]["rss_mb"] += 1.5
    (entry,) = [each for each in changed["budget"] if each["name"] == "rift.history"]
    entry["high_water_bytes"] += 500_000
    other = tmp_path / "other.json"
    other.write_text(json.dumps(changed))
    output = tmp_path / "out.html"
    run(["--compare", str(DATA / "host.json"), str(other), "--output", str(output)])
    html = output.read_text()
    (row,) = re.findall(r"<td>memory: rss</td>.*?</tr>", html)
    assert "+1.5 MB (+" in row
    (row,) = re.findall(r"<td>rift.history</td>.*?</tr>", html)
    assert "+0.5 MB" in row
    (row,) = re.findall(r"<td>memory: vms</td>.*?</tr>", html)
    assert row.endswith("<td>0</td></tr>")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--compare", "host.log"], "--compare host.log (checkpoint log): allowed is two files of one kind"),
        (["--compare", "host.log", "host.json"], "allowed is two files of one kind"),
        (["host.log", "--output", "x.pdf"], "--output x.pdf: allowed is a name that ends in .html or .svg"),
        (["host.log", "--output", "missing/x.svg"], "--output missing/x.svg: allowed is a file that can be written"),
        (["host.log"] * 17, "FILE 17 of them: allowed is 16 at most"),
        (["__init__.py"], "FILE __init__.py: allowed is"),
    ],
)
def test_wrong_usage_is_one_line_and_2(
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    for path in DATA.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "__init__.py").write_text("a program, not a log\n")
    monkeypatch.chdir(tmp_path)
    assert cli.run_program(PROGRAM.name, lambda: run(arguments)) == cli.ExitCode.USAGE
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1


def test_hostile_names_are_text(tmp_path: Path) -> None:
    hostile = json.loads((DATA / "host.json").read_text())
    hostile["budget"][0] |= {"name": HOSTILE, "policy": HOSTILE, "cap_bytes": float("inf"), "drops": "<b>"}
    hostile["memory"][HOSTILE] = 5
    (tmp_path / "a<b>&.json").write_text(json.dumps(hostile))
    line = f"MemoryCheckpoint 1 2 name={HOSTILE}\n".encode()
    runs = [read_report(json.dumps(hostile).encode(), HOSTILE), read_checkpoints([line], HOSTILE)]
    page = make_page([each for each in runs if each is not None])
    html, svg = as_html(page), as_svg(page)
    assert "script" not in tags_of(html).seen
    ElementTree.fromstring(svg)
    assert "\x1b" not in html + svg
    assert "&lt;script&gt;" in html
    assert "&lt;script&gt;" in svg


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)
PARTS = ("duration_s", "video", "audio", "network", "memory", "budget", "latency_ms", "profile", "counts")
BUDGET = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(max_size=8)}, optional=dict.fromkeys(("cap_bytes", "used_bytes", "drops", "policy"), JSON)
    )
    | JSON,
    max_size=4,
)


def draws(run: Run | None) -> None:
    """Both forms of the report come out well formed, alone and beside itself."""
    if run is None:
        return
    for runs in ([run], [run, run]):
        tags_of(as_html(make_page(runs)))
        ElementTree.fromstring(as_svg(make_page(runs)))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.fixed_dictionaries(
        {"memory": st.dictionaries(st.text(max_size=8), JSON, max_size=3), "budget": BUDGET},
        optional={name: JSON for name in PARTS if name not in ("memory", "budget")},
    )
)
def test_any_json_of_the_form_is_drawn(given_report: dict[str, Any]) -> None:
    draws(read_report(json.dumps(given_report).encode(), "fuzzed"))


LINES = (DATA / "host.log").read_bytes().splitlines(keepends=True)[:12]
ROWS = (DATA / "soak-host.csv").read_bytes().splitlines(keepends=True)[:12]


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES) | st.binary(max_size=60).map(lambda tail: b"MemoryCheckpoint 1 2 name=" + tail)))
def test_any_lines_among_checkpoints_are_drawn(lines: list[bytes]) -> None:
    draws(read_checkpoints(lines, "fuzzed"))


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(ROWS[1:]) | st.binary(max_size=60) | st.lists(st.floats(), min_size=6, max_size=6).map(
        lambda numbers: ",".join(map(str, numbers)).encode()
    ))
)  # fmt: skip
def test_any_rows_under_a_header_are_drawn(rows: list[bytes]) -> None:
    draws(read_soak([ROWS[0], *rows], "fuzzed"))


def test_a_browser_shows_it_and_asks_for_nothing(tmp_path: Path) -> None:
    report(tmp_path, *ALL)
    with chromium() as browser:
        page = browser.new_page(color_scheme="dark")
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto((tmp_path / "out.html").as_uri())
        assert page.locator("figure svg").count() == 4
        assert page.locator("h2").count() == 5
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.emulate_media(media="print", color_scheme="dark")  # paper is white
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.querySelector('figure .page')).fill") == "rgb(255, 255, 255)"
    assert asked == [(tmp_path / "out.html").as_uri()]
    assert said == []
