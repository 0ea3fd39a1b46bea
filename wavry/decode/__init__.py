"""Access units in, pictures out: the mirror image of `wavry.encode`.

`VideoDecoder` is one PyAV decoder without delay; `DecodeStage` is the thread that feeds it and never gives it a
picture whose reference is missing; `save_png` writes a picture to a file. Importing this package imports no codec.
"""

from wavry.decode.picture import Picture, ReceivedUnit, StreamFormat
from wavry.decode.stage import DecodeStage

__all__ = ["DecodeStage", "Picture", "ReceivedUnit", "StreamFormat"]
