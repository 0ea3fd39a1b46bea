"""A client that uses its clipboard through SDL, as it does where its window is not on X11; a window on X11 will do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest import mock

from wavry.client.__main__ import main
from wavry.client.window.clipboard import WindowClipboard

if TYPE_CHECKING:
    from wavry.client.window.window import Window

_opened = WindowClipboard.opened


def opened_elsewhere(clipboard: WindowClipboard, window: Window) -> None:
    """Take the window for one of another kind of screen."""
    _opened(clipboard, window)
    clipboard._is_on_x11 = False


if __name__ == "__main__":
    with mock.patch.object(WindowClipboard, "opened", opened_elsewhere):
        main()
