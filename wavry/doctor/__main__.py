"""`python -m wavry.doctor`: examine this machine, then say it to a person or a program."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry import cli
from wavry.cli import Option, Program
from wavry.doctor.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wavry.doctor.back_ends import Finding
    from wavry.doctor.machine import Value

PROGRAM = Program(
    name="wavry-doctor",
    description="Say which parts of wavry run on this machine, and why the others do not.",
    options=(Option(flag="--json", help="for programs: one JSON object"),),
    epilog="Each back end is really opened; that takes some seconds. Exit code 0, whatever is found.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the doctor has found."""

    back_ends: dict[str, list[Finding]]
    libraries: dict[str, Value]
    limits: dict[str, Value]
    identity: dict[str, Value]

    def as_json(self) -> str:
        """Return the report for programs; what is not known is null."""
        back_ends = {
            kind: [{"name": each.name, "available": each.is_available, "reason": each.reason} for each in findings]
            for kind, findings in self.back_ends.items()
        }
        report = {
            "version": 1,
            "back_ends": back_ends,
            "libraries": self.libraries,
            "limits": self.limits,
            "identity": self.identity,
        }
        return json.dumps(report, indent=2)

    def as_text(self) -> str:
        """Return the report for people."""
        sections = [
            (kind, [(each.name, "available" if each.is_available else "refused", each.reason) for each in findings])
            for kind, findings in self.back_ends.items()
        ]
        for title, values in (("libraries", self.libraries), ("limits", self.limits), ("identity", self.identity)):
            sections.append((title, [_row(name, value) for name, value in values.items()]))
        return "\n\n".join(f"{title}\n{_table(rows)}" for title, rows in sections)


def _row(name: str, value: Value) -> tuple[str, str, str]:
    """Return a value for people: the unit goes from its name to its number."""
    if value is None:
        return name, "none", ""
    if name.endswith("_bytes"):
        return name.removesuffix("_bytes").replace("_", " "), f"{float(value) / 1e6:,.1f} MB", ""
    if name.endswith("_ms"):
        return name.removesuffix("_ms").replace("_", " "), f"{value} ms", ""
    return name.replace("_", " "), str(value), ""


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"  {name:{widths[0]}}  {state:{widths[1]}}  {reason}".rstrip() for name, state, reason in rows)


def examine() -> Report:
    """Examine this machine. Takes some seconds; opens and closes every back end."""
    with quiet():
        from wavry.doctor.back_ends import examine_back_ends
        from wavry.doctor.machine import identity, libraries, limits

        return Report(examine_back_ends(), libraries(), limits(), identity())


def run(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, examine, print."""
    wants_json: bool = PROGRAM.read(arguments)["json"]
    report = examine()
    print(report.as_json() if wants_json else report.as_text())  # noqa: T201 - it is what was asked for


def main() -> None:
    """Run the doctor and exit with its code."""
    sys.exit(cli.run_program(PROGRAM.name, run))


if __name__ == "__main__":
    main()
