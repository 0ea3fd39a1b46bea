"""What is wrong in a document is found, and what is right is let be."""

from __future__ import annotations

from pathlib import Path

import pytest

from documents.alerts import wrong_alerts
from documents.commands import command_line, why_not, wrong_commands
from documents.links import wrong_links
from documents.markdown import anchor_of, read_document
from documents.messages import wrong_messages

PAGE = """# The page

See [the other](other.md#a-heading), [itself](#the-page), ![a picture](there.png), <https://example.org/x>,
[![both](there.png)](other.md), [a link over
two lines](other.md). `[no link](nowhere.md)`

    [no link either](nowhere.md)

```
[nor this](nowhere.md)
```
"""


def faults(tmp_path: Path, **pages: str) -> list[str]:
    """Return what is wrong with links when `docs/` has these pages."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "there.png").write_bytes(b"")
    for name, text in pages.items():
        (docs / f"{name}.md").write_text(text)
    documents = {path: read_document(path, path.read_text()) for path in sorted(docs.glob("*.md"))}
    return list(wrong_links(tmp_path, documents))


def test_links_that_lead_somewhere_are_let_be(tmp_path: Path) -> None:
    assert faults(tmp_path, README=PAGE, other="## A `heading`!\n") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[x](gone.md)", "docs/README.md:1: gone.md: there is no such file"),
        ("a\n\nb ![x](gone.png)", "docs/README.md:3: gone.png: there is no such file"),
        ("[x](README.md#gone)", "docs/README.md:1: README.md#gone: there is no such heading"),
        ("[x](#gone)", "docs/README.md:1: #gone: there is no such heading"),
        ("[x](../../gone)", "docs/README.md:1: ../../gone: leads out of the checkout"),
        ('<img src="gone.png" alt="">', "docs/README.md:1: gone.png: there is no such file"),
        ("[x]: gone.md", "docs/README.md:1: gone.md: there is no such file"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    assert faults(tmp_path, README=text) == [fault]


def test_a_page_that_no_link_leads_to_is_told(tmp_path: Path) -> None:
    pages = {"README": "[one](one.md)", "one": "[two](two.md)", "two": "", "three": "[one](one.md)"}
    assert faults(tmp_path, **pages) == ["docs/three.md: no link leads here from docs/README.md"]


def test_headings_of_one_name_are_numbered() -> None:
    document = read_document(Path("x.md"), "# One\n\n## One\n\n### Does it `grow`?\n")
    assert document.anchors == {"one", "one-1", "does-it-grow"}
    assert anchor_of("`--no-auth` and [a link](x.md)") == "--no-auth-and-a-link"


@pytest.mark.parametrize(
    ("text", "program", "arguments"),
    [
        (".venv/bin/python -m wavry.server pair   # prints a PIN", "server", ["pair"]),
        ("A=1 python -m wavry.client HOST:PORT --overlay 2>log", "client", ["192.0.2.1:4790", "--overlay"]),
        ("python -m wavry.client HOST --pin PIN | tee x", "client", ["192.0.2.1", "--pin", "123456"]),
        ("wavry-server --listen 0.0.0.0:4790 > out", "server", ["--listen", "0.0.0.0:4790"]),
        ("wavry-report --compare A B", "report", ["--compare", "a", "b"]),
        ("python -m wavry.server --fps 60 [--size 1280x720]", "server", ["--fps", "60", "--size", "1280x720"]),
        ("ExecStart=%h/venv/bin/python -m wavry.server", "server", []),
    ],
)  # fmt: skip
def test_a_command_line_is_read_as_a_shell_does(text: str, program: str, arguments: list[str]) -> None:
    assert command_line(text) == (program, arguments)


def test_what_is_no_command_of_ours_is_let_be() -> None:
    assert command_line("python -m pip install wavry") is None
    assert command_line("ls 'unbalanced") is None


@pytest.mark.parametrize(
    ("program", "arguments", "reason"),
    [
        ("server", ["--fps", "60", "--clipboard", "both"], ""),
        ("server", ["clients", "rename", "a", "b"], ""),
        ("server", ["clients", "rename", "a"], "clients rename a: allowed is"),
        ("server", ["--fps", "many"], "--fps many: allowed is a whole number"),
        ("client", ["--discover", "--duration", "5s"], ""),
        ("client", ["--headless"], "the following arguments are required: HOST:PORT"),
        ("client", ["host", "--gone"], "unrecognized arguments: --gone"),
        ("report", ["--compare", "a", "b"], ""),
        ("painter", [], "there is no program wavry.painter"),
    ],
)
def test_what_does_not_parse_is_told_with_the_reason(program: str, arguments: list[str], reason: str) -> None:
    said = why_not(program, arguments)
    assert reason in said
    assert bool(said) == bool(reason)


def test_flags_that_no_program_has_are_told(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "some.py").write_text(
        "import argparse; p = argparse.ArgumentParser(); p.add_argument('--speed'); p.parse_args()"
    )
    path = tmp_path / "x.md"
    text = (
        "`--fps 60`, `--speed`, `scripts/some.py --speed 5`, `systemctl --user start`\n\n    scripts/some.py --slow\n"
    )
    documents = {path: read_document(path, text + "\n`--gone`")}
    assert list(wrong_commands(tmp_path, documents)) == [
        "x.md:3: scripts/some.py --slow: scripts/some.py has no --slow",
        "x.md:5: --gone: no program has --gone",
    ]


def test_messages_that_no_program_prints_are_told(tmp_path: Path) -> None:
    (tmp_path / "wavry").mkdir()
    (tmp_path / "wavry" / "some.py").write_text(
        'def f(a):\n    raise E(f"could not reach {a}: nobody answers at "\n            f"that door of {a}")\n'
    )
    (tmp_path / "docs").mkdir()
    path = tmp_path / "docs" / "troubleshooting.md"
    path.write_text(
        "| it says | why |\n| --- | --- |\n| `could not reach ...: nobody answers at that door` | x `not this` |\n"
        "| `nobody answers at this door` | x |\n"
    )
    documents = {path: read_document(path, path.read_text())}
    assert list(wrong_messages(tmp_path, documents)) == [
        "docs/troubleshooting.md:4: no program says 'nobody answers at this door'"
    ]


def test_an_alert_without_a_heading_and_a_heading_without_an_alert_are_told(tmp_path: Path) -> None:
    (tmp_path / "contrib").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "contrib" / "prometheus-alerts.yml").write_text("      - alert: WavryOne\n      - alert: WavryTwo\n")
    (tmp_path / "docs" / "runbook.md").write_text("## Alerts\n\n### WavryTwo\n\n### WavryThree\n\n### Not one\n")
    assert list(wrong_alerts(tmp_path)) == [
        "docs/runbook.md: there is no heading for the alert WavryOne",
        "docs/runbook.md: there is no alert WavryThree",
    ]
