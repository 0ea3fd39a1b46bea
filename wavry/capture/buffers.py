"""Pooled pictures that know which of their rows are out of date.

A pool lends another buffer each time, so a buffer misses whatever changed while others were shown. Fetching the
whole picture each time costs 0.2 to 1 ms at 1080p and 2 ms at 4K; a buffer that remembers which rows it misses needs
only those, and a typed character costs a third to a tenth. Rows rather than rectangles, because a band of full rows
is contiguous, which is what MIT-SHM can fill and `memcpy` likes.

Threads: everything belongs to the capture thread, except `PictureLoan.release`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wavry.capture.damage import PendingDamage
from wavry.clock import monotonic
from wavry.errors import PoolExhaustedError
from wavry.media import Frame, PixelFormat, cover
from wavry.memory import AnonymousStorage, FrameBuffer, FrameBufferPool, Storage

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.media import Damage, Size

BYTES_PER_PIXEL = 4


def size_bytes(size: Size) -> int:
    """Bytes of a BGRA picture without gaps between its rows."""
    return size.width * size.height * BYTES_PER_PIXEL


class Rows(NamedTuple):
    """Rows `top` up to but without `bottom`."""

    top: int
    bottom: int

    @property
    def is_empty(self) -> bool:
        """Whether there is no row in it."""
        return self.bottom <= self.top

    def union(self, other: Rows) -> Rows:
        """Return the smallest band that holds both."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        return Rows(min(self.top, other.top), max(self.bottom, other.bottom))


NO_ROWS = Rows(0, 0)


class Canvas:
    """The storage of one picture, with the band of rows that differ from the screen."""

    __slots__ = ("is_open", "stale", "storage", "view")

    def __init__(self, storage: Storage, stale: Rows) -> None:
        self.storage = storage
        self.view = storage.view
        self.stale = stale
        self.is_open = True
        """Whether its pool may lend it again."""

    def close(self) -> None:
        """Free the storage, on whichever thread the pool does so."""
        self.is_open = False
        self.storage.close()

    def peek(self) -> memoryview | None:
        """Return the pixels to read; they stay while they are looked at. None when they are freed."""
        try:
            return self.view[:]
        except ValueError:
            return None


class PictureLoan:
    """The lease of a captured frame; tells its source when it ends, in case the source waits for a buffer."""

    __slots__ = ("_buffer", "_on_release", "canvas")

    def __init__(self, buffer: FrameBuffer, canvas: Canvas, on_release: Callable[[], None]) -> None:
        self._buffer = buffer
        self._on_release = on_release
        self.canvas = canvas

    @property
    def data(self) -> memoryview:
        """The pixels, valid until `release`."""
        return self.canvas.view

    def release(self) -> None:
        """Give the picture back, from any thread.

        Raises:
            BufferReleasedError: It was given back before.
        """
        self._buffer.release()
        self._on_release()


class PictureBuffers:
    """At most `count` BGRA pictures of one size.

    Args:
        size: Of each picture; rows are `4 * width` bytes apart.
        count: Most pictures alive.
        name: Of the pool, for messages and the budget.
        on_release: Called on the releasing thread whenever a picture comes back.
        allocate: Makes the storage of one picture, on the capture thread.
        clock: Of the pool.
    """

    def __init__(
        self,
        size: Size,
        count: int,
        *,
        name: str,
        on_release: Callable[[], None],
        allocate: Callable[[int], Storage] = AnonymousStorage,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._allocate = allocate
        self._on_release = on_release
        self._canvases: list[Canvas] = []
        """Those of the present size: at most `count`, and those freed since the last one was made."""
        self._unseen = PendingDamage()
        """What changed in frames that were taken back."""
        self.reclaim: Callable[[], Frame | None] = _no_frame
        """Gives back a frame that nobody has begun to use; see `FrameSource.reclaim_with`."""
        self.pool = FrameBufferPool(size_bytes(size), count, name=name, allocate=self._make_canvas, clock=clock)
        self._use_size(size)

    def _use_size(self, size: Size) -> None:
        self.size = size
        self.stride = size.width * BYTES_PER_PIXEL
        self.all_rows = Rows(0, size.height)

    def resize(self, size: Size) -> None:
        """Lend pictures of another size from now on. Those that are lent stay as they are and retire."""
        self._use_size(size)
        if self._unseen:
            self._unseen.add_everything(now_us=self._unseen.since_us)
        self._canvases = []  # before the pool: what it frees now is not of this size any more
        self.pool.resize(size_bytes(size))

    def _make_canvas(self, size_bytes: int) -> Canvas:
        canvas = Canvas(self._allocate(size_bytes), self.all_rows)
        self._canvases = [each for each in self._canvases if each.is_open] + [canvas]
        return canvas

    def mark_stale(self, rows: Rows, *, fresh: Canvas | None = None) -> None:
        """Note that the picture changed in `rows`; every canvas misses that except `fresh`, which has it."""
        for canvas in self._canvases:
            if canvas is not fresh:
                canvas.stale = canvas.stale.union(rows)

    def has_room(self) -> bool:
        """Whether a picture can be lent; where all are, one that only waits is taken back."""
        if self.pool.is_exhausted:
            waiting = self.reclaim()
            if waiting is not None:
                if waiting.damage is None or waiting.size != self.size:
                    self._unseen.add_everything(now_us=waiting.capture_us)
                else:
                    self._unseen.add(*waiting.damage, now_us=waiting.capture_us)
                waiting.release()
        return not self.pool.is_exhausted

    def lend(self) -> PictureLoan | None:
        """Lend a picture, or None while all are in use. Its pixels are right outside of `canvas.stale`."""
        self.has_room()
        try:
            buffer = self.pool.acquire()
        except PoolExhaustedError:
            return None
        canvas = buffer.storage
        assert isinstance(canvas, Canvas)  # `_make_canvas` is the only one that allocates
        return PictureLoan(buffer, canvas, self._on_release)

    def make_frame(
        self, loan: PictureLoan, *, capture_us: int, captured_us: int, damage: Damage | None, number: int
    ) -> Frame:
        """Wrap a filled picture; the frame takes over the loan, and the damage of those that were taken back."""
        unseen = self._unseen
        if unseen:
            hidden = unseen.as_frame_damage
            damage = None if damage is None or hidden is None else cover((*hidden, *damage))
            unseen.clear()
        return Frame(
            lease=loan,
            size=self.size,
            stride=self.stride,
            format=PixelFormat.BGRA,
            capture_us=capture_us,
            captured_us=captured_us,
            damage=damage,
            number=number,
        )

    def close(self) -> None:
        """Free what is idle now and what is lent as it comes back."""
        self.pool.close()
        self._canvases.clear()
        self.reclaim = _no_frame


def _no_frame() -> None:
    """There is nobody who could give a frame back."""
