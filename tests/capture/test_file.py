from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.capture.helpers import open_descriptors, pixels, take
from wavry.capture import CaptureConfig, open_source
from wavry.capture.file import FileSource
from wavry.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def reds(source: FileSource, count: int) -> list[int]:
    """Return the amount of red in the next frames."""
    levels = []
    for _ in range(count):
        frame = take(source)
        picture = pixels(frame)
        assert (picture[:, :, :2] == 0).all()
        levels.append(int(picture[10, 10, 2]))
        frame.release()
    return levels


def test_file_is_played_in_order_and_from_the_start_again(video_file: Path) -> None:
    source = FileSource(CaptureConfig(source=str(video_file), fps=240))
    assert reds(source, 25) == [25 * (index % 10) for index in range(25)]
    source.close()


def test_odd_picture_loses_its_last_row_and_column(video_file: Path) -> None:
    source = FileSource(CaptureConfig(source=str(video_file)))
    assert source.size() == (96, 64)
    source.close()


def test_frame_rate_is_capped(video_file: Path) -> None:
    source = FileSource(CaptureConfig(source=str(video_file), fps=25))
    assert reds(source, 6) == [0, 50, 100, 150, 200, 0]
    source.close()


def test_frames_keep_the_distance_of_their_timestamps(video_file: Path) -> None:
    source = FileSource(CaptureConfig(source=str(video_file), fps=240, pool_buffers=3))
    frames = [take(source) for _ in range(3)]
    assert frames[2].capture_us - frames[0].capture_us > 19_000  # two steps of 20 ms, the first may have been late
    for frame in frames:
        frame.release()
    source.close()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file or directory"), (b"no video at all", "Invalid data found"), (b"", "Invalid data found")],
)
def test_file_that_cannot_be_read_is_refused_with_the_reason(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    path = tmp_path / "broken.mp4"
    if content is not None:
        path.write_bytes(content)
    before = open_descriptors()
    with pytest.raises(ConfigError, match=reason) as caught:
        open_source(CaptureConfig(source=str(path)))
    assert caught.value.field == "--source"
    assert open_descriptors() == before


def test_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="readable video file"):
        open_source(CaptureConfig(source=str(tmp_path)))
