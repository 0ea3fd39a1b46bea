"""What is in the window beside the picture: hands, pointer, overlay, menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wavry.client.window.window import Window


class WindowPart:
    """One thing that the window has beside the picture. All of it on the window's thread.

    Subclasses override what they need. Parts are asked in the order in which the window got them, and draw in it.
    """

    layer = 0
    """What is in a higher layer is drawn later, whenever it is asked."""

    def opened(self, window: Window) -> None:
        """Note that the window is there; SDL may be called from now on."""

    def handle(self, event: Any) -> bool:
        """Act on an SDL event; return whether it is dealt with, so that no later part and not the window gets it."""
        return False

    def draw(self) -> None:
        """Draw over the picture, with the window's renderer, before it is shown.

        There may be no picture yet. The renderer changes once, with the first one, and takes its textures with it.
        """

    def due_ms(self) -> int | None:
        """Return after how many milliseconds the window must be drawn again whatever comes: 0 now, None never."""
        return None

    def closed(self) -> None:
        """Note that the window is about to go."""
