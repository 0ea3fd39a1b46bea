"""Two X screens: hands (xdotool) on the one where a client is, and a look at what they do on the host's."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from Xlib.display import Display

from tests.support.programs import PATIENCE_S
from tests.support.x11_programs import XWatcher, xdotool
from wavry.media import Size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.support.xserver import XServer

HOST_SCREEN = Size(1280, 720)

A, CONTROL, SHIFT = 38, 37, 50
"""Keycodes of an X server with evdev's numbers, as Xvfb has them."""


def eventually(condition: Callable[[], object], otherwise: Callable[[], object] = lambda: "") -> None:
    """Ask until the answer is yes; each question takes a round trip to an X server or to a browser."""
    give_up_at = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < give_up_at, ("it never came true", otherwise())


class Desk:
    """Hands on the client's screen, eyes on the host's. Subclasses find the client's `window`."""

    window: str

    def __init__(self, host_screen: XServer, client_screen: XServer) -> None:
        self.host_screen, self.client_screen = host_screen, client_screen
        self._host_display = Display(host_screen.display)

    def do(self, *words: str) -> str:
        """Do something on the client's screen."""
        return xdotool(self.client_screen, *words)

    def focus(self) -> None:
        """Give the client's window the keyboard; nobody manages windows here."""
        self.do("windowfocus", "--sync", self.window)

    def is_near(self, point: tuple[int, int], place: Sequence[float], *, patience_s: float = PATIENCE_S) -> bool:
        """Move there; say whether the host's pointer comes within a pixel of what is seen at that point.

        Args:
            point: On the client's screen.
            place: Where the picture is there: x, y, width, height.
            patience_s: For so long it may be elsewhere.
        """
        self.do("mousemove", *map(str, point))
        across, down = (
            min(max((at - begin + 0.5) * whole / extent - 0.5, 0), whole - 1)
            for at, begin, extent, whole in zip(point, place[:2], place[2:], HOST_SCREEN, strict=True)
        )
        give_up_at = monotonic() + patience_s
        while monotonic() < give_up_at:
            x, y = self.host_pointer()
            if abs(x - across) <= 1 and abs(y - down) <= 1:
                return True
        return False

    def host_pointer(self) -> tuple[int, int]:
        """Where the host's pointer is."""
        found = self._host_display.screen().root.query_pointer()
        return found.root_x, found.root_y

    def press_a_chord_and_repeat_a_key(self, xev: XWatcher, keys: KeyWatch) -> None:
        """Have the host's programs see Ctrl+Shift+A as it was pressed, and a held key again and again."""
        self.do("key", "ctrl+shift+a")
        xev.wait_for(f"release {A}")
        eventually(lambda: not keys.down())
        presses = [each for each in xev.seen if each.startswith("press")]
        assert presses == [f"press {CONTROL}", f"press {SHIFT}", f"press {A}"]

        self.do("keydown", "a")
        for _ in range(4):
            xev.wait_for(f"press {A}")
        self.do("keyup", "a")
        eventually(lambda: not keys.down())

    def close(self) -> None:
        """Leave the host's screen."""
        self._host_display.close()


class KeyWatch:
    """Looks at which keys are down on a screen."""

    def __init__(self, screen: XServer) -> None:
        self._display = Display(screen.display)

    def down(self) -> set[int]:
        """Keycodes that are down, by the server's own map."""
        bits = self._display.query_keymap()
        return {code for code in range(256) if bits[code // 8] >> code % 8 & 1}

    def __enter__(self) -> KeyWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self._display.close()
