"""What disturbs a host: viewers that come, go, die and stall, and a screen that changes its size."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from harness.processes import start_client

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.processes import Role

_SIZES = ((1280, 720), (1920, 1080), (1024, 768))


class Churn:
    """One disturbance after the other, again and again.

    Args:
        address: Of the host.
        output: For the logs.
        environment: For the viewers.
        display: The screen to resize; None where there is none.
    """

    def __init__(self, address: str, output: Path, environment: dict[str, str], display: str | None) -> None:
        self._address = address
        self._output = output
        self._environment = environment
        self._display = display
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
        ]
        if display is not None:
            self._steps += [self._resize]

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

    def _leave(self) -> None:
        if self._viewer is not None:
            self._viewer.process.send_signal(signal.SIGINT)
            self._viewer.process.wait()
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
        width, height = _SIZES[self._turn // len(self._steps) % len(_SIZES)]
        name = f"{width}x{height}-soak"
        xrandr = ["xrandr", "-display", str(self._display)]
        timings = [str(extent + step) for extent in (width, height) for step in (0, 8, 16, 24)]
        subprocess.run([*xrandr, "--newmode", name, "60", *timings], capture_output=True, check=False)
        subprocess.run([*xrandr, "--addmode", "screen", name], capture_output=True, check=False)
        subprocess.run([*xrandr, "--output", "screen", "--mode", name], capture_output=True, check=True)
