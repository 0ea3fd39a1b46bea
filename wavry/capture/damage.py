"""What changed since the last frame was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wavry.media import Rect


class PendingDamage:
    """The box around all changes that no frame shows yet, and when the first of them was noticed."""

    __slots__ = ("is_everything", "rect", "since_us")

    def __init__(self) -> None:
        self.rect: Rect | None = None
        """The box so far; meaningless while `is_everything`."""
        self.is_everything = False
        """Whether any pixel may differ."""
        self.since_us = 0

    def __bool__(self) -> bool:
        return self.is_everything or self.rect is not None

    def add(self, rect: Rect, *, now_us: int) -> None:
        """Note that the pixels of `rect` changed."""
        if not self:
            self.since_us = now_us
        self.rect = rect if self.rect is None else self.rect.union(rect)

    def add_everything(self, *, now_us: int) -> None:
        """Note that any pixel may have changed."""
        if not self:
            self.since_us = now_us
        self.is_everything = True

    def clear(self) -> None:
        """Forget it all: a frame shows it."""
        self.rect = None
        self.is_everything = False

    @property
    def as_frame_damage(self) -> Rect | None:
        """The box, or None for everything, as `Frame.damage` wants it."""
        return None if self.is_everything else self.rect
