"""A thread for a stage that blocks, tied to the task that waits for it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def run_in_worker(name: str, run: Callable[[], None], *, stop: Callable[[], None]) -> None:
    """Run `run` on a thread of its own and wait for its end.

    Cancelling calls `stop` and then waits until the thread is gone, so that none outlives its session. An exception
    of `run` is raised here.

    Args:
        name: The thread's name, as debuggers and profilers show it.
        run: The stage; it returns when it is done or was stopped.
        stop: Makes `run` return soon. Called on the loop, so it must not block.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def target() -> None:
        error: BaseException | None = None
        try:
            run()
        except BaseException as raised:  # noqa: BLE001 - it is raised again by the task that waits
            error = raised
        loop.call_soon_threadsafe(_end, ended, error)

    thread = threading.Thread(target=target, name=name, daemon=True)
    thread.start()
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        stop()
        while not ended.done():
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError:
                continue  # cancelled again while cleaning up; the thread still has to end
            except BaseException:  # noqa: BLE001 - the cancellation is what the caller hears of
                break
        raise
    finally:
        thread.join()  # it has nothing left to do but to return


def _end(ended: asyncio.Future[None], error: BaseException | None) -> None:
    if error is None:
        ended.set_result(None)
    elif isinstance(error, StopIteration):  # a future refuses it, and then nobody would hear of the end
        failure = RuntimeError("the stage raised StopIteration")
        failure.__cause__ = error
        ended.set_exception(failure)
    else:
        ended.set_exception(error)
