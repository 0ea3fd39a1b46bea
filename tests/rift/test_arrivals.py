from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift.arrivals import (
    EAGER_PACKETS,
    MAX_REPORTED_PACKETS,
    NOT_HERE,
    NOTED_LIMIT_PACKETS,
    REPORT_INTERVAL_S,
    TIME_STEP_US,
    ArrivalLog,
    ArrivalReport,
)
from wavry.rift.sequence import SERIAL_MASK

STEP_S = TIME_STEP_US / 1e6


def told(reports: list[bytes]) -> dict[int, float | None]:
    """What reports say of each id; a later word on the same id counts."""
    return {packet_id: at for report in reports for packet_id, at in ArrivalReport.parse(report).arrivals()}


def log_of(arrivals: dict[int, float], *, first_packet_id: int = 0) -> ArrivalLog:
    log = ArrivalLog(first_packet_id=first_packet_id)
    for packet_id, arrived_at in arrivals.items():
        log.note(packet_id, arrived_at)
    return log


def test_a_report_tells_every_id_of_its_range_and_when_it_came() -> None:
    said = told(log_of({0: 5.0, 1: 5.001, 3: 5.0105}).take_reports(5.1))
    assert list(said) == [0, 1, 2, 3]
    assert said[2] is None
    assert said[0] == pytest.approx(5.0, abs=STEP_S)
    assert said[1] == pytest.approx(5.001, abs=STEP_S)
    assert said[3] == pytest.approx(5.0105, abs=STEP_S)


def test_nothing_is_due_before_the_interval_is_over_unless_many_came() -> None:
    log = log_of({0: 1.0})
    due_at = 1.0 + REPORT_INTERVAL_S
    assert log.due_at == due_at
    assert log.take_reports(due_at - 0.001) == []
    assert len(log.take_reports(due_at)) == 1
    assert log.take_reports(9.0) == []
    for packet_id in range(1, EAGER_PACKETS + 1):
        log.note(packet_id, 10.0)
    assert len(log.take_reports(10.0)) == 1


def test_a_loss_between_two_reports_or_before_the_first_is_told() -> None:
    log = log_of({1: 1.0})
    assert told(log.take_reports(2.0))[0] is None
    log.note(4, 3.0)
    assert told(log.take_reports(4.0)) == {2: None, 3: None, 4: pytest.approx(3.0, abs=STEP_S)}


def test_a_late_packet_is_told_again_without_those_around_it() -> None:
    log = log_of({0: 1.0, 5: 1.0})
    log.take_reports(2.0)
    log.note(2, 3.0)
    log.note(3, 3.0)
    log.note(6, 3.0)
    assert sorted(told(log.take_reports(4.0))) == [2, 3, 6]


def test_of_a_duplicate_the_first_arrival_counts() -> None:
    log = log_of({0: 1.0})
    log.note(0, 1.02)
    assert told(log.take_reports(2.0)) == {0: pytest.approx(1.0, abs=STEP_S)}


def test_ids_wrap() -> None:
    said = told(log_of({SERIAL_MASK: 1.0, 1: 1.0}, first_packet_id=SERIAL_MASK).take_reports(2.0))
    assert list(said) == [SERIAL_MASK, 0, 1]
    assert said[0] is None


def test_a_jump_of_ids_is_not_filled_up() -> None:
    reports = log_of({0: 1.0, 2**31 - 1: 1.0}).take_reports(2.0)
    assert sorted(told(reports)) == [0, 2**31 - 1]


def test_many_ids_take_several_reports() -> None:
    log = log_of(dict.fromkeys(range(MAX_REPORTED_PACKETS + 10), 1.0))
    reports = log.take_reports(2.0)
    assert [len(ArrivalReport.parse(report).steps) for report in reports] == [MAX_REPORTED_PACKETS, 10]


def test_an_arrival_too_long_before_the_newest_one_is_told_as_early_as_can_be() -> None:
    said = told(log_of({0: 1.0, 1: 101.0}).take_reports(102.0))
    assert said[1] == pytest.approx(101.0, abs=STEP_S)
    assert said[0] == pytest.approx(101.0 - (NOT_HERE - 1) * STEP_S, abs=STEP_S)


def test_what_nobody_takes_is_bounded_and_counted() -> None:
    log = ArrivalLog()
    for packet_id in range(NOTED_LIMIT_PACKETS + 7):
        log.note(packet_id * 1000, 1.0)
    assert log.drops == 7
    assert log.used_bytes == log.high_water_bytes == log.cap_bytes
    reports = log.take_reports(2.0)
    assert len(reports) == 8
    assert log.drops == 7 + NOTED_LIMIT_PACKETS - 8
    assert log.used_bytes == 0


@given(
    present=st.sets(st.integers(0, 700), min_size=1, max_size=300),
    start=st.sampled_from([0, 2**32 - 350]),
    seed=st.integers(0, 99),
)
def test_whatever_comes_in_whatever_order_is_told_once(present: set[int], start: int, seed: int) -> None:
    order = sorted(present)
    random.Random(seed).shuffle(order)
    log, reports = ArrivalLog(first_packet_id=start), []
    for number, offset in enumerate(order):
        log.note((start + offset) % 2**32, 1.0 + number / 1000)
        if number % 50 == 49:
            reports += log.take_reports(100.0 + number)
    reports += log.take_reports(1000.0)
    came = [
        packet_id
        for report in reports
        for packet_id, arrived_at in ArrivalReport.parse(report).arrivals()
        if arrived_at is not None
    ]
    assert sorted(came) == sorted((start + offset) % 2**32 for offset in present)


@given(data=st.binary(max_size=600))
def test_any_bytes_are_a_report_or_a_protocol_error(data: bytes) -> None:
    try:
        report = ArrivalReport.parse(data)
    except RemoteProtocolError:
        return
    assert report.serialize() == data
    assert len(report.arrivals()) <= MAX_REPORTED_PACKETS


@pytest.mark.parametrize(
    ("offset", "value", "code"),
    [
        (0, 2, ErrorCode.UNSUPPORTED_VERSION),
        (1, 0, ErrorCode.PROTOCOL_VIOLATION),
        (3, 9, ErrorCode.PROTOCOL_VIOLATION),
        (8, 0x80, ErrorCode.PROTOCOL_VIOLATION),
    ],
    ids=["version", "stream", "count", "base time"],
)
def test_a_report_with_a_wrong_field_is_refused(offset: int, value: int, code: ErrorCode) -> None:
    report = bytearray(log_of({0: 1.0}).take_reports(2.0)[0])
    report[offset] = value
    with pytest.raises(RemoteProtocolError) as refused:
        ArrivalReport.parse(bytes(report))
    assert refused.value.code is code


@pytest.mark.parametrize("size", [0, 15, 16, 17])
def test_a_report_of_a_wrong_size_is_refused(size: int) -> None:
    report = log_of({0: 1.0}).take_reports(2.0)[0]
    with pytest.raises(RemoteProtocolError):
        ArrivalReport.parse(report[:size])
