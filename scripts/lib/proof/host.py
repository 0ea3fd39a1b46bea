"""A host like `python -m wavry.server`, except that its testcard has grain and it writes down what it sends.

The arguments are the file to write into, and then a host's. An entry is written for each access unit that a viewer is
to get: 29 bytes, and 0.05 ms at 15 Mbit/s.
"""

from __future__ import annotations

import sys
from hashlib import blake2b
from pathlib import Path
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wavry.media import AccessUnit

_ENTRY = Struct("<BIQ16s")


class SentUnit(NamedTuple):
    """An access unit that left the encoder for a viewer."""

    epoch: int
    frame_id: int
    capture_us: int
    digest: bytes


def digest(data: bytes) -> bytes:
    """Return what stands for the bytes of an access unit."""
    return blake2b(data, digest_size=16).digest()


def read_log(path: Path) -> list[SentUnit]:
    """Return what a host has written, in the order of encoding."""
    return [SentUnit(*entry) for entry in _ENTRY.iter_unpack(path.read_bytes())]


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
            log.write(_ENTRY.pack(unit.epoch, unit.frame_id, unit.capture_us, digest(unit.data)))
            send_unit(self, unit)

        ViewerSession.send_unit = note_and_send  # type: ignore[method-assign] # that is the difference
        testcard.open_testcard = GrainyTestcard
        sys.exit(cli.run_program("proof-host", lambda: run(sys.argv[2:])))


if __name__ == "__main__":
    main()
