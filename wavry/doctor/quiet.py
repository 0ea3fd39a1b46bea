"""Native libraries print where they like; nobody asked them."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT, _STDERR = 1, 2


@contextmanager
def quiet() -> Iterator[None]:
    """Throw away what is written to the descriptors of stdout and stderr, by C code too.

    For a program with one thread: the descriptors belong to the whole process. An exception leaves it with both
    restored, so a traceback is seen.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(_STDOUT), os.dup(_STDERR)
    try:
        with tempfile.TemporaryFile() as sink:
            os.dup2(sink.fileno(), _STDOUT)
            os.dup2(sink.fileno(), _STDERR)
            yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for saved, descriptor in zip(kept, (_STDOUT, _STDERR), strict=True):
            os.dup2(saved, descriptor)
            os.close(saved)
