"""The joint of the two threads: the window's part that catches what hands do, and the session that sends it."""

from __future__ import annotations

import asyncio
import ctypes
import threading
from typing import TYPE_CHECKING, Any

from wavry.client.hands.deeds import LookedAway, PadPlugged, PadUnplugged
from wavry.client.hands.handover import Handover
from wavry.client.hands.keyboard import Keyboard, take_text
from wavry.client.hands.pads import Pads
from wavry.client.hands.pointer import Pointer, View
from wavry.client.hands.session import HandsSession
from wavry.client.window.part import WindowPart
from wavry.client.window.sdl import sdl2
from wavry.rift import Right

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wavry.client.hands.deeds import Deed
    from wavry.client.rights import HostRights
    from wavry.client.window.window import Window
    from wavry.memory import MemoryBudget
    from wavry.rift.input.messages import Rumble


class Hands(WindowPart):
    """What a person does in the window, for the host. Stands behind the part that takes hot-keys.

    `WindowPart`'s methods and `toggle_lock` on the window's thread, the others on the loop.

    Args:
        rights: What the host allows.
        budget: Where what waits registers.
    """

    def __init__(self, rights: HostRights, budget: MemoryBudget) -> None:
        self._rights = rights
        self._budget = budget
        self._handover = Handover(self._take)
        budget.register("client.hands", self._handover, policy=self._handover.policy)
        self._window: Window | None = None
        post = self._handover.post
        self._keyboard = Keyboard(post, take_text)
        self._pointer = Pointer(post, self._view)
        self._pads = Pads(post)
        self._wake_event = 0
        self._rumble_lock = threading.Lock()
        self._rumbles: dict[int, Rumble] = {}
        """The newest wish for each pad, which the window's thread has not seen yet."""
        self._session: HandsSession | None = None
        self._plugged: dict[int, PadPlugged] = {}
        """Pads that are there, for the next session."""
        self._is_ready = False
        self._had_pads = False
        rights.listen(self._rights_changed)

    # On the loop.

    def open(self) -> None:
        """Let what hands do through to the running loop."""
        self._handover.open(asyncio.get_running_loop())

    def close(self) -> None:
        """Let nothing through any more."""
        self._handover.close()

    def new_session(self) -> HandsSession:
        """Return the part for a new connection, in place of that of the last one."""
        self._session = HandsSession(self._rights, self._budget, on_rumble=self._rumble)
        return self._session

    def _take(self, deeds: Sequence[Deed]) -> None:
        for deed in deeds:
            if isinstance(deed, PadPlugged):
                self._plugged[deed.pad] = deed
            elif isinstance(deed, PadUnplugged):
                self._plugged.pop(deed.pad, None)
        if self._session is not None:
            self._session.do(deeds)

    def _rights_changed(self) -> None:
        """Tell a host that has become ready for it which pads there are."""
        granted = self._rights.granted
        session = self._session
        was_ready, self._is_ready = self._is_ready, granted is not None
        had_pads, self._had_pads = self._had_pads, granted is not None and Right.PADS in granted
        if session is None or granted is None:
            return
        if not was_ready:
            session.do(list(self._plugged.values()))
        elif self._had_pads and not had_pads:
            session.repeat_pads()

    def _rumble(self, wish: Rumble) -> None:
        with self._rumble_lock:
            is_new = not self._rumbles
            self._rumbles[wish.pad] = wish  # one for each of `MAX_PADS` at most
        if is_new:
            event = sdl2.SDL_Event()
            event.type = self._wake_event
            sdl2.SDL_PushEvent(event)

    # On the window's thread.

    def opened(self, window: Window) -> None:
        """Begin to listen."""
        self._window = window
        self._wake_event = sdl2.SDL_RegisterEvents(1)
        self._pads.open()
        sdl2.SDL_StartTextInput()

    def handle(self, event: Any) -> bool:
        """Catch what hands do."""
        kind = event.type
        if kind == sdl2.SDL_WINDOWEVENT:
            self._look(event.window.event)
            return False
        if kind == self._wake_event:
            self._shake()
            return True
        return self._pointer.handle(event) or self._keyboard.handle(event) or self._pads.handle(event)

    def _look(self, what: int) -> None:
        if what == sdl2.SDL_WINDOWEVENT_FOCUS_LOST:
            self._handover.post(LookedAway())
            sdl2.SDL_StopTextInput()
        elif what == sdl2.SDL_WINDOWEVENT_FOCUS_GAINED:
            self._follow_lock()

    @property
    def hotkeys(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        """What is for this part and not for the host: keys, what they do, and the action."""
        return (("Ctrl+Alt+M", "lock the pointer, for games; again to let it go", self.toggle_lock),)

    def toggle_lock(self) -> None:
        """Lock the pointer into the window, for games, or let it go."""
        self._pointer.lock(not self._pointer.is_locked)
        self._follow_lock()

    def _follow_lock(self) -> None:
        """Have SDL make text of keys, except for a game: there a key is a key."""
        self._keyboard.gives_text = not self._pointer.is_locked
        if self._keyboard.gives_text:
            sdl2.SDL_StartTextInput()
        else:
            sdl2.SDL_StopTextInput()

    def _shake(self) -> None:
        with self._rumble_lock:
            wishes, self._rumbles = self._rumbles, {}
        for wish in wishes.values():
            self._pads.rumble(wish)

    def _view(self) -> View | None:
        renderer = None if self._window is None else self._window.renderer
        if self._window is None or renderer is None or renderer.place is None or renderer.picture_size is None:
            return None
        width, height = ctypes.c_int(), ctypes.c_int()
        sdl2.SDL_GetWindowSize(self._window.handle, width, height)
        drawn = renderer.size
        scale = drawn.width / max(1, width.value), drawn.height / max(1, height.value)
        return View(renderer.place, renderer.picture_size, scale)

    def closed(self) -> None:
        """Let go of the pads. The host lets go of the rest when the session ends."""
        self._pads.close()
