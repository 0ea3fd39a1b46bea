"""`python -m wavry.server`: read the command line, run the host until a signal or the end of its time."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from wavry import cli
from wavry.runtime import run_until_stopped
from wavry.server.arguments import PROGRAM, read_arguments
from wavry.server.commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(arguments: Sequence[str] | None = None) -> None:
    """Be a host, or do what a command says.

    Raises:
        WavryError: It could not start, or a part failed for good.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments and arguments[0] in COMMANDS:
        COMMANDS[arguments[0]](arguments[1:])
        return
    config, values = read_arguments(arguments)
    cli.set_up_logging(values["log_level"])
    cli.set_up_checkpoints(values)
    from wavry.server.host import Host  # after the arguments: a wrong flag should answer at once

    asyncio.run(run_until_stopped(Host(config).run))


def main() -> None:
    """Run the host and exit with its code."""
    sys.exit(cli.run_program(PROGRAM.name, run))


if __name__ == "__main__":
    main()
