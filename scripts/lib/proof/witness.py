"""Looks at every picture that a client decodes, and says afterwards what was wrong.

A picture is right if it is, bit for bit, the one that a decoder makes of everything the host sent (`host` writes that
down). Independent of frame ids and all our counting, each picture is looked at too: its mark says which one it is, and
every part of it must be as bright as in the drawing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from proof.testcard import PERIOD, brightness, draw_all, plane_of
from wavry.capture.testcard import read_testcard
from wavry.decode.decoder import VideoDecoder
from wavry.media import Size

if TYPE_CHECKING:
    from collections.abc import Iterable

    import av
    from numpy.typing import NDArray

    from wavry.decode import Picture
    from wavry.media import AccessUnit, Codec

TOLERANCE = 5.0
"""Most by which a part may be brighter or darker than drawn, of 219 levels. Coding at 15 Mbit/s makes 1.4; a part that
is one picture too old differs by 8 in the stripes and by 20 in the grain (medians)."""

FREEZE_US = 200_000


class SeenPicture(NamedTuple):
    """What is kept of a decoded picture."""

    epoch: int
    frame_id: int
    capture_us: int
    decoded_us: int
    size: Size
    size_bytes: int
    """Of its access unit."""

    checksum: int
    """Of all its pixels."""

    number: int | None
    """From its mark; None where none could be read."""

    deviation: float
    """Of the part that differs most from the drawing, in levels of 219."""


class Verdict(NamedTuple):
    """What was found. The first two must be 0."""

    corrupted: int
    """Pictures that are not what the host sent."""

    numbers_back: int
    """Pictures that are older than the one before."""

    coarse: int
    """Pictures that are what the host sent, and still more than `TOLERANCE` away from the drawing: just after a
    keyframe the encoder has no bits left for what moves, not even for the mark."""

    worst_deviation: float
    """Of all pictures; infinite if a mark was too coarse to be read."""

    @property
    def is_clean(self) -> bool:
        """Whether no corrupted picture was shown."""
        return not self.corrupted and not self.numbers_back


class Witness:
    """Give `see` to a client as its `on_picture`. It takes 2 ms of the decode thread at 1080p.

    Args:
        size: Of the pictures, and the largest; where the host sends smaller ones they show the same.
    """

    def __init__(self, size: Size) -> None:
        self._size = size
        self._drawn = draw_all(size)
        self.seen: list[SeenPicture] = []

    def see(self, picture: Picture) -> None:
        """Look at a picture and let go of it."""
        luma = plane_of(picture.frame)
        mark = read_testcard(luma)
        unit = picture.received.unit
        self.seen.append(
            SeenPicture(
                epoch=unit.epoch,
                frame_id=unit.frame_id,
                capture_us=unit.capture_us,
                decoded_us=picture.decoded_us,
                size=Size(picture.frame.width, picture.frame.height),
                size_bytes=len(unit.data),
                checksum=checksum_of(picture.frame),
                number=None if mark is None else mark.number,
                deviation=float("inf") if mark is None else self._deviation(luma, mark.number),
            )
        )

    def _deviation(self, luma: NDArray[np.uint8], number: int) -> float:
        return float(abs(brightness(luma) - self._drawn[number % PERIOD]).max())

    def judge(self, sent: Iterable[AccessUnit], codec: Codec) -> Verdict:
        """Compare all pictures with what a decoder makes of what the host sent, 3 ms each at 1080p."""
        expected = self._checksums(sent, codec)
        corrupted = [each for each in self.seen if expected.get((each.epoch, each.frame_id)) != each.checksum]
        coarse = [each for each in self.seen if each.deviation > TOLERANCE and each not in corrupted]
        numbers = [each.number for each in self.seen if each.number is not None]
        return Verdict(
            corrupted=len(corrupted),
            numbers_back=sum(later < earlier for earlier, later in pairwise(numbers)),
            coarse=len(coarse),
            worst_deviation=round(max((each.deviation for each in self.seen), default=0.0), 2),
        )

    def _checksums(self, sent: Iterable[AccessUnit], codec: Codec) -> dict[tuple[int, int], int]:
        decoder = VideoDecoder(codec, self._size)
        checksums = {(unit.epoch, unit.frame_id): checksum_of(_decoded(decoder, unit)) for unit in sent}
        decoder.close()
        return checksums

    def freezes(self) -> list[float]:
        """Return the gaps between two pictures that people call a freeze, in ms."""
        gaps = [later.decoded_us - earlier.decoded_us for earlier, later in pairwise(self.seen)]
        return [gap / 1000 for gap in gaps if gap > FREEZE_US]


def checksum_of(picture: av.VideoFrame) -> int:
    """Return what stands for every pixel of a picture, 1 ms at 1080p."""
    checksum = 0
    for number in range(len(picture.planes)):
        checksum = crc32(np.ascontiguousarray(plane_of(picture, number)).data, checksum)
    return checksum


def _decoded(decoder: VideoDecoder, unit: AccessUnit) -> av.VideoFrame:
    picture = decoder.decode(unit)
    assert picture is not None  # our encoders hold nothing back, and neither does the decoder
    return picture
