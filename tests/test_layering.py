"""Who may import whom. The contracts are in pyproject.toml; what a contract can't say is here."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
FORBIDDEN_IN_RIFT = {"asyncio", "select", "selectors", "socket", "ssl", "threading", "time"}


def python(code: str) -> str:
    """Run code in a fresh interpreter and return what it printed."""
    run = subprocess.run([sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, timeout=60, check=True)
    return run.stdout


def modules_after(statement: str) -> set[str]:
    """Return the modules that a statement brings into a fresh interpreter."""
    return set(python(f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)").split())


def imported_by(path: Path) -> set[str]:
    """Return the top-level names that a file imports, whenever it does."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module is not None:
            names.add(node.module.partition(".")[0])
    return names


def test_every_contract_of_the_import_linter_is_kept() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(is_debug_mode=False))"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=TOP, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 0 broken." in run.stdout


def test_importing_wavry_imports_nothing_else_of_wavry_and_nothing_of_others() -> None:
    assert {name for name in modules_after("import wavry") if not name.startswith("_")} <= {"wavry"}


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("wavry.client.app", {"mss", "xcffib", "sdl2", "rich", "wavry.capture", "wavry.encode", "wavry.server"}),
        ("wavry.client.__main__", {"mss", "xcffib", "sdl2", "rich", "av", "aioquic", "wavry.capture", "wavry.encode"}),
        (
            "wavry.server.host",
            {"sdl2", "rich", "mss", "xcffib", "sounddevice", "opuslib", "wavry.opus", "wavry.decode", "wavry.client"},
        ),
        ("wavry.server.__main__", {"sdl2", "mss", "xcffib", "av", "aioquic", "wavry.decode", "wavry.client"}),
        ("wavry.rift", {"asyncio", "socket", "av", "aioquic", "numpy"}),
    ],
)
def test_a_role_loads_only_what_it_needs(module: str, absent: set[str]) -> None:
    assert modules_after(f"import {module}") & absent == set()


@pytest.mark.parametrize("module", ["wavry.client.app", "wavry.server.host"])
def test_clipboards_are_loaded_for_their_flag_alone(module: str) -> None:
    only_theirs = {"wavry.clipboard.stage", "wavry.clipboard.session", "wavry.rift.clipboard", "wavry.server.clipboard"}
    assert modules_after(f"import {module}") & only_theirs == set()


@pytest.mark.parametrize("path", sorted((TOP / "wavry" / "rift").rglob("*.py")), ids=lambda path: path.name)
def test_the_protocol_has_no_socket_thread_or_clock(path: Path) -> None:
    assert imported_by(path) & FORBIDDEN_IN_RIFT == set()
