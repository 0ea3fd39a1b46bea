"""What the host says of its pointer, on its way from the session to the window."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

from wavry.rift import Stream
from wavry.rift.cursor.messages import CursorShape
from wavry.rift.cursor.receiver import CursorReceiver
from wavry.session import SessionPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.rift import Message
    from wavry.rift.cursor.datagrams import CursorPlace


class PointerNews(NamedTuple):
    """The host's pointer, as far as it is known."""

    shape: CursorShape | None
    """None: nothing was said of it."""

    place: CursorPlace | None
    is_ours: bool
    """Whether it goes where the person's pointer goes."""


class HostPointer:
    """The newest of everything, from the loop to the window: what the window has not taken yet gives way. Any thread.

    It outlives sessions; the end of one makes it forget. A shape stays compressed here, and malformed ones are found
    only when the window unpacks one: so a host that says many does not keep the loop busy.
    """

    cap_bytes = CursorShape.max_bytes
    policy = "a newer shape takes the place of one that waits"
    drops = 0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news = PointerNews(None, None, True)
        self._wake: Callable[[], None] = _nobody
        self._is_awake = False
        self.high_water_bytes = 0

    @property
    def used_bytes(self) -> int:
        """Bytes of the latest shape."""
        shape = self._news.shape
        return 0 if shape is None else len(shape.pixels)

    def set_shape(self, shape: CursorShape) -> None:
        """Note another shape."""
        self._change(shape=shape)
        self.high_water_bytes = max(self.high_water_bytes, len(shape.pixels))

    def set_place(self, place: CursorPlace) -> None:
        """Note another place."""
        self._change(place=place)

    def set_control(self, is_ours: bool) -> None:
        """Note whether this client moves the host's pointer; unless told, it does.

        It does not with `--view-only`, or without the right to.
        """
        self._change(is_ours=is_ours)

    def forget(self) -> None:
        """Note that the host is gone."""
        self._change(shape=None, place=None)

    def _change(self, **what: object) -> None:
        with self._lock:
            news = self._news._replace(**what)  # type: ignore[arg-type] # of the fields' types, see above
            if news == self._news:
                return
            self._news = news
            must_wake, self._is_awake = not self._is_awake, True
        if must_wake:
            self._wake()

    # For the window.

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Choose what says that there is news, from any thread; once, until it is taken."""
        with self._lock:
            self._wake, self._is_awake = wake, False

    def take(self) -> PointerNews:
        """Return how things are now."""
        with self._lock:
            self._is_awake = False
            return self._news


class CursorSession(SessionPart):
    """Takes what one host says of its pointer. On the loop."""

    datagram_streams = (Stream.CURSOR,)
    message_types = (CursorShape,)

    def __init__(self, pointer: HostPointer) -> None:
        self._pointer = pointer
        self._receiver = CursorReceiver()

    def message_received(self, message: Message, *, now: float) -> None:
        """Take a shape."""
        assert isinstance(message, CursorShape)  # of `message_types`
        self._pointer.set_shape(message)

    def datagram_received(self, datagram: bytes, *, now: float) -> None:
        """Take a place."""
        place = self._receiver.receive_datagram(datagram)
        if place is not None:
            self._pointer.set_place(place)

    def ended(self) -> None:
        """Forget the pointer; the next host may have none."""
        self._pointer.forget()


def _nobody() -> None:
    """Wake nobody: there is no window yet."""
