"""The hook that every stage calls at its point of interest.

A stage says `checkpoint("capture_frame_acquired")` and knows nothing of who listens. Nobody listening costs one
call and one comparison; a recorder is set once, by the command line that wants one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_recorder: Callable[[str], None] | None = None


def checkpoint(name: str) -> None:
    """Tell the recorder, if there is one, that the point `name` was passed. Callable from any thread."""
    if _recorder is not None:
        _recorder(name)


def set_checkpoint_recorder(recorder: Callable[[str], None] | None) -> None:
    """Choose who is told of checkpoints in this process; None for nobody.

    Args:
        recorder: Called with the name, on the stage's own thread, so it must be quick and must not raise.
    """
    global _recorder  # one process has one recorder, and stages must not carry it around
    _recorder = recorder
