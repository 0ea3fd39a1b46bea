"""A connection to the sound server: what it has, and when that changes. On one thread, `wake` apart."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError, CaptureLostError
from wavry.pulse import library as libpulse
from wavry.pulse.library import ContextState

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable

_ANSWER_TIMEOUT_S = 2.0
"""A server on this machine answers within a millisecond; one that hangs should not hang us."""


@dataclass(frozen=True, slots=True)
class PulseDevice:
    """Something that can be recorded."""

    name: str
    description: str
    channels: int
    sink: str
    """The name of what plays there, when it is a monitor; otherwise empty."""


class PulseServer:
    """Connected when made.

    Raises:
        BackendUnavailableError: There is no libpulse, or no server, or it does not let us in.
    """

    def __init__(self) -> None:
        self.pulse = pulse = libpulse.load_pulse()
        self._lock = threading.Lock()
        self._on_change = libpulse.SubscribeCallback(self._changed)
        self.has_changed = False
        """Whether the server's defaults may have changed; set it to False when they were looked at."""
        self._loop: int | None = pulse.pa_mainloop_new()
        self.context: int = pulse.pa_context_new(pulse.pa_mainloop_get_api(self._loop), b"wavry")
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def _connect(self) -> None:
        pulse = self.pulse
        if pulse.pa_context_connect(self.context, None, libpulse.NO_AUTOSPAWN, None) < 0:
            raise BackendUnavailableError("pulse", f"no sound server: {self._trouble()}")
        try:
            ready = self.wait_until(lambda: pulse.pa_context_get_state(self.context) == ContextState.READY)
        except CaptureLostError as error:
            raise BackendUnavailableError("pulse", f"no sound server: {error.reason}") from error
        if not ready:
            raise BackendUnavailableError("pulse", f"the sound server did not answer within {_ANSWER_TIMEOUT_S:g} s")
        pulse.pa_context_set_subscribe_callback(self.context, self._on_change, None)
        self._begin(pulse.pa_context_subscribe(self.context, libpulse.SUBSCRIBE_SERVER, None, None))

    def iterate(self, timeout: float) -> None:
        """Wait for news from the server for at most so many seconds, and handle them.

        Raises:
            CaptureLostError: The server is gone.
        """
        pulse, loop = self.pulse, self._loop
        pulse.pa_mainloop_prepare(loop, max(0, round(timeout * 1_000_000)))
        pulse.pa_mainloop_poll(loop)
        pulse.pa_mainloop_dispatch(loop)
        if pulse.pa_context_get_state(self.context) in (ContextState.FAILED, ContextState.TERMINATED):
            raise CaptureLostError("the sound server", self._trouble())

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Handle news until `condition` holds.

        Returns:
            False when it did not within 2 s.

        Raises:
            CaptureLostError: The server is gone.
        """
        deadline = monotonic() + _ANSWER_TIMEOUT_S
        while not condition():
            left = deadline - monotonic()
            if left <= 0:
                return False
            self.iterate(left)
        return True

    def wake(self) -> None:
        """Make `iterate` return. Any thread; harmless after `close`."""
        with self._lock:
            if self._loop is not None:
                self.pulse.pa_mainloop_wakeup(self._loop)

    def devices(self) -> list[PulseDevice]:
        """Return everything that can be recorded.

        Raises:
            CaptureLostError: The server is gone or does not answer.
        """
        found: list[PulseDevice] = []
        ended = False

        def take(context: object, info: ctypes._Pointer[libpulse.SourceInfo], end: int, data: object) -> None:
            nonlocal ended
            if end:
                ended = True
                return
            source = info.contents
            is_monitor = source.monitor_of_sink != libpulse.NO_INDEX
            found.append(
                PulseDevice(
                    _text(source.name),
                    _text(source.description),
                    source.sample_spec.channels,
                    _text(source.monitor_of_sink_name) if is_monitor else "",
                )
            )

        callback = libpulse.SourceInfoCallback(take)
        self._begin(self.pulse.pa_context_get_source_info_list(self.context, callback, None))
        self._expect(lambda: ended)
        return found

    def defaults(self) -> tuple[str, str]:
        """Return the names of the sink and the source that programs use; empty where there is none.

        Raises:
            CaptureLostError: The server is gone or does not answer.
        """
        names: list[str] = []

        def take(context: object, info: ctypes._Pointer[libpulse.ServerInfo], data: object) -> None:
            if info:
                names[:] = _text(info.contents.default_sink_name), _text(info.contents.default_source_name)
            else:
                names[:] = "", ""

        callback = libpulse.ServerInfoCallback(take)
        self._begin(self.pulse.pa_context_get_server_info(self.context, callback, None))
        self._expect(lambda: bool(names))
        return names[0], names[1]

    def _expect(self, condition: Callable[[], bool]) -> None:
        if not self.wait_until(condition):
            raise CaptureLostError("the sound server", f"it did not answer within {_ANSWER_TIMEOUT_S:g} s")

    def _begin(self, operation: int | None) -> None:
        if operation is None:
            raise CaptureLostError("the sound server", self._trouble())
        self.pulse.pa_operation_unref(operation)

    def _changed(self, context: object, event: int, index: int, data: object) -> None:
        self.has_changed = True

    def _trouble(self) -> str:
        return self.message(self.pulse.pa_context_errno(self.context))

    def message(self, code: int) -> str:
        """Return what an error code of libpulse means."""
        return _text(self.pulse.pa_strerror(code))

    def close(self) -> None:
        """Leave the server. Idempotent."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            self.pulse.pa_context_disconnect(self.context)
            self.pulse.pa_context_unref(self.context)
            self.pulse.pa_mainloop_free(loop)


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode(errors="replace")
