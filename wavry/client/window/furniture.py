"""What stands in the window of the program: which parts, in which order, and which hot-keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.cli import first_wavry_error
from wavry.client import notice
from wavry.client.cursor import HostPointer
from wavry.client.recent import RecentFigures
from wavry.client.window.cursor import WindowCursor
from wavry.client.window.hotkeys import HotKeys
from wavry.client.window.menu import Menu
from wavry.client.window.overlay import Overlay
from wavry.client.window.panning import EdgePan
from wavry.client.window.plate import PlateMemory
from wavry.client.window.scaling import CENTRE
from wavry.client.window.words import Words
from wavry.errors import ConnectFailedError, WavryError

if TYPE_CHECKING:
    from wavry.client.app import ClientApp
    from wavry.client.config import ClientConfig
    from wavry.client.window.part import WindowPart
    from wavry.client.window.window import Window


class Furniture:
    """The parts of one window.

    Args:
        host: What the host is called.
        config: Of the client.
    """

    def __init__(self, host: str, config: ClientConfig) -> None:
        self._config = config
        self.words = Words(notice.connecting(host))
        self.hotkeys = HotKeys()
        self.pointer = HostPointer()
        """What the host's pointer looks like and where it is."""
        self.clipboard: WindowPart | None = None
        """The part that has SDL's clipboard, if that is wanted."""

    def parts(self, app: ClientApp) -> list[WindowPart]:
        """Return all parts in the order in which they are asked; what they hold goes into the budget.

        The cursor is first, since it sees each movement, and is drawn below what others draw. Hot-keys and menu come
        before whatever sends hands to the host.
        """
        recent = RecentFigures(app.statistics, app.budget)
        self.menu = Menu(self.hotkeys, app.monitors)
        self.overlay = Overlay(recent, is_on=self._config.overlay)
        plates = PlateMemory(self.words.notice_plate, self.words.hint_plate, self.menu.plate, self.overlay.plate)
        app.budget.register("client.overlay", recent, policy=recent.policy)
        app.budget.register("client.plates", plates, policy=plates.policy)
        hands = [app.hands] if app.hands is not None else []
        cursor = WindowCursor(self.pointer, app.budget)
        clipboard = [self.clipboard] if self.clipboard is not None else []
        return [cursor, self.hotkeys, self.menu, EdgePan(), self.overlay, self.words, *hands, *clipboard]

    def add_hotkeys(self, app: ClientApp, window: Window) -> None:
        """Fill the table, in the order of the menu."""

        def scale() -> None:
            view = window.view
            view.mode, view.pan = view.mode.next(), CENTRE
            self.words.hint(f"Scaling: {view.mode.label}")

        def mute() -> None:
            self.words.hint("Sound off" if app.toggle_mute() else "Sound on")

        self.hotkeys.add("Ctrl+Alt+H", "this menu", self.menu.toggle)
        self.hotkeys.add("F11", "full screen", window.toggle_fullscreen)
        self.hotkeys.add("Ctrl+Alt+S", "scaling: fit, 1:1, whole multiples", scale)
        for hotkey in app.hands.hotkeys if app.hands is not None else ():
            self.hotkeys.add(*hotkey)
        self.hotkeys.add("F10", "figures over the picture", self.overlay.toggle)
        self.hotkeys.add("Ctrl+Alt+A", "sound off and on", mute)
        self.hotkeys.add("Ctrl+Alt+Q", "leave the host", window.leave)

    def last_words(self, error: BaseException) -> bool:
        """Say why the client ends, and whether the window stays for a moment so that it is read. Any thread.

        It does not stay where the time of the client was limited: nobody may be there.
        """
        reason = first_wavry_error(error) if isinstance(error, BaseExceptionGroup) else error
        if not isinstance(reason, WavryError) or self._config.duration_s is not None:
            return False
        said = self.words.notice
        is_said = said is not None and isinstance(reason, ConnectFailedError) and said.detail == reason.reason
        self.words.end(said if said is not None and is_said else notice.failed(str(reason)))
        return True
