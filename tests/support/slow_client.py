"""A client with a slow decoder: it is done with a picture when two more units have come, and misses every other."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING

from wavry import cli
from wavry.client.app import ClientApp
from wavry.client.config import ClientConfig
from wavry.runtime import run_until_stopped

if TYPE_CHECKING:
    from wavry.decode import Picture, ReceivedUnit

_UNITS = 2


class SlowClient(ClientApp):
    """A `ClientApp` whose decode thread is held up after each picture."""

    def __init__(self, config: ClientConfig) -> None:
        super().__init__(config, on_picture=self._hold_up)
        self._units_came = 0
        self._came = threading.Condition()

    def _unit_came(self, received: ReceivedUnit) -> None:
        super()._unit_came(received)
        with self._came:
            self._units_came += 1
            self._came.notify_all()

    def _hold_up(self, _: Picture) -> None:
        with self._came:
            until = self._units_came + _UNITS
            self._came.wait_for(lambda: self._units_came >= until, 1.0)


def main() -> None:
    """Be the client of the host at argv[1]."""
    app = SlowClient(ClientConfig(address=cli.address(sys.argv[1]), headless=True, no_auth=True))
    asyncio.run(run_until_stopped(app.run))


if __name__ == "__main__":
    main()
