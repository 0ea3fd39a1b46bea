"""Every command line of wavry that is written down parses, and every flag that is named exists."""

from __future__ import annotations

import ast
import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

import wavry.client.arguments
import wavry.client.discover
import wavry.doctor.__main__
import wavry.report.__main__
import wavry.server.arguments
from wavry.errors import WavryError
from wavry.server import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from documents.markdown import Document

_STAND_INS = {
    "HOST": "192.0.2.1",
    "ADDRESS": "192.0.2.1:4790",
    "PORT": "4790",
    "PIN": "123456",
    "WHO": "laptop",
    "NAME": "name",
    "RIGHT,...": "view,audio",
    "FILE": "file",
    "A": "a",
    "B": "b",
}
"""What may stand for a value in a command line; so may they with a colon between."""

_PROGRAM = re.compile(r"(?:^|.*/)wavry-(server|client|doctor|report)$")
_COMMAND = re.compile(r"\S*wavry-(server|client|doctor|report) (?!ready|web|dashboard)")
"""And not what a host prints, which begins in the same way."""

_END = re.compile(r"\|\|?$|&&?$|;$|\d?[<>]")
_FLAG = re.compile(r"--[a-z][a-z0-9-]*")
_SCRIPT = re.compile(r"(?:^|\s)(?:\./)?(scripts/[\w/.]+)")


def wrong_commands(top: Path, documents: Mapping[Path, Document]) -> Iterator[str]:
    """Yield a line for each command line that does not parse and each flag that no program has."""
    texts = [
        (f"{document.path.relative_to(top)}:{text.line}", text.text)
        for document in documents.values()
        if document.path.name != "CHANGELOG.md"  # it tells of what was, too
        for text in (*document.code, *document.spans)
    ]
    known = _Flags(top, {match[1] for _, text in texts if (match := _SCRIPT.search(text))})
    for place, text in texts:
        for fault in _faults(text, known):
            yield f"{place}: {fault}"


def _faults(text: str, known: _Flags) -> Iterator[str]:
    if "python -m wavry." in text or _COMMAND.match(text):
        found = command_line(text)
        if found is not None and (reason := why_not(*found)):
            yield f"{text}: {reason}"
    elif script := _SCRIPT.search(text):
        unknown = set(_FLAG.findall(text)) - known.of_script(script[1])
        if unknown:
            yield f"{text}: {script[1]} has no {', '.join(sorted(unknown))}"
    elif text.startswith("--"):
        unknown = set(_FLAG.findall(text)) - known.all
        if unknown:
            yield f"{text}: no program has {', '.join(sorted(unknown))}"


def command_line(text: str) -> tuple[str, list[str]] | None:
    """Return the program of a command line, and its arguments as a shell would hand them over.

    Whatever comes before it, and what a shell does with its output, is left out; a name in capitals stands for a
    value, what is in brackets is given.
    """
    text = text.split(" # ")[0].removesuffix(" ...").replace("FILE...", "FILE")
    text = re.sub(r"\[(--[^\]]*)\]", r"\1", text)
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        return None
    for at, word in enumerate(words):
        if word == "-m" and at + 1 < len(words) and words[at + 1].startswith("wavry."):
            program, rest = words[at + 1].removeprefix("wavry."), words[at + 2 :]
            break
        if match := _PROGRAM.match(word):
            program, rest = match[1], words[at + 1 :]
            break
    else:
        return None
    end = next((at for at, word in enumerate(rest) if _END.match(word)), len(rest))
    return program, [":".join(_STAND_INS.get(part, part) for part in word.split(":")) for word in rest[:end]]


def why_not(program: str, arguments: Sequence[str]) -> str:
    """Return why a program does not take arguments; nothing if it does."""
    reader = _READERS.get(program)
    if reader is None:
        return f"there is no program wavry.{program}"
    said = io.StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            reader(list(arguments))
    except WavryError as error:
        return str(error)
    except SystemExit as end:
        return said.getvalue().strip() if end.code else ""
    return ""


def _read_server(arguments: list[str]) -> None:
    match arguments[:1]:
        case ["pair"]:
            commands.PAIR.read(arguments[1:])
        case ["clients"]:
            commands.check_clients(arguments[1:])
        case _:
            wavry.server.arguments.read_arguments(arguments)


def _read_client(arguments: list[str]) -> None:
    if wavry.client.discover.FLAG in arguments:
        wavry.client.discover.PROGRAM.read(arguments)
    else:
        wavry.client.arguments.read_arguments(arguments)


_READERS: dict[str, Callable[[list[str]], object]] = {
    "server": _read_server,
    "client": _read_client,
    "doctor": wavry.doctor.__main__.PROGRAM.read,
    "report": wavry.report.__main__.PROGRAM.read,
}


class _Flags:
    """The flags of all programs, and of the scripts that are named somewhere."""

    def __init__(self, top: Path, scripts: Iterable[str]) -> None:
        programs = (
            wavry.server.arguments.PROGRAM,
            commands.PAIR,
            wavry.client.arguments.PROGRAM,
            wavry.client.discover.PROGRAM,
            wavry.doctor.__main__.PROGRAM,
            wavry.report.__main__.PROGRAM,
        )
        self._of_scripts = {name: _script_flags(top, name) for name in scripts}
        self.all = {"--help", *(option.flag for program in programs for option in program.options)}
        self.all |= {flag for flags in self._of_scripts.values() for flag in flags}

    def of_script(self, name: str) -> set[str]:
        """Return the flags of a script."""
        return self._of_scripts[name]


def _script_flags(top: Path, name: str) -> set[str]:
    """Return the flags that stand in a script, and in what it imports of `scripts/lib`.

    Read, not run: not every script knows `--help`, and one that does not would do its work.
    """
    path = top / name
    if not path.is_file():
        return set()
    if path.suffix != ".py":
        return {"--help", *_FLAG.findall(path.read_text(encoding="utf-8"))}
    flags, packages = _flags_and_imports(path)
    for package in packages:
        for module in (top / "scripts" / "lib" / package).glob("*.py"):
            flags |= _flags_and_imports(module)[0]
    return {"--help"} | flags


def _flags_and_imports(path: Path) -> tuple[set[str], set[str]]:
    """Return the flags that are texts of their own in a file, and the names of the packages that it imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    packages = {node.module.partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {text for text in texts if _FLAG.fullmatch(text)}, packages
