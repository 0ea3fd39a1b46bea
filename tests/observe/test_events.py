from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from wavry.observe.events import MAX_EVENTS, EventLog

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """One that is used by no other test, with a part below it."""
    logger = logging.getLogger("wavry-events-test")
    logger.propagate = False
    yield logger
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_what_parts_say_is_kept_in_order_with_number_time_and_source(logger: logging.Logger) -> None:
    logger.setLevel(logging.DEBUG)
    log = EventLog()
    log.attach(logger)
    logging.getLogger("wavry-events-test.encode.stage").info("opened %s", "x264")
    logging.getLogger("wavry-events-test.audit").warning("refused")
    logger.debug("not for people")
    first, second = log.since()
    assert (first["number"], first["level"], first["source"], first["text"]) == (1, "info", "encode", "opened x264")
    assert (second["number"], second["level"], second["source"]) == (2, "warning", "audit")
    assert log.since(1) == [second]
    assert log.since(2) == []
    log.close()
    logger.warning("nobody listens")
    assert log.newest_number == 2


def test_a_flood_costs_the_oldest_and_no_more_than_the_cap(logger: logging.Logger) -> None:
    logger.setLevel(logging.INFO)
    log = EventLog()
    log.attach(logger)
    for number in range(3 * MAX_EVENTS):
        logger.info("%d %s", number, "🖥" * 10_000)
    events = log.since()
    assert len(events) == MAX_EVENTS
    assert events[0]["number"] == 2 * MAX_EVENTS + 1
    assert log.drops == 2 * MAX_EVENTS
    assert max(len(str(event["text"]).encode()) for event in events) < 1000
    assert log.used_bytes == log.high_water_bytes == log.cap_bytes < 300_000
    log.close()


def test_a_peers_text_can_neither_break_a_line_nor_the_log(logger: logging.Logger) -> None:
    logger.setLevel(logging.INFO)
    log = EventLog()
    log.attach(logger)
    logger.info("%s watches", "evil\n\x1b[2J\u202e name")
    for text, arguments in (("%d%%", ("not a number",)), ("%s and %s", ("one alone",))):
        log.handle(logging.LogRecord("wavry", logging.INFO, "", 0, text, arguments, None))
    texts = [str(event["text"]) for event in log.since()]
    assert texts == ["evil??[2J? name watches", "%d%%", "%s and %s"]
    log.close()


def test_a_host_that_logs_warnings_alone_still_has_events_and_its_log_stays_quiet(logger: logging.Logger) -> None:
    terminal = Kept()
    logger.addHandler(terminal)
    logger.setLevel(logging.WARNING)
    log = EventLog()
    log.attach(logger)
    logger.info("somebody came")
    logger.warning("the screen went")
    assert [event["text"] for event in log.since()] == ["somebody came", "the screen went"]
    assert terminal.lines == ["the screen went"]
    log.close()
    assert (logger.level, terminal.level) == (logging.WARNING, logging.NOTSET)
    assert log not in logger.handlers
