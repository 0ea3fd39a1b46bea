"""`python -m wavry.report`: read what programs wrote down, draw it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wavry import cli
from wavry.cli import Option, Program
from wavry.errors import ConfigError
from wavry.files import write_whole
from wavry.report.files import read_run
from wavry.report.markup import as_html, as_svg
from wavry.report.sections import make_page

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_FILES = 16
_WRITERS = {".html": as_html, ".svg": as_svg}

PROGRAM = Program(
    name="wavry-report",
    description="Draw memory, budget, latencies and counts of runs, from the files that they wrote.",
    positionals=(
        Option(
            flag="FILE",
            metavar="FILE",
            parse=Path,
            is_list=True,
            help="a log with MemoryCheckpoint lines, a --memory-report, a --stats-json, a CSV file of scripts/soak.py",
        ),
    ),
    options=(
        Option(
            flag="--output",
            metavar="FILE",
            parse=Path,
            default=Path("wavry-report.html"),
            help="what to write, .html or .svg (wavry-report.html)",
        ),
        Option(flag="--compare", help="insist that it is two files of one kind, side by side; so they are anyway"),
    ),
    epilog="What a file is, is told from what is in it. Exit codes: 0 done, 2 wrong usage.",
)


def run(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and the files, write the report, say where it is.

    Raises:
        ConfigError: A file is none of those that are known, or the report can't be written.
    """
    values = PROGRAM.read(arguments)
    paths: list[Path] = values["FILE"]
    output: Path = values["output"]
    write = _WRITERS.get(output.suffix.lower())
    if write is None:
        raise ConfigError("--output", output, "a name that ends in .html or .svg")
    if len(paths) > _MOST_FILES:
        raise ConfigError("FILE", f"{len(paths)} of them", f"{_MOST_FILES} at most")
    runs = [read_run(path, name) for path, name in zip(paths, _names(paths), strict=True)]
    if values["compare"] and (len(runs) != 2 or runs[0].kind != runs[1].kind):
        kinds = ", ".join(f"{each.name} ({each.kind})" for each in runs)
        raise ConfigError("--compare", kinds, "two files of one kind")
    write_whole(output, write(make_page(runs)).encode(), flag="--output")
    print(output)  # noqa: T201 - what was asked for is there


def _names(paths: list[Path]) -> list[str]:
    """Return what to call the files: as much of the ends of their paths as makes them different."""
    longest = max(len(path.parts) for path in paths)
    for parts in range(1, longest):
        names = [str(Path(*path.parts[-parts:])) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def main() -> None:
    """Run the report and exit with its code."""
    sys.exit(cli.run_program(PROGRAM.name, run))


if __name__ == "__main__":
    main()
