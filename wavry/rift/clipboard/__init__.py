"""Text of a clipboard on the wire: offered with its size, then sent in small pieces on the bulk stream.

Sender and receiver are sans-IO like the rest of RIFT. Text is UTF-8 as bytes all the way: nothing here needs it as
characters, which may take four times the memory.
"""

from wavry.rift.clipboard.messages import (
    MAX_DATA_BYTES,
    MAX_TEXT_BYTES,
    TO_CLIENT,
    TO_HOST,
    ClipboardData,
    ClipboardOffer,
    ClipboardReady,
)
from wavry.rift.clipboard.receiver import ClipboardReceiver
from wavry.rift.clipboard.sender import ClipboardSender

__all__ = [
    "MAX_DATA_BYTES",
    "MAX_TEXT_BYTES",
    "TO_CLIENT",
    "TO_HOST",
    "ClipboardData",
    "ClipboardOffer",
    "ClipboardReady",
    "ClipboardReceiver",
    "ClipboardSender",
]
