"""What a host is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.capture.sound import SoundCaptureConfig
from wavry.clipboard import OFF, ClipboardDirections
from wavry.encode.stage import EncodeStageConfig
from wavry.rift.rights import ALL_RIGHTS, Right

if TYPE_CHECKING:
    from pathlib import Path

    from wavry.capture import CaptureConfig


MAX_VIEWERS = 16
"""Most viewers that a host may be told to take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConfig:
    """Everything `python -m wavry.server` takes."""

    capture: CaptureConfig
    encode: EncodeStageConfig = field(default_factory=EncodeStageConfig)

    sound: SoundCaptureConfig = field(default_factory=SoundCaptureConfig)

    max_viewers: int = 4
    """Most who watch at once; a further one is refused. Each may cost 3 MB when its link stalls. Range 1 to 16."""

    rights: frozenset[Right] = ALL_RIGHTS
    """What clients may do."""

    input: str = AUTO
    """How clients' hands reach this machine: `auto`, the name of the only way to try, or `off`."""

    clipboard: ClipboardDirections = OFF
    """Which way clipboards go, as far as clients want it too. Costs up to 14 MB while texts of 1 MiB are under way."""

    redundancy: float | None = None
    """Parity over source packets, 0.05 to 0.5. None: as much as each viewer's losses call for. 0: none."""

    listen: tuple[str, int] = ("0.0.0.0", 4790)
    """Address and UDP port; port 0 lets the system choose."""

    discovery: bool = True
    """Announce the host on its network, unless everybody may come in."""

    no_auth: bool = False
    """Let everybody in. Only with a loopback address to listen on."""

    stream_for_s: float | None = None
    """Stream from the start, watched or not, and stop after so many seconds. None: stream while somebody watches."""

    memory_limit_bytes: int | None = None
    """Refuse to start when all caps and the program itself come to more. None: no limit."""

    memory_report: Path | None = None
    """Where the JSON report goes at the end."""

    dashboard: tuple[str, int] | None = None
    """TCP address of the page that shows this host, with `/metrics` and `/api/memory`. None: no such page."""

    web: tuple[str, int] | None = None
    """TCP address of the page that makes a browser a client. None: no such page."""

    tls_cert: Path | None = None
    """Certificate chain of the pages, PEM. None: plain HTTP on loopback, the host's own certificate elsewhere."""

    tls_key: Path | None = None
    """And its key."""

    @property
    def has_pages(self) -> bool:
        """Whether there are pages over HTTP."""
        return self.dashboard is not None or self.web is not None
