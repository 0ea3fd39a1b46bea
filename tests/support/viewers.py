"""A viewer's session on the host, whose broadcast a test may play in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.rights import ALL_RIGHTS
from wavry.server.viewer import PLAIN_HELLO, ViewerSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.rift import Hello, Right
    from wavry.transport import Connection


def viewer_session(
    connection: Connection,
    on_watching: Callable[[ViewerSession], None] = lambda _: None,
    *,
    on_keyframe_needed: Callable[[], None] = lambda: None,
    redundancy: float | None = 0.0,
    rights: frozenset[Right] = ALL_RIGHTS,
    introduction: Hello = PLAIN_HELLO,
) -> ViewerSession:
    """Begin a session at 60 pictures a second and 20 Mbit/s."""
    return ViewerSession(
        connection,
        on_watching=on_watching,
        on_keyframe_needed=on_keyframe_needed,
        on_room=lambda: None,
        on_gone=lambda _: None,
        on_rate=lambda: None,
        redundancy=redundancy,
        ceiling_bps=20_000_000,
        fps=60,
        rights=rights,
        introduction=introduction,
    )
