"""Keeps sound and picture together: whichever is early waits.

Both carry the time of their capture on the host's one clock, and both tell when they reached the person, on ours. The
difference of the two ways needs no agreement between the clocks: it is exact even while their distance is not known.

Sound that is early waits for the picture, up to 40 ms: nobody steers by ear. A picture that is early waits only for
what a person would notice, and 20 ms at most, because it is what hands wait for.
"""

from __future__ import annotations

MAX_SOUND_HOLD_S = 0.040
MAX_PICTURE_HOLD_S = 0.020

UNNOTICED_LAG_S = 0.020
"""Sound may lag the picture by so much before the picture waits: half of what television allows (ITU-R BT.1359)."""

_STEP_S = 0.002
"""Holds change by so much a turn, so that neither jumps; sound follows 4 ms a second."""

_PICTURE_WEIGHT = 1 / 16
_SOUND_WEIGHT = 1 / 64


class LipSync:
    """Notes how long sound and pictures take, and says what to hold.

    `note_sound` and `note_picture` on one thread each, the rest on the loop. Call `adjust` twice a second.
    """

    def __init__(self) -> None:
        self.sound_hold_s = 0.0
        """Hold sound for so much longer, 0 to 40 ms."""
        self.picture_hold_s = 0.0
        """Hold pictures for so much longer, 0 to 20 ms."""
        self._sound_s: float | None = None
        self._picture_s: float | None = None

    def restart(self) -> None:
        """Forget how long things took: another connection, and maybe another clock."""
        self._sound_s = self._picture_s = None
        self.sound_hold_s = self.picture_hold_s = 0.0

    def note_sound(self, capture_us: int, heard_us: int) -> None:
        """Take note of a block: its capture on the host's clock, and when it is heard on ours."""
        self._sound_s = _smooth(self._sound_s, (heard_us - capture_us) / 1e6, _SOUND_WEIGHT)

    def note_picture(self, capture_us: int, seen_us: int) -> None:
        """Take note of a picture: its capture on the host's clock, and when it was seen on ours."""
        self._picture_s = _smooth(self._picture_s, (seen_us - capture_us) / 1e6, _PICTURE_WEIGHT)

    @property
    def offset_ms(self) -> float | None:
        """How much later sound reaches the person than the picture of the same moment; None while one is missing."""
        sound_s, picture_s = self._sound_s, self._picture_s
        return None if sound_s is None or picture_s is None else (sound_s - picture_s) * 1000

    def adjust(self) -> None:
        """Bring the holds closer to what they should be."""
        offset_ms = self.offset_ms
        if offset_ms is None:
            return
        lag_s = offset_ms / 1000 - self.sound_hold_s + self.picture_hold_s  # without any hold
        self.sound_hold_s = _towards(self.sound_hold_s, min(max(-lag_s, 0.0), MAX_SOUND_HOLD_S))
        self.picture_hold_s = _towards(self.picture_hold_s, min(max(lag_s - UNNOTICED_LAG_S, 0.0), MAX_PICTURE_HOLD_S))


def _smooth(before: float | None, value: float, weight: float) -> float:
    return value if before is None else before + (value - before) * weight


def _towards(now: float, wanted: float) -> float:
    return now + min(max(wanted - now, -_STEP_S), _STEP_S)
