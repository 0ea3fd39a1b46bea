"""A host like `python -m wavry.server`, except that its testcard has grain and it writes down what it sends.

The arguments are the file to write into, and then a host's. Every access unit that a viewer is to get is written whole,
110 MB for a minute at 15 Mbit/s.
"""

from __future__ import annotations

import sys
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.media import AccessUnit

_ENTRY = Struct("<?BIQI")
"""Keyframe, epoch, frame id, capture time, length of the data that follow."""


def read_log(path: Path) -> Iterator[AccessUnit]:
    """Return what a host has written, in the order of encoding, one unit in memory at a time."""
    from wavry.media import AccessUnit, UnitTimings

    with path.open("rb") as log:
        while entry := log.read(_ENTRY.size):
            is_keyframe, epoch, frame_id, capture_us, length = _ENTRY.unpack(entry)
            yield AccessUnit(log.read(length), is_keyframe, frame_id, epoch, capture_us, UnitTimings())


def main() -> None:
    """Be the host."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from proof.testcard import GrainyTestcard
    from wavry import cli
    from wavry.capture import testcard
    from wavry.server.__main__ import run
    from wavry.server.viewer import ViewerSession

    send_unit = ViewerSession.send_unit
    with Path(sys.argv[1]).open("wb") as log:

        def note_and_send(self: ViewerSession, unit: AccessUnit) -> None:
            log.write(_ENTRY.pack(unit.is_keyframe, unit.epoch, unit.frame_id, unit.capture_us, len(unit.data)))
            log.write(unit.data)
            send_unit(self, unit)

        ViewerSession.send_unit = note_and_send  # type: ignore[method-assign] # that is the difference
        testcard.open_testcard = GrainyTestcard
        sys.exit(cli.run_program("proof-host", lambda: run(sys.argv[2:])))


if __name__ == "__main__":
    main()
