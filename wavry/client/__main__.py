"""`python -m wavry.client`: read the command line, run the client until a signal, its time, or its window ends."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

from wavry import cli
from wavry.client.arguments import PROGRAM, read_arguments
from wavry.runtime import StopSignals, run_until_stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.client.app import ClientApp
    from wavry.client.config import ClientConfig
    from wavry.decode import Picture


def run(arguments: Sequence[str] | None = None) -> None:
    """Be a client, or look for hosts.

    Raises:
        WavryError: It could not start or connect, or a part failed for good.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if "--discover" in arguments:
        from wavry.client.discover import discover

        discover(arguments)
        return
    config, values = read_arguments(arguments)
    cli.set_up_logging(values["log_level"])
    cli.set_up_checkpoints(values)
    if config.headless:
        from wavry.client.app import ClientApp

        app = ClientApp(config)
        asyncio.run(run_until_stopped(lambda stop: _run_app(app, stop)))
    else:
        _run_with_window(config)


async def _run_app(app: ClientApp, stop: asyncio.Event) -> None:
    from wavry.client.status import is_terminal, show_status

    status = asyncio.create_task(show_status(app.statistics.line)) if is_terminal() else None
    try:
        await app.run(stop)
    finally:
        if status is not None:
            status.cancel()


def _run_with_window(config: ClientConfig) -> None:
    """Give the window this thread, which SDL wants, and the event loop another one."""
    from wavry.client.app import ClientApp
    from wavry.client.hands.hands import Hands
    from wavry.client.window.furniture import Furniture
    from wavry.client.window.scaling import ScaleMode
    from wavry.client.window.window import Window
    from wavry.pipeline import BoundedQueue, Overflow

    host, port = config.address
    furniture = Furniture(f"{host}:{port}", config)
    pictures: BoundedQueue[Picture] = BoundedQueue(
        "client.pictures",
        max_items=1,
        max_bytes=8192 * 8192 * 3 // 2,
        overflow=Overflow.LATEST_WINS,
        size_of=lambda picture: picture.size_bytes,
    )

    def show(picture: Picture) -> None:
        pictures.put_nowait(picture)
        window.wake()

    app = ClientApp(
        config,
        on_picture=show,
        on_notice=furniture.words.show,
        on_hint=furniture.words.hint,
        pointer=furniture.pointer,
    )
    app.budget.register(pictures.name, pictures, policy=pictures.overflow.value)
    if not config.view_only:
        app.hands = Hands(app.rights, app.budget)
    if config.clipboard:
        from wavry.client.window.clipboard import WindowClipboard

        clipboard = furniture.clipboard = WindowClipboard()
        app.open_clipboard = clipboard.open_best
    window = Window(
        f"{host}:{port} - wavry",
        pictures,
        app.statistics.on_shown,
        fullscreen=config.fullscreen,
        renderer=config.renderer,
        scale=ScaleMode(config.scale),
        parts=furniture.parts(app),
    )
    furniture.add_hotkeys(app, window)
    try:
        loop = _LoopThread(app, window, furniture.last_words, StopSignals())
        window.run()
        loop.finish()
    finally:
        window.close()


class _LoopThread:
    """Runs the app's event loop beside the window; whichever ends first ends the other.

    Args:
        app: What runs on it.
        window: What ends with it.
        last_words: Given the reason of an early end, has the window stay until a person has read it, and says so.
        signals: End it, too.
    """

    def __init__(
        self, app: ClientApp, window: object, last_words: Callable[[BaseException], bool], signals: StopSignals
    ) -> None:
        self._signals = signals
        self._app = app
        self._window = window
        self._last_words = last_words
        self._error: BaseException | None = None
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wavry-loop")
        self._thread.start()
        self._started.wait()

    def _run(self) -> None:
        try:
            asyncio.run(run_until_stopped(self._main))
        except BaseException as error:  # noqa: BLE001 - it is raised again by `finish`
            self._error = error
        finally:
            self._started.set()
            if self._error is not None and self._last_words(self._error):
                self._signals.wait()
            self._window.stop()  # type: ignore[attr-defined] # a Window, whose module is imported only when needed

    async def _main(self, stop: asyncio.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), stop
        self._signals.set_on(stop)
        self._started.set()
        await _run_app(self._app, stop)

    def finish(self) -> None:
        """End the loop, wait for it, and raise what it raised."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            try:
                self._loop.call_soon_threadsafe(self._stop.set)
            except RuntimeError:
                pass  # it has just ended by itself
        self._signals.wake()
        self._thread.join()
        if self._error is not None:
            raise self._error


def main() -> None:
    """Run the client and exit with its code."""
    sys.exit(cli.run_program(PROGRAM.name, run))


if __name__ == "__main__":
    main()
