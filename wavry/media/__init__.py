"""What flows: frames before the encoder and after the decoder, access units between them. Imports nothing of wavry."""

from wavry.media.access_unit import AccessUnit, Codec, UnitTimings
from wavry.media.cursor import CursorImage
from wavry.media.damage import Damage, cover
from wavry.media.frame import Frame, PixelFormat, picture_bytes
from wavry.media.geometry import Rect, Size

__all__ = [
    "AccessUnit",
    "Codec",
    "CursorImage",
    "Damage",
    "Frame",
    "PixelFormat",
    "Rect",
    "Size",
    "UnitTimings",
    "cover",
    "picture_bytes",
]
