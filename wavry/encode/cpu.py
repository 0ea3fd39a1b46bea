"""What the processor can do, as far as the system tells."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PATH = Path("/proc/cpuinfo")


@cache
def cpu_flags(path: Path = _PATH) -> frozenset[str]:
    """Return the names of the processor's features in Linux's words, such as `avx2`; none where nobody tells them.

    Args:
        path: What the kernel writes of its processors; only the first is looked at.
    """
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                if name.strip() == "flags":
                    return frozenset(value.split())
    except OSError:
        pass
    return frozenset()
