"""What changed since the last frame was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.media import cover

if TYPE_CHECKING:
    from wavry.media import Damage, Rect


class PendingDamage:
    """All changes that no frame shows yet, and when the first of them was noticed."""

    __slots__ = ("_is_noticed", "_rects", "is_everything", "since_us")

    def __init__(self) -> None:
        self._rects: Damage = ()
        self._is_noticed = False
        self.is_everything = False
        """Whether any pixel may differ."""
        self.since_us = 0

    def __bool__(self) -> bool:
        return self.is_everything or self._is_noticed

    def notice(self, *, now_us: int) -> None:
        """Note that something changed; what, comes later."""
        if not self:
            self.since_us = now_us
        self._is_noticed = True

    def add(self, *rects: Rect, now_us: int) -> None:
        """Note that the pixels of `rects` changed."""
        self.notice(now_us=now_us)
        self._rects = cover((*self._rects, *rects))

    def add_everything(self, *, now_us: int) -> None:
        """Note that any pixel may have changed."""
        self.notice(now_us=now_us)
        self.is_everything = True

    def clear(self) -> None:
        """Forget it all: a frame shows it."""
        self._rects = ()
        self._is_noticed = self.is_everything = False

    @property
    def as_frame_damage(self) -> Damage | None:
        """What was added, or None for everything, as `Frame.damage` wants it."""
        return None if self.is_everything else self._rects
