"""A client with a window whose pointer does not move the host's: the host's is drawn as a sprite."""

from __future__ import annotations

from wavry.client import __main__, cursor


class Watched(cursor.HostPointer):
    """The pointer of a host that is only watched."""

    def __init__(self) -> None:
        super().__init__()
        self.set_control(False)

    def set_control(self, is_ours: bool) -> None:
        """Never have it."""
        super().set_control(False)


if __name__ == "__main__":
    cursor.HostPointer = Watched  # type: ignore[misc] # what the program makes
    __main__.main()
