"""What happened lately, in the words of the log, for people who look at a page. Bounded in count and in bytes."""

from __future__ import annotations

import logging
from collections import deque
from typing import NamedTuple

from wavry.observe.logs import printable

MAX_EVENTS = 200
_MAX_TEXT = 240
_EVENT_BYTES = 4 * _MAX_TEXT + 280
"""Of one event at most: four bytes a letter, and the objects around it."""


class Event(NamedTuple):
    """One thing that happened."""

    number: int
    """Counts the events of a host from 1, so that a reader knows what it has had."""

    at_s: float
    """Unix time."""

    level: str
    """`info`, `warning` or `error`."""

    source: str
    """The part that speaks: `server`, `encode`, `audit`."""

    text: str


class EventLog(logging.Handler):
    """The last events of the program's loggers. Any thread, as handlers are.

    A holder of the budget. Policy when full: the oldest event is forgotten.
    """

    policy = "the oldest event is forgotten"
    cap_bytes = MAX_EVENTS * _EVENT_BYTES

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._logger: logging.Logger | None = None
        self._quieted: list[tuple[logging.Handler, int]] = []
        self._logger_level = logging.NOTSET
        self.newest_number = 0
        """Of the last event; 0 before the first."""

    def attach(self, logger: logging.Logger) -> None:
        """Listen to a logger and those below it until `close`.

        A logger that lets only warnings through lets through what is of interest here, and its other handlers keep to
        warnings.
        """
        self._logger, self._logger_level = logger, logger.level
        if logger.level > self.level:
            self._quieted = [(handler, handler.level) for handler in logger.handlers]
            for handler in logger.handlers:
                handler.setLevel(max(handler.level, logger.level))
            logger.setLevel(self.level)
        logger.addHandler(self)

    def close(self) -> None:
        """Listen no more."""
        logger, self._logger = self._logger, None
        if logger is not None:
            logger.removeHandler(self)
            logger.setLevel(self._logger_level)
            for handler, level in self._quieted:
                handler.setLevel(level)
            self._quieted.clear()
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; logging holds this handler's lock meanwhile."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # what was to be put into the text does not fit it
            text = str(record.msg)
        source = record.name.split(".")[1] if "." in record.name else record.name
        self._add(record.created, record.levelname.lower(), source, text)

    def _add(self, at_s: float, level: str, source: str, text: str) -> None:
        self.newest_number += 1
        shown = printable(text, _MAX_TEXT)
        event = Event(self.newest_number, round(at_s, 3), printable(level, 16), printable(source, 32), shown)
        self._events.append(event)

    def since(self, number: int = 0) -> list[dict[str, object]]:
        """Return the events after one, ready for JSON, oldest first; all that are kept after 0."""
        self.acquire()
        try:
            return [event._asdict() for event in self._events if event.number > number]
        finally:
            self.release()

    @property
    def drops(self) -> int:
        """Events that were forgotten."""
        return self.newest_number - len(self._events)

    @property
    def used_bytes(self) -> int:
        """What the events take, as the cap counts."""
        return len(self._events) * _EVENT_BYTES

    @property
    def high_water_bytes(self) -> int:
        """Most it has held: it never holds less than before."""
        return self.used_bytes
