"""Looks at every picture that a client decodes, and says afterwards what was wrong.

A picture is right if it and everything it refers to is what the host sent: the bytes of its access unit are the
host's (`host`), and it is a keyframe or follows upon the unit decoded just before it. A decoder that gets the same
bytes in the same order makes the same pictures, so this is exact. Independent of it, and of all our counting, the
picture itself is looked at: its mark says which one it is, and every part of it must be as bright as in the drawing.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from proof.host import digest
from proof.testcard import PERIOD, brightness, draw_all, luma_of
from wavry.capture.testcard import read_testcard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proof.host import SentUnit
    from wavry.decode import Picture
    from wavry.media import Size

TOLERANCE = 5.0
"""Most by which a part may be brighter or darker than drawn, of 219 levels. Coding at 15 Mbit/s makes 1.4; a part that
is one picture too old differs by 8 in the stripes and by 20 in the grain (medians)."""

FREEZE_US = 200_000


class SeenPicture(NamedTuple):
    """What is kept of a decoded picture."""

    epoch: int
    frame_id: int
    is_keyframe: bool
    capture_us: int
    decoded_us: int
    digest: bytes
    number: int | None
    """From its mark; None where none could be read."""

    deviation: float
    """Of the part that differs most from the drawing, in levels of 219."""


class Verdict(NamedTuple):
    """What was wrong. All but `worst_deviation` must be 0."""

    wrong_bytes: int
    """Pictures made of bytes that the host never sent."""

    broken_chains: int
    """Pictures that refer to one that was not decoded."""

    unreadable: int
    """Pictures whose mark does not pass its checksum."""

    numbers_back: int
    """Pictures that are no newer than the one before."""

    unlike_drawing: int
    """Pictures with a part that differs from the drawing by more than `TOLERANCE`."""

    worst_deviation: float

    @property
    def is_clean(self) -> bool:
        """Whether no corrupted picture was shown."""
        return not any(self[:-1])


class Witness:
    """Give `see` to a client as its `on_picture`. It takes 2 ms of the decode thread at 1080p.

    Args:
        size: Of the pictures.
    """

    def __init__(self, size: Size) -> None:
        self._drawn = draw_all(size)
        self.seen: list[SeenPicture] = []

    def see(self, picture: Picture) -> None:
        """Look at a picture and let go of it."""
        luma = luma_of(picture.frame)
        mark = read_testcard(luma)
        deviation = float("inf")
        if mark is not None:
            deviation = float(abs(brightness(luma) - self._drawn[mark.number % PERIOD]).max())
        unit = picture.received.unit
        self.seen.append(
            SeenPicture(
                epoch=unit.epoch,
                frame_id=unit.frame_id,
                is_keyframe=unit.is_keyframe,
                capture_us=unit.capture_us,
                decoded_us=picture.decoded_us,
                digest=digest(unit.data),
                number=None if mark is None else mark.number,
                deviation=deviation,
            )
        )

    def judge(self, sent: Sequence[SentUnit]) -> Verdict:
        """Compare all pictures with what the host sent."""
        sent_digests = {(unit.epoch, unit.frame_id): unit.digest for unit in sent}
        wrong_bytes = broken_chains = numbers_back = 0
        before: SeenPicture | None = None
        for each in self.seen:
            wrong_bytes += sent_digests.get((each.epoch, each.frame_id)) != each.digest
            follows = before is not None and (each.epoch, each.frame_id) == (before.epoch, before.frame_id + 1)
            broken_chains += not each.is_keyframe and not follows
            if before is not None and before.number is not None and each.number is not None:
                numbers_back += each.number <= before.number
            before = each
        return Verdict(
            wrong_bytes=wrong_bytes,
            broken_chains=broken_chains,
            unreadable=sum(each.number is None for each in self.seen),
            numbers_back=numbers_back,
            unlike_drawing=sum(each.deviation > TOLERANCE for each in self.seen),
            worst_deviation=round(max((each.deviation for each in self.seen), default=0.0), 2),
        )

    def freezes(self) -> list[float]:
        """Return the gaps between two pictures that people call a freeze, in ms."""
        times = [each.decoded_us for each in self.seen]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        return [gap / 1000 for gap in gaps if gap > FREEZE_US]
