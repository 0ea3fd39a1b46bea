"""What valgrind's leak checks say, in its own words (3.19)."""

from __future__ import annotations

import pytest

from leaking.growth import Growth, NotMeasuredError
from leaking.lost import parse_leaks

NONE = """\
==9== LEAK SUMMARY:
==9==    definitely lost: 2,760 (+0) bytes in 23 (+0) blocks
==9==    indirectly lost: 0 (+0) bytes in 0 (+0) blocks
==9==      possibly lost: 30,058,553 (-128,775) bytes in 188,175 (+166) blocks
"""

SOME = """\
==9== 2,000 (+1,500) bytes in 20 (+15) blocks are definitely lost in loss record 2 of 9
==9==    at 0x48417B4: malloc (in /usr/libexec/valgrind/vgpreload_memcheck-amd64-linux.so)
==9==    by 0x596440D: ??? (in /usr/lib/x86_64-linux-gnu/libffi.so.8.1.2)
==9==    by 0x5943179: _ctypes_callproc (callproc.c:1262)
==9==
==9== 1,072 (+1,072) (48 (+48) direct, 1,024 (+1,024) indirect) bytes in 1 (+1) blocks are definitely lost in loss record 3 of 9
==9==    at 0x48417B4: malloc (vg_replace_malloc.c:1)
==9==    by 0x1234: avcodec_open2 (in libavcodec.so)
==9==
==9== LEAK SUMMARY:
==9==    definitely lost: 3,072 (+1,548) bytes in 21 (+16) blocks
"""  # noqa: E501


def test_nothing_more_lost_is_nothing_found() -> None:
    assert parse_leaks(NONE, "frames", 500) == []


def test_what_was_lost_is_found_with_its_stack() -> None:
    first, second = parse_leaks(SOME, "sessions", 20)
    assert (first.phase, first.number, first.allocations, first.size_bytes) == ("sessions", 20, 15, 1500)
    assert first.where[-1] == "_ctypes_callproc (callproc.c:1262)"
    assert second == Growth(
        "sessions", 20, 1, 1072, ("malloc (vg_replace_malloc.c:1)", "avcodec_open2 (in libavcodec.so)")
    )


@pytest.mark.parametrize("report", ["", "==9== Connection refused", "==9== All heap blocks were freed"])
def test_an_answer_without_a_summary_is_no_measurement(report: str) -> None:
    with pytest.raises(NotMeasuredError, match="no leak summary"):
        parse_leaks(report, "frames", 500)


def test_lost_blocks_that_are_not_named_are_no_measurement() -> None:
    with pytest.raises(NotMeasuredError, match="counts 4 lost blocks and names 0"):
        parse_leaks(NONE.replace("(+0) blocks", "(+4) blocks", 1), "frames", 500)
