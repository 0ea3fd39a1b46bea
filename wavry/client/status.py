"""The live line on a terminal; nothing of it when stderr goes to a file."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERVAL_S = 0.5


def is_terminal() -> bool:
    """Whether a person looks at stderr."""
    return sys.stderr.isatty()


async def show_status(line: Callable[[], str]) -> None:
    """Keep the last line of the terminal up to date until cancelled."""
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(Text(), console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        while True:
            live.update(Text(line(), no_wrap=True, overflow="ellipsis"), refresh=True)
            await asyncio.sleep(_INTERVAL_S)
