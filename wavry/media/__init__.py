"""What flows: frames before the encoder and after the decoder, access units between them. Imports nothing of wavry."""

from wavry.media.access_unit import AccessUnit, Codec, UnitTimings
from wavry.media.cursor import CursorImage
from wavry.media.frame import Frame, PixelFormat, Rect, Size, picture_bytes

__all__ = ["AccessUnit", "Codec", "CursorImage", "Frame", "PixelFormat", "Rect", "Size", "UnitTimings", "picture_bytes"]
