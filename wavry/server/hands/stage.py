"""The thread that does what clients' hands do.

Nothing that goes wrong here stops the stream: there is one line about it, and the stage tries again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wavry.clock import monotonic
from wavry.errors import BackendError, InputLostError, NoBackendError
from wavry.input import open_injector, open_pad_injector
from wavry.pipeline import Demand, QueueClosed
from wavry.rift.input.events import (
    ButtonPressed,
    ButtonReleased,
    InputEvent,
    KeyPressed,
    KeyReleased,
    PadAxes,
    PadButtons,
    PadPlugged,
    PadUnplugged,
    PointerMoved,
    PointerMovedBy,
    Scrolled,
    TextTyped,
)
from wavry.rift.input.messages import MAX_PADS
from wavry.server.hands.places import pixel_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.input import Injector, PadInjector
    from wavry.media import Rect
    from wavry.server.hands.queue import Deed, HandsQueue

logger = logging.getLogger(__name__)

_RETRY_S = 2.0
"""Between two tries to open what was lost, while somebody has hands here."""

_REST_S = 2.0
"""With nothing to do for so long, what was put off is done, and what was lost is looked for."""

_PAD_EVENTS = (PadPlugged, PadUnplugged, PadButtons, PadAxes)


class HandsStage:
    """Does what comes out of the queue, while somebody has hands here.

    Args:
        queue: What is to be done.
        area: Says which part of the desktop clients see now; None while they see none. Any thread.
        on_rumble: Told client, pad, strengths and ms when a program shakes a pad; on any thread.
        open_keys: Opens the way to keys and pointer.
        open_pads: Opens the way to virtual pads; its argument is told pad, strengths and ms.
    """

    def __init__(
        self,
        queue: HandsQueue,
        area: Callable[[], Rect | None],
        on_rumble: Callable[[int, int, int, int, int], None],
        *,
        open_keys: Callable[[], Injector],
        open_pads: Callable[[Callable[[int, int, int, int], None]], PadInjector] | None = None,
    ) -> None:
        self._queue = queue
        self._area = area
        self._on_rumble = on_rumble
        self._open_keys = open_keys
        self._open_pads = open_pads or _open_pads
        self._demand = Demand()
        self._keys: Injector | None = None
        self._pads: PadInjector | None = None
        self._keys_trouble = self._pads_trouble = ""
        """Why there is none; said once, until it works again."""
        self._retry_keys_at = self._retry_pads_at = 0.0

    # From other threads.

    def want(self, wanted: bool) -> None:
        """Have hands, or let go of everything and of the system."""
        self._demand.want(wanted)
        self._queue.wake()

    def stop(self) -> None:
        """Make `run` let go of everything and return."""
        self._demand.stop()
        self._queue.close()

    # On the stage's thread.

    def run(self) -> None:
        """Do things until `stop`."""
        try:
            while not self._demand.is_stopped:
                self._demand.wait()
                if not self._demand.is_stopped:
                    self._prepare()
                    self._do_while_wanted()
                self._close()
        except QueueClosed:
            pass
        except Exception:
            logger.exception("input: a fault of ours; the stream goes on without clients' hands")
        finally:
            self._close()

    def _prepare(self) -> None:
        """Open now what the first key would wait for; a client is told nothing of a failure, its host's log is."""
        self._retry_keys_at = self._retry_pads_at = 0.0
        self._find_keys()

    def _do_while_wanted(self) -> None:
        while True:
            deed = self._queue.get(_REST_S)
            if deed is not None:
                self._do(deed)
            elif not self._demand.is_on:
                return
            else:
                self._rest()

    def _rest(self) -> None:
        keys = self._find_keys()
        if keys is not None:
            try:
                keys.rest()
            except InputLostError as error:
                self._lose(keys, error)

    def do_what_waits(self) -> None:
        """Do all that is in the queue now; for whoever drives the stage without a thread."""
        while len(self._queue):
            deed = self._queue.get(0)
            if deed is not None:
                self._do(deed)

    def _do(self, deed: Deed) -> None:
        event = deed.event
        try:
            if isinstance(event, _PAD_EVENTS):
                self._do_pad(deed.client * MAX_PADS + event.pad, event)
            else:
                self._do_keys(event)
        except Exception:
            logger.exception("input: a fault of ours in %s; letting go of everything", type(event).__name__)
            self._close()  # nobody knows what it has left down

    # Keys and pointer.

    def _do_keys(self, event: InputEvent) -> None:
        for _ in range(2):  # what was lost may be back at once
            keys = self._find_keys()
            if keys is None:
                return
            try:
                self._inject(keys, event)
                return
            except InputLostError as error:
                self._lose(keys, error)

    def _lose(self, keys: Injector, error: InputLostError) -> None:
        self._keys_trouble = str(error)
        logger.warning("input: %s; trying again", error)
        keys.close()
        self._keys = None  # and opened at once, unless that was a moment ago

    def _find_keys(self) -> Injector | None:
        """Return the way to keys and pointer, opened if it is time to try."""
        if self._keys is None and monotonic() >= self._retry_keys_at:
            self._retry_keys_at = monotonic() + _RETRY_S
            try:
                self._keys = self._open_keys()
                logger.info("input: through %s", "; ".join([self._keys.name, *self._keys.notes]))
                self._keys_trouble = ""
            except (BackendError, InputLostError) as error:
                if not self._keys_trouble:
                    logger.warning("input: %s; what clients' hands do has no effect", error)
                self._keys_trouble = str(error)
        return self._keys

    def _inject(self, keys: Injector, event: InputEvent) -> None:
        match event:
            case KeyPressed(usage, text):
                keys.press_key(usage, text)
            case KeyReleased(usage):
                keys.release_key(usage)
            case TextTyped(text):
                keys.type_text(text)
            case PointerMoved(x, y):
                area = self._area()
                if area is not None:
                    keys.move_to(*pixel_at(x, y, area))
            case PointerMovedBy(dx, dy):
                keys.move_by(dx, dy)
            case ButtonPressed(button):
                keys.press_button(button)
            case ButtonReleased(button):
                keys.release_button(button)
            case Scrolled(horizontal, vertical):
                keys.scroll(horizontal, vertical)

    # Pads.

    def _do_pad(self, pad: int, event: InputEvent) -> None:
        pads = self._find_pads()
        if pads is None:
            return
        try:
            match event:
                case PadPlugged(name=name):
                    pads.plug(pad, name)
                case PadUnplugged():
                    pads.unplug(pad)
                case PadButtons(buttons=buttons):
                    pads.set_buttons(pad, buttons)
                case PadAxes(axes=axes):
                    pads.set_axes(pad, axes)
        except InputLostError as error:
            self._pads_trouble = str(error)
            logger.warning("game pads: %s", error)
            pads.close()
            self._pads = None

    def _find_pads(self) -> PadInjector | None:
        if self._pads is None and monotonic() >= self._retry_pads_at:
            self._retry_pads_at = monotonic() + _RETRY_S
            try:
                self._pads = self._open_pads(self._rumbled)
                self._pads_trouble = ""
            except NoBackendError as error:
                if not self._pads_trouble:
                    logger.warning("game pads: %s; clients' pads have no effect", error)
                self._pads_trouble = str(error)
        return self._pads

    def _rumbled(self, pad: int, low: int, high: int, duration_ms: int) -> None:
        self._on_rumble(*divmod(pad, MAX_PADS), low, high, duration_ms)

    def _close(self) -> None:
        keys, self._keys = self._keys, None
        pads, self._pads = self._pads, None
        if keys is not None:
            keys.close()
        if pads is not None:
            pads.close()


def open_keys(wanted: str, display: str | None) -> Injector:
    """Open the way to keys and pointer that `--input` names; tell who refused.

    Raises:
        NoBackendError: There is none.
    """
    opened = open_injector(wanted=wanted, display=display)
    for refusal in opened.refusals:
        logger.info("input: refused %s", refusal)
    return opened.backend


def _open_pads(on_rumble: Callable[[int, int, int, int], None]) -> PadInjector:
    return open_pad_injector(on_rumble).backend
