"""Coroutines as tests: one loop each, in debug mode."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

P = ParamSpec("P")

PATIENCE_S = 20.0
"""Longer than anything here takes on a busy machine; only a failure waits so long."""


def in_loop(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test of a coroutine function; it must leave no task and no exception behind."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(_whole(test(*args, **kwargs)), debug=True)

    return run


async def _whole(test: Coroutine[Any, Any, None]) -> None:
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    await test
    assert not asyncio.all_tasks() - {asyncio.current_task()}, "tasks are left"
    assert not complaints, complaints


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until something is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)
