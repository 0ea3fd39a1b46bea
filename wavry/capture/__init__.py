"""Where pictures come from: the screen, a testcard, or a file.

    CaptureConfig ─► open_source ─► FrameSource ─► next_frame ─► Frame (a lease on a pooled buffer)

A source gives a frame when there is something new to show, and nothing while nothing changes. `x11` is woken by the
X server and fetches only the rows that changed; `mss` looks on a clock and compares; `testcard` draws a picture that
moves and carries its number and time; `file` loops a video. Which screen capture is used, and why the ones before it
were not, is in `Opened.refusals`; why it is slower than it could be is in `FrameSource.notes`.

Memory is the pool's: `pool_buffers` pictures, allocated when first needed, shared with the X server where there is
one. What changes while all are lent adds up and is in the next frame. The cursor is in no picture.

Importing this package loads no back end. Marks of the testcard are read by `wavry.capture.testcard.read_testcard`.
"""

from wavry.capture.area import Monitor
from wavry.capture.config import CaptureConfig
from wavry.capture.registry import list_monitors, open_source
from wavry.capture.source import FrameSource

__all__ = ["CaptureConfig", "FrameSource", "Monitor", "list_monitors", "open_source"]
