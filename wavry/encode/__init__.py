"""Frames in, access units out.

`FrameConverter` keeps one I420 picture up to date from BGRA frames, touching only the rows that changed;
`VideoEncoder` is one PyAV encoder opened for the lowest latency it knows; `open_encoder` finds the first that
really encodes, and `EncoderPool` keeps those that may be used again; `EncodeStage` is the thread that joins them
and keeps refining a picture that stands still.
Importing this package imports no codec.
"""

from wavry.encode.config import EncoderConfig
from wavry.encode.pool import EncoderPool
from wavry.encode.registry import open_encoder
from wavry.encode.stage import EncodeStage

__all__ = ["EncodeStage", "EncoderConfig", "EncoderPool", "open_encoder"]
