"""Sound: what the machine plays, the microphone, or a tone, in blocks of one length.

`registry.open_sound` opens the first way that works. A source cuts what comes into the blocks of its `BlockRing`,
which is all the memory it has; nothing is allocated while it runs. `config` apart, nothing here is imported before
somebody wants sound.
"""

from wavry.capture.sound.config import OFF, SOURCES, SYSTEM, SoundCaptureConfig

__all__ = ["OFF", "SOURCES", "SYSTEM", "SoundCaptureConfig"]
