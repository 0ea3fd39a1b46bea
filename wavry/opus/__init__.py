"""Sound to Opus packets and back, through libopus.

`library` finds libopus, `OpusEncoder` and `OpusDecoder` work in buffers made once. Nothing here is imported before
somebody wants sound, and nothing needs numpy.
"""

from wavry.opus.config import MAX_PACKET_BYTES, SAMPLE_RATE, OpusConfig
from wavry.opus.decoder import OpusDecoder
from wavry.opus.encoder import OpusEncoder
from wavry.opus.library import library_name

__all__ = ["MAX_PACKET_BYTES", "SAMPLE_RATE", "OpusConfig", "OpusDecoder", "OpusEncoder", "library_name"]
