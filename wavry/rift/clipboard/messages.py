"""What is said of clipboards on the bulk stream; WIRE.md section 10 is the definition."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from wavry.rift.framing import Message
from wavry.rift.messages import U32  # noqa: TC001 (msgspec reads the annotations at run time)

MAX_TEXT_BYTES = 1024 * 1024
"""UTF-8 of one text. More is not sent."""

MAX_DATA_BYTES = 8000
"""Of one piece of it."""


class ClipboardReady(Message, frozen=True, kw_only=True):
    """Client to host, once: opens the stream, on which the host may speak from now on."""

    kind: ClassVar[str] = "clipboard_ready"


class ClipboardOffer(Message, frozen=True, kw_only=True):
    """Either side: a text is on its clipboard, and follows. An earlier one that is not finished is given up."""

    kind: ClassVar[str] = "clipboard_offer"

    transfer: U32
    """Counts the offers of this side, modulo 2^32."""

    size_bytes: Annotated[int, Meta(ge=0, le=MAX_TEXT_BYTES)]
    """Of the text in UTF-8. An empty text is whole with its offer."""


class ClipboardData(Message, frozen=True, kw_only=True):
    """Either side: the next bytes of the text that was offered last."""

    kind: ClassVar[str] = "clipboard_data"

    transfer: U32
    data: Annotated[bytes, Meta(min_length=1, max_length=MAX_DATA_BYTES)]
    """They may end within a character."""


TO_HOST: tuple[type[Message], ...] = (ClipboardReady, ClipboardOffer, ClipboardData)
TO_CLIENT: tuple[type[Message], ...] = (ClipboardOffer, ClipboardData)
