"""The clipboard of an X display.

A thread of its own waits for the server and for commands. XFixes tells of each new owner, so nothing is polled: a
clipboard that nobody touches costs nothing. Texts above 60 kB travel in pieces both ways (INCR), which is what
programs expect and SDL can't do. Everything that others have to do for us has a deadline, and everything that they may
ask of us a bound, so a program that hangs on the same screen can't hold us up.
"""

from __future__ import annotations

import logging
import select
import threading
from typing import TYPE_CHECKING, Any

import xcffib
import xcffib.xfixes
import xcffib.xproto

from wavry.clipboard.board import MAX_TEXT_BYTES
from wavry.clipboard.x11_offer import MAX_TRANSFERS, Offer
from wavry.clipboard.x11_reading import Reading, ReadingFailedError
from wavry.clipboard.x11_window import NAME, NONE, HiddenWindow
from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError
from wavry.pipeline.bell import Bell

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.clipboard.board import BoardListener
    from wavry.memory import Holder

logger = logging.getLogger(__name__)

_PUT_INTERVAL_S = 0.05
"""A clipboard that changes more often is brought up to date this often: each change wakes every program that watches
it."""

_PROPERTIES = [f"_WAVRY_CLIPBOARD_{number}" for number in range(8)]
"""Where answers are written, in turn: an owner that was given up may still write to the one it was told."""


class X11Clipboard:
    """A `ClipboardBoard`. It is also its holder in the budget.

    Args:
        display: Such as `:1`; None for the DISPLAY variable.

    Raises:
        BackendUnavailableError: See `HiddenWindow`.
    """

    name = NAME
    cap_bytes = (3 + MAX_TRANSFERS) * MAX_TEXT_BYTES + MAX_TEXT_BYTES // 8
    """What is on the clipboard, what is about to be put there, what is being read (a growing bytearray takes an eighth
    more than is in it), and a text for each who fetches one in pieces."""

    policy = "who fetches slowest is given up"

    def __init__(self, display: str | None = None) -> None:
        self._window = HiddenWindow(display)
        self._bell = Bell()
        self._lock = threading.Lock()
        self._text_to_put: bytes | None = None
        self._listener: BoardListener | None = None
        self._should_look = False
        self._stopping = False
        self._offer = Offer(self._window)
        self._properties = self._window.intern(*_PROPERTIES)
        self._put_at = 0.0
        self._reading: Reading | None = None
        self._newest_change: Any = None
        self._high_water_bytes = 0

    # From any thread.

    def put(self, text: bytes) -> None:
        """Own the clipboard with this text soon; see `ClipboardBoard`."""
        with self._lock:
            self._text_to_put = text
        self._bell.ring()

    def listen(self, listener: BoardListener | None) -> None:
        """Tell somebody what is on the clipboard, or nobody; see `ClipboardBoard`."""
        with self._lock:
            self._listener = listener
            self._should_look = listener is not None
        self._bell.ring()

    def stop(self) -> None:
        """Make `run` return."""
        with self._lock:
            self._stopping, self._listener = True, None
        self._bell.ring()

    def holders(self) -> dict[str, Holder]:
        """Return itself."""
        return {"clipboard.x11": self}

    @property
    def used_bytes(self) -> int:
        """All texts that it keeps."""
        reading, text = self._reading, self._text_to_put
        return (
            self._offer.used_bytes
            + (reading.used_bytes if reading is not None else 0)
            + (len(text) if text is not None else 0)
        )

    @property
    def high_water_bytes(self) -> int:
        """Most that they came to when somebody looked, or the thread went to sleep."""
        return max(self._high_water_bytes, self.used_bytes)

    @property
    def drops(self) -> int:
        """Transfers that were given up."""
        return self._offer.drops

    # On its thread.

    def run(self) -> None:
        """Serve the clipboard until `stop`.

        Raises:
            BackendUnavailableError: The X server is gone.
        """
        try:
            while not self._stopping:
                now = monotonic()
                self._obey(now)
                self._give_up_late(now)
                self._take_events()
                self._high_water_bytes = self.high_water_bytes
                self._wait()
        except xcffib.XcffibException as error:
            raise BackendUnavailableError(NAME, "the X server closed the connection") from error
        finally:
            self.close()

    def close(self) -> None:
        """Leave the server; see `ClipboardBoard`."""
        self._window.close()
        self._bell.close()

    def _wait(self) -> None:
        """Sleep until the server says something, somebody wants something, or a deadline comes."""
        reading = self._reading
        due = [self._offer.deadline, reading.deadline if reading is not None else None]
        if self._text_to_put is not None:
            due.append(self._put_at)
        earliest = min((each for each in due if each is not None), default=None)
        timeout = None if earliest is None else max(0.0, earliest - monotonic())
        readable, _, _ = select.select((self._window.fileno(), self._bell.fileno()), (), (), timeout)
        if self._bell.fileno() in readable:
            self._bell.quiet()

    def _obey(self, now: float) -> None:
        with self._lock:
            text = None
            if self._put_at <= now:
                text, self._text_to_put = self._text_to_put, None
            should_look = self._should_look and self._text_to_put is None
            self._should_look = self._should_look and not should_look
        if text is not None:
            self._put_at = now + _PUT_INTERVAL_S
            self._reading = None
            self._offer.put(text)
        if should_look:
            self._look(now)

    def _look(self, now: float) -> None:
        """Tell what is on the clipboard, once it is known."""
        if self._offer.text is not None:
            self._tell(self._offer.text, is_change=False)
        elif self._window.clipboard_owner() != NONE:
            self._read(is_change=False, now=now)

    def _give_up_late(self, now: float) -> None:
        self._offer.give_up_late(now=now)
        if self._reading is not None and self._reading.deadline <= now:
            self._failed("its owner does not answer")

    def _take_events(self) -> None:
        """Take all events, say what there is to say, and leave no event in libxcb's queue, where `select` is blind.

        Events get there while we wait for an answer, and while libxcb waits for room to write.
        """
        while (event := self._next_event()) is not None or self._newest_change is not None:
            if event is not None:
                self._take(event, monotonic())
            else:
                change, self._newest_change = self._newest_change, None
                self._changed(change)

    def _next_event(self) -> Any:
        event = self._window.next_event()
        if event is None:
            self._window.flush()
            event = self._window.next_event()
        return event

    def _take(self, event: Any, now: float) -> None:
        match event:
            case xcffib.xfixes.SelectionNotifyEvent():
                self._newest_change = event  # of several in one go the last counts
            case xcffib.xproto.SelectionRequestEvent():
                self._offer.answer(event, now=now)
            case xcffib.xproto.SelectionClearEvent():
                self._offer.lost()
            case xcffib.xproto.SelectionNotifyEvent():
                self._continue_reading(lambda reading: reading.answered(event, now=now))
            case xcffib.xproto.PropertyNotifyEvent() if event.window == self._window.id:
                if event.state == xcffib.xproto.Property.NewValue:
                    self._written(event.atom, now)
            case xcffib.xproto.PropertyNotifyEvent():
                if event.state == xcffib.xproto.Property.Delete:
                    self._offer.fetched(event.window, event.atom, now=now)
            case xcffib.xproto.DestroyNotifyEvent():
                self._offer.gone(event.window)

    # What others put on it.

    def _changed(self, event: Any) -> None:
        """Note that the clipboard has another owner, or none."""
        if event.owner == self._window.id:
            self._offer.acquired_at = event.selection_timestamp
            return
        self._reading = None
        if event.owner == NONE:
            self._tell(None, is_change=True)
        elif self._listener is not None:
            self._read(is_change=True, now=monotonic())

    def _read(self, *, is_change: bool, now: float) -> None:
        self._properties.append(self._properties.pop(0))
        self._reading = Reading(self._window, self._properties[0], is_change=is_change, now=now)

    def _written(self, property_atom: int, now: float) -> None:
        reading = self._reading
        if reading is not None and reading.property_atom == property_atom:
            self._continue_reading(lambda reading: reading.written(now=now))
        elif property_atom in self._properties:
            self._window.delete_property(property_atom)  # its owner, given up, wants to get on with it

    def _continue_reading(self, go_on: Callable[[Reading], bytes | None]) -> None:
        reading = self._reading
        if reading is None:
            return
        try:
            text = go_on(reading)
        except ReadingFailedError as failure:
            self._window.delete_property(reading.property_atom)
            self._failed(str(failure))
            return
        if text is not None:
            self._reading = None
            self._tell(text, is_change=reading.is_change)

    def _failed(self, reason: str) -> None:
        reading, self._reading = self._reading, None
        logger.info("the clipboard is left alone: %s", reason)
        if reading is not None:
            self._tell(None, is_change=reading.is_change)

    def _tell(self, text: bytes | None, *, is_change: bool) -> None:
        with self._lock:
            listener = self._listener if self._text_to_put is None else None  # what is about to be replaced is no news
        if listener is not None:
            listener(text, is_change=is_change)


def open_x11_clipboard() -> X11Clipboard:
    """Open the clipboard of the display that DISPLAY names; see `X11Clipboard`."""
    return X11Clipboard()
