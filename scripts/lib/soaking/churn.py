"""What disturbs a host: viewers that come, go, die, stall and lose packets, and a screen that changes its size.

A change of size swaps the encoder too: the old one idles or is closed, another is opened.
"""

from __future__ import annotations

import signal
from itertools import cycle
from typing import TYPE_CHECKING

from harness.processes import start_client
from soaking.screen import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.processes import Role
    from tests.support.xserver import XServer

_SIZES = ((1280, 720), (1024, 768), (WIDTH, HEIGHT))
"""One after the other in each round; the last is that at the beginning."""


class Churn:
    """One disturbance after the other; a round of them begins and ends with nobody but the lasting viewer there.

    Args:
        address: Of the host.
        bad_address: Of the relay in front of it.
        output: For the logs.
        environment: For the viewers.
        screen: What to resize; None where there is none.
    """

    def __init__(
        self, address: str, bad_address: str, output: Path, environment: dict[str, str], screen: XServer | None
    ) -> None:
        self._address = address
        self._bad_address = bad_address
        self._output = output
        self._environment = environment
        self._screen = screen
        self._sizes = cycle(_SIZES)
        self._viewer: Role | None = None
        self._turn = 0
        self.counts: dict[str, int] = {}
        """How often each disturbance was made."""
        self._steps: list[Callable[[], None]] = [
            self._come,
            self._leave,
            self._come,
            self._die,
            self._come,
            self._stall,
            self._recover,
            self._leave,
            self._come_over_a_bad_link,
            self._leave,
        ]
        if screen is not None:
            self._steps += [self._resize] * len(_SIZES)

    @property
    def is_between_rounds(self) -> bool:
        """Whether all is as it was at the beginning, so that counts can be compared."""
        return self._turn % len(self._steps) == 0

    def step(self) -> None:
        """Make the next disturbance."""
        action = self._steps[self._turn % len(self._steps)]
        self._turn += 1
        action()
        name = action.__name__.strip("_")
        self.counts[name] = self.counts.get(name, 0) + 1

    def close(self) -> None:
        """End the viewer that may be there."""
        if self._viewer is not None:
            self._viewer.close()
            self._viewer = None

    def _come(self) -> None:
        self._viewer = start_client(self._address, self._output, self._environment, name="guest")

    def _come_over_a_bad_link(self) -> None:
        self._viewer = start_client(self._bad_address, self._output, self._environment, name="guest")

    def _leave(self) -> None:
        if self._viewer is not None:
            self._viewer.leave()
        self.close()

    def _die(self) -> None:
        if self._viewer is not None:
            self._viewer.process.kill()
            self._viewer.process.wait()
        self.close()

    def _stall(self) -> None:
        if self._viewer is not None:
            self._viewer.process.send_signal(signal.SIGSTOP)

    def _recover(self) -> None:
        if self._viewer is not None:
            self._viewer.process.send_signal(signal.SIGCONT)

    def _resize(self) -> None:
        if self._screen is not None:
            self._screen.resize(*next(self._sizes))
