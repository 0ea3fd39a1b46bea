from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.support.video import make_frame, plain, psnr, text, to_rgb
from wavry.decode.decoder import VideoDecoder
from wavry.encode import EncoderConfig, EncoderPool
from wavry.encode.converter import FrameConverter
from wavry.encode.pool import native_bytes
from wavry.errors import ConfigError, NoBackendError, ResourceError
from wavry.media import AccessUnit, PixelFormat, Size, UnitTimings, picture_bytes
from wavry.memory import FrameBufferPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.encode.encoder import VideoEncoder

SMALL, LARGE = Size(160, 120), Size(320, 240)


def config(size: Size = SMALL, bitrate_bps: int = 2_000_000) -> EncoderConfig:
    return EncoderConfig(size=size, fps=30, bitrate_bps=bitrate_bps)


@pytest.fixture
def pool() -> Iterator[EncoderPool]:
    pool = EncoderPool(wanted="libx264")
    yield pool
    pool.close()


def encode(encoder: VideoEncoder, *seeds: int) -> list[AccessUnit]:
    size = encoder.config.size
    pictures = FrameBufferPool(picture_bytes(size), 1)
    converter = FrameConverter(size, size, PixelFormat.I420, pictures.acquire())
    units = []
    for number, seed in enumerate(seeds):
        converter.update(make_frame(text(size, seed)))
        encoded = encoder.encode(converter.picture())
        assert encoded is not None
        units.append(AccessUnit(encoded.data, encoded.is_keyframe, number, 0, 0, UnitTimings()))
    converter.close()
    return units


def test_an_encoder_that_was_given_back_is_used_again(pool: EncoderPool) -> None:
    first = pool.acquire(config())
    pool.release(first.encoder_id)
    assert pool.acquire(config()) is first
    assert (pool.opened, pool.reused) == (1, 1)


def test_a_reused_encoder_starts_with_a_keyframe_and_refers_to_nothing_before(pool: EncoderPool) -> None:
    encoder = pool.acquire(config())
    encode(encoder, 1, 2, 3)
    pool.release(encoder.encoder_id)
    again = encode(pool.acquire(config()), 7, 8)
    assert [unit.is_keyframe for unit in again] == [True, False]
    fresh = VideoDecoder(encoder.config.codec, encoder.config.size)  # has never seen the stream before
    for unit, seed in zip(again, (7, 8), strict=True):
        frame = fresh.decode(unit)
        assert frame is not None
        shown = to_rgb(frame)
        assert psnr(shown, text(SMALL, seed)[..., 2::-1]) > psnr(shown, text(SMALL, seed + 1)[..., 2::-1]) + 10
    fresh.close()


def test_an_encoder_of_another_size_is_another_one(pool: EncoderPool) -> None:
    first = pool.acquire(config(SMALL))
    pool.release(first.encoder_id)
    assert pool.acquire(config(LARGE)) is not first


def test_a_lower_bit_rate_needs_no_other_encoder_and_is_kept_to(pool: EncoderPool) -> None:
    encoder = pool.acquire(config(bitrate_bps=4_000_000))
    pool.release(encoder.encoder_id)
    assert pool.acquire(config(bitrate_bps=400_000)) is encoder
    sizes = [len(unit.data) for unit in encode(encoder, *range(60))]
    assert sum(sizes[20:]) * 8 / 40 * 30 < 600_000


def test_a_higher_bit_rate_than_the_ceiling_opens_another_and_closes_the_old_one(pool: EncoderPool) -> None:
    encoder = pool.acquire(config(bitrate_bps=400_000))
    pool.release(encoder.encoder_id)
    assert pool.acquire(config(bitrate_bps=4_000_000)) is not encoder
    assert pool.used_bytes == native_bytes(config())
    with pytest.raises(ConfigError):
        encoder.set_bitrate(4_000_000)


def test_a_thousand_bit_rates_open_one_encoder(pool: EncoderPool) -> None:
    encoder = pool.acquire(config(bitrate_bps=4_000_000))
    for step in range(1000):
        pool.release(encoder.encoder_id)
        assert pool.acquire(config(bitrate_bps=4_000_000 - step * 1000)) is encoder
    assert pool.opened == 1


def test_no_more_than_the_bound_are_active() -> None:
    pool = EncoderPool(max_per_config=2, wanted="libx264")
    first, _ = pool.acquire(config()), pool.acquire(config())
    with pytest.raises(ResourceError, match="in use"):
        pool.acquire(config())
    pool.acquire(config(LARGE))
    pool.release(first.encoder_id)
    assert pool.acquire(config()) is first
    pool.close()


def test_the_oldest_idle_encoder_is_closed_for_a_newer_one() -> None:
    pool = EncoderPool(max_idle_bytes=native_bytes(config(SMALL)) + native_bytes(config(LARGE)) // 2, wanted="libx264")
    small, large = pool.acquire(config(SMALL)), pool.acquire(config(LARGE))
    pool.release(small.encoder_id)
    pool.release(large.encoder_id)
    assert pool.drops == 1
    assert pool.acquire(config(LARGE)) is large
    assert pool.acquire(config(SMALL)) is not small
    pool.close()


def test_use_never_passes_the_cap() -> None:
    pool = EncoderPool(wanted="libx264")
    sizes = [Size(width, 120) for width in range(160, 480, 16)]
    for size in sizes:
        pool.expect(config(size))
        pool.release(pool.acquire(config(size)).encoder_id)
        assert pool.used_bytes <= pool.cap_bytes
    assert pool.drops > 0
    assert pool.high_water_bytes <= pool.cap_bytes
    pool.close()
    assert pool.used_bytes == 0


def test_an_encoder_is_given_back_once(pool: EncoderPool) -> None:
    encoder = pool.acquire(config())
    pool.release(encoder.encoder_id)
    with pytest.raises(ResourceError, match="not in use"):
        pool.release(encoder.encoder_id)
    with pytest.raises(ResourceError, match="not in use"):
        pool.release(99)


def test_a_pool_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_per_config"):
        EncoderPool(max_per_config=0)


def test_still_pictures_after_reuse_are_not_those_of_before(pool: EncoderPool) -> None:
    encoder = pool.acquire(config())
    encode(encoder, 1, 1, 1)
    pool.release(encoder.encoder_id)
    size = SMALL
    pictures = FrameBufferPool(picture_bytes(size), 1)
    converter = FrameConverter(size, size, PixelFormat.I420, pictures.acquire())
    converter.update(make_frame(plain(size, (0, 0, 255))))
    encoded = pool.acquire(config()).encode(converter.picture())
    assert encoded is not None
    decoder = VideoDecoder(encoder.config.codec, encoder.config.size)
    frame = decoder.decode(AccessUnit(encoded.data, True, 0, 0, 0, UnitTimings()))
    assert frame is not None
    assert abs(to_rgb(frame).astype(int) - [255, 0, 0]).max() <= 6
    decoder.close()
    converter.close()


def test_a_warmed_encoder_is_taken_instead_of_opening_one(pool: EncoderPool) -> None:
    active = pool.acquire(config())
    pool.warm(config(LARGE))
    warmed = pool.acquire(config(LARGE))
    assert (pool.opened, pool.reused) == (2, 1)
    assert [unit.is_keyframe for unit in encode(warmed, 1, 2)] == [True, False]
    assert pool.used_bytes == native_bytes(active.config) + native_bytes(warmed.config)


def test_what_is_there_already_is_not_warmed_again(pool: EncoderPool) -> None:
    pool.release(pool.acquire(config()).encoder_id)
    pool.warm(config())
    assert pool.used_bytes == native_bytes(config())


def test_warming_keeps_the_bound_of_idle_encoders() -> None:
    pool = EncoderPool(wanted="libx264", max_idle_bytes=native_bytes(config(LARGE)))
    pool.release(pool.acquire(config()).encoder_id)
    pool.warm(config(LARGE))
    assert pool.used_bytes == native_bytes(config(LARGE))
    assert pool.drops == 1
    pool.warm(config(Size(640, 480)))  # too large to idle
    pool.close()
    assert pool.used_bytes == 0


def test_a_pool_that_is_closed_ends_what_is_being_warmed() -> None:
    pool = EncoderPool(wanted="libx264")
    before = threading.active_count()
    pool.warm(config(LARGE))
    pool.close()
    assert threading.active_count() == before


def test_warming_an_encoder_that_does_not_work_leaves_the_refusal_to_who_needs_it() -> None:
    pool = EncoderPool(wanted="nvenc")
    pool.warm(config())
    with pytest.raises(NoBackendError):
        pool.acquire(config())
    pool.close()
