"""Loans that go wrong, and where they were taken."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys

import pytest

from wavry.errors import BufferReleasedError
from wavry.memory import FrameBuffer, FrameBufferPool

CODE = "from wavry.memory import FrameBufferPool; print(FrameBufferPool(1)._sites is not None)"


def take(pool: FrameBufferPool) -> FrameBuffer:
    return pool.acquire()


def give_back(lease: FrameBuffer) -> None:
    lease.release()


def forget(pool: FrameBufferPool) -> None:
    lease = take(pool)
    del lease
    gc.collect()


def test_a_second_release_says_where_the_buffer_was_taken_and_first_released() -> None:
    lease = take(FrameBufferPool(1, name="screens", debug=True))
    give_back(lease)
    message = (
        r"pool screens: buffer 0 is not in use \(taken at test_pool_sites.py:\d+ take < .* test_a_second_.*, "
        r"released at test_pool_sites.py:\d+ give_back < .*\)"
    )
    with pytest.raises(BufferReleasedError, match=message):
        lease.release()
    with pytest.raises(BufferReleasedError, match=message):
        _ = lease.data


def test_without_debugging_a_second_release_names_the_pool() -> None:
    lease = take(FrameBufferPool(1, name="screens", debug=False))
    lease.release()
    with pytest.raises(BufferReleasedError, match=r"^pool screens: buffer 0 is not in use$"):
        lease.release()


def test_a_forgotten_loan_is_logged_with_its_site_at_the_next_use(caplog: pytest.LogCaptureFixture) -> None:
    pool = FrameBufferPool(1, 1, name="screens", debug=True)
    forget(pool)
    assert not caplog.records  # the collector runs anywhere, also inside of a log handler
    pool.acquire().release()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("pool screens: 1 buffers were forgotten and came back; the last was taken at")
    assert "test_pool_sites.py" in record.getMessage()
    assert ":forget" in record.getMessage().replace(" ", ":")


@pytest.mark.parametrize("touch", ["trim", "close"])
def test_a_pool_that_is_only_trimmed_or_closed_reports_too(caplog: pytest.LogCaptureFixture, touch: str) -> None:
    pool = FrameBufferPool(1, 1, debug=False)
    forget(pool)
    getattr(pool, touch)()
    assert "WAVRY_DEBUG_POOLS=1 says where" in caplog.text


def test_a_leak_in_every_frame_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    pool = FrameBufferPool(1, 1, debug=True)
    for _ in range(1000):
        lease = pool.acquire()
        del lease
    pool.trim()
    assert pool.leaked == 1000
    assert len(caplog.records) == 10  # at 1, 2, 4, ... 512


def test_sites_of_the_past_are_bounded() -> None:
    pool = FrameBufferPool(1, 1, debug=True)
    for _ in range(1000):
        pool.acquire().release()
    assert pool._sites is not None
    assert (len(pool._sites._taken), len(pool._sites._ended)) == (0, 256)


@pytest.mark.parametrize(
    ("options", "variable", "wanted"),
    [([], "", False), ([], "0", False), ([], "1", True), (["-X", "dev"], "", True)],
)
def test_debugging_is_asked_for_by_the_environment(options: list[str], variable: str, wanted: bool) -> None:
    environment = {"WAVRY_DEBUG_POOLS": variable, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, *options, "-c", CODE], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().strip() == str(wanted)
