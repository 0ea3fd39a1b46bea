"""The stage as the host runs it: real x264 on a thread of its own."""

from __future__ import annotations

import pytest

from tests.support.aio import PATIENCE_S
from tests.support.encoding import NEVER, NOT_YET, SIZE, Bench, FrameQueue, Outputs, running
from tests.support.video import make_frame, noise, plain, psnr, text, to_rgb
from wavry.backends import Opened
from wavry.decode.decoder import VideoDecoder
from wavry.encode import ladder, registry
from wavry.encode import pool as pool_module
from wavry.encode import stage as stage_module
from wavry.encode.encoder import VideoEncoder
from wavry.encode.ladder import QualityStep
from wavry.encode.refinement import RefinementConfig
from wavry.encode.stage import EncodeOutput, EncodeStageConfig, output_bytes
from wavry.errors import EncodeError, NoBackendError
from wavry.media import AccessUnit, Codec, Size, steps
from wavry.memory import set_checkpoint_recorder
from wavry.pipeline import BoundedQueue, Overflow, QueueClosed


def test_the_stream_is_announced_before_its_units_which_count_from_a_keyframe() -> None:
    with running() as bench:
        for seed in range(5):
            bench.show(noise(SIZE, seed))
        opened = bench.next_stream()
        assert (opened.config.size, opened.config.codec, opened.encoder_name) == (SIZE, Codec.H264, "libx264")
        units = [bench.next_unit() for _ in range(5)]
    assert [unit.frame_id for unit in units] == [0, 1, 2, 3, 4]
    assert [unit.is_keyframe for unit in units] == [True, False, False, False, False]
    assert {unit.epoch for unit in units} == {opened.epoch}
    assert bench.stage.encoded == 5


def test_a_unit_tells_when_its_picture_was_taken_and_where_the_time_went() -> None:
    with running() as bench:
        frame = make_frame(noise(SIZE), pool=bench.pool)
        frame.capture_us, frame.captured_us = 1000, 1500
        bench.frames.put(frame)
        bench.next_stream()
        unit = bench.next_unit()
    assert (unit.capture_us, unit.timings.captured_us) == (1000, 500)
    assert 500 < unit.timings.encode_started_us < unit.timings.encoded_us


def test_a_change_of_size_opens_a_new_epoch_that_begins_with_a_keyframe() -> None:
    with running() as bench:
        bench.show(noise(SIZE))
        first = bench.next_stream()
        bench.next_unit()
        bench.show(noise(Size(64, 48)))
        second = bench.next_stream()
        unit = bench.next_unit()
        bench.show(noise(SIZE))
        third = bench.next_stream()
    assert (second.epoch, third.epoch) == ((first.epoch + 1) & 0xFF, (first.epoch + 2) & 0xFF)
    assert (unit.epoch, unit.frame_id, unit.is_keyframe) == (second.epoch, 0, True)
    assert second.config.size == Size(64, 48)


def test_an_odd_picture_is_sent_at_the_next_smaller_even_size() -> None:
    with running() as bench:
        bench.show(plain(Size(65, 49), (0, 0, 255)))
        assert bench.next_stream().config.size == Size(64, 48)
        assert bench.next_unit().is_keyframe


def test_a_larger_picture_is_scaled_into_the_box() -> None:
    with running(box=Size(100, 100)) as bench:
        bench.show(noise(Size(200, 100)))
        assert bench.next_stream().config.size == Size(100, 50)
        assert bench.next_unit().is_keyframe


def test_a_slower_link_makes_smaller_units_without_a_keyframe() -> None:
    with running() as bench:
        units: dict[int, list[AccessUnit]] = {}
        for aim_bps in (2_000_000, 100_000):
            bench.stage.aim_at(aim_bps, 30)
            for seed in range(20):
                bench.show(noise(SIZE, seed))
            if not units:
                bench.next_stream()
            units[aim_bps] = [bench.next_unit() for _ in range(20)]
    means = [sum(len(unit.data) for unit in each[5:]) / 15 for each in units.values()]
    assert means[1] < means[0] / 3
    assert [unit.is_keyframe for each in units.values() for unit in each] == [True, *[False] * 39]


def test_a_unit_that_is_too_large_for_the_link_has_the_next_one_made_smaller() -> None:
    with running() as bench:
        bench.stage.aim_at(200_000, 30)
        bench.show(noise(SIZE))
        bench.next_stream()
        first = bench.next_unit()
        assert len(first.data) * 8 > 200_000 / 30 * 4
        bench.show(noise(SIZE, 1))
        bench.next_unit()
        assert bench.stage._encoder is not None
        assert bench.stage._encoder.bitrate_bps <= 100_000


def test_no_aim_is_above_the_ceiling_or_below_what_an_encoder_takes() -> None:
    with running() as bench:
        for aim_bps in (10**12, 0, -5):
            bench.stage.aim_at(aim_bps, 30)
            bench.show(noise(SIZE, aim_bps % 7))
        bench.next_stream()
        assert [bench.next_unit().frame_id for _ in range(3)] == [0, 1, 2]


def test_what_waits_for_a_viewer_without_room_is_the_newest_frame() -> None:
    config = EncodeStageConfig(encoder="libx264", fps=30, bitrate_bps=2_000_000, refinement=NEVER)
    outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
        "outputs", max_items=2, max_bytes=1 << 30, overflow=Overflow.BLOCK, size_of=output_bytes
    )
    bench = Bench(config, frames=FrameQueue(Overflow.LATEST_WINS), outputs=outputs)
    bench.thread.start()
    try:
        bench.show(noise(SIZE))
        bench.next_stream()
        bench.next_unit()
        for number in range(20):
            frame = make_frame(noise(SIZE, number), pool=bench.pool)
            frame.capture_us = number
            bench.frames.put(frame)
        assert bench.next_unit().capture_us == 19
        assert bench.stage.encoded == 2
    finally:
        bench.end()


@pytest.fixture
def hasty_ladder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps, whole and half the size, taken at once."""
    monkeypatch.setattr(
        stage_module,
        "quality_steps",
        lambda size, fps, ceiling_bps: [
            QualityStep(size, fps, 10**6, ceiling_bps),
            QualityStep(Size(80, 60), 30, 10, 300_000),
        ],
    )
    for name in ("STEP_DOWN_S", "STEP_UP_S", "SETTLE_S"):
        monkeypatch.setattr(steps, name, 0.0)
    monkeypatch.setattr(ladder, "STEP_UP_S", 0.0)


@pytest.mark.usefixtures("hasty_ladder")
def test_an_encoder_of_fewer_lines_and_frames_can_make_all_of_its_steps_ceiling() -> None:
    """Else a link that has become faster would never be seen to carry what the next step needs."""
    with running(fps=60) as bench:
        bench.show(noise(SIZE))
        bench.next_stream()
        bench.next_unit()
        bench.stage.aim_at(200_000, 30)
        bench.show(noise(SIZE, 1))
        config = bench.next_stream().config
        bench.next_unit()
        assert bench.stage._encoder is not None
        assert (config.size, config.fps, config.bitrate_bps) == (Size(80, 60), 30, 300_000)
        assert bench.stage._encoder.bitrate_bps <= 200_000  # and its keyframe is made for what the link carries


@pytest.mark.usefixtures("hasty_ladder")
def test_a_link_that_stays_slow_gets_smaller_pictures_and_the_old_ones_back() -> None:
    with running() as bench:
        sizes = []
        for aim_bps in (2_000_000, 200_000, 2_000_000):
            bench.stage.aim_at(aim_bps, 30)
            bench.show(noise(SIZE, 1))
            opened = bench.next_stream()
            unit = bench.next_unit()
            sizes.append(opened.config.size)
            assert (unit.epoch, unit.is_keyframe) == (opened.epoch, True)
        assert sizes == [SIZE, Size(80, 60), SIZE]
        assert (bench.stage._encoders.opened, bench.stage._encoders.reused) == (2, 1)


@pytest.mark.usefixtures("hasty_ladder")
def test_a_rate_that_is_only_for_caution_leaves_the_picture_its_size() -> None:
    """A viewer that fell silent: another encoder for it would be 3 MB, and a keyframe of few lines when it wakes."""
    with running() as bench:
        for aim_bps, is_known in ((2_000_000, True), (200_000, False)):
            bench.stage.aim_at(aim_bps, 30, is_known)
            for seed in range(3):
                bench.show(noise(SIZE, seed))
        bench.next_stream()
        assert [bench.next_unit().epoch for _ in range(6)] == [1] * 6
        assert bench.stage._encoders.opened == 1


def test_a_keyframe_on_demand_is_made_at_once_though_nothing_moves() -> None:
    with running() as bench:
        bench.show(noise(SIZE))
        bench.next_stream()
        bench.next_unit()
        bench.stage.request_keyframe()
        unit = bench.next_unit()
        assert (unit.frame_id, unit.is_keyframe) == (1, True)
        bench.show(noise(SIZE, 1))
        assert not bench.next_unit().is_keyframe


def test_a_keyframe_asked_for_before_the_first_picture_costs_nothing_more() -> None:
    with running() as bench:
        bench.stage.request_keyframe()
        bench.show(noise(SIZE))
        bench.next_stream()
        assert bench.next_unit().is_keyframe
        bench.show(noise(SIZE, 1))
        assert not bench.next_unit().is_keyframe


def test_a_still_picture_is_repeated_as_often_as_the_schedule_says_and_then_left_alone() -> None:
    with running(RefinementConfig(delays_s=(0.0, 0.0, 0.0))) as bench:
        bench.show(noise(SIZE))
        bench.next_stream()
        assert [bench.next_unit().frame_id for _ in range(4)] == [0, 1, 2, 3]
        bench.frames.wait_until_asked_without_an_end(least_calls=5)
        assert bench.stage.encoded == 4
        bench.show(noise(SIZE, 1))
        assert [bench.next_unit().frame_id for _ in range(4)] == [4, 5, 6, 7]


def test_the_same_picture_again_is_not_encoded_and_does_not_start_the_schedule_again() -> None:
    with running(NOT_YET) as bench:
        bench.show(noise(SIZE))
        bench.next_stream()
        bench.next_unit()
        bench.show(noise(SIZE))
        bench.stage.request_keyframe()
        assert bench.next_unit().is_keyframe  # the second unit of all
        assert bench.stage.encoded == 2


def test_a_keyframe_on_demand_is_refined_like_a_change() -> None:
    """A viewer that joins while nothing moves must see a good picture too."""
    size = Size(640, 360)
    pixels = text(size)
    with running(RefinementConfig(delays_s=(0.0,) * 7)) as bench:
        bench.show(pixels)
        bench.next_stream()
        for _ in range(8):
            bench.next_unit()
        bench.stage.request_keyframe()
        units = [bench.next_unit() for _ in range(8)]
    decoder = VideoDecoder(Codec.H264, size)
    pictures = [decoder.decode(unit) for unit in units]
    decoder.close()
    first, last = (psnr(to_rgb(picture), pixels[..., 2::-1]) for picture in (pictures[0], pictures[-1]) if picture)
    assert units[0].is_keyframe
    assert last > first + 3


def test_stopping_while_the_output_is_full_leaves_nothing() -> None:
    config = EncodeStageConfig(encoder="libx264", fps=30, bitrate_bps=2_000_000, refinement=NEVER)
    bench = Bench(config, outputs=Outputs(max_items=1))
    bench.thread.start()
    for seed in range(10):
        bench.show(noise(SIZE, seed))
    bench.next()
    bench.end()
    assert bench.error is None
    with pytest.raises(QueueClosed):
        bench.outputs.get()


def test_the_stage_says_when_a_unit_is_ready() -> None:
    names: list[str] = []
    set_checkpoint_recorder(names.append)
    try:
        with running() as bench:
            bench.show(noise(SIZE))
            bench.next_stream()
            bench.next_unit()
    finally:
        set_checkpoint_recorder(None)
    assert names == ["encode_output_ready"]


def test_what_the_stage_will_hold_is_in_the_budget_before_it_holds_it() -> None:
    with running() as bench:
        before = {entry.name: entry for entry in bench.budget.entries()}
        bench.show(noise(SIZE))
        bench.next_stream()
        bench.next_unit()
        after = {entry.name: entry for entry in bench.budget.entries()}
    assert set(before) == set(after) == {"encode.picture", "encode.encoders"}
    for name, entry in after.items():
        assert before[name].used_bytes == 0
        assert before[name].cap_bytes == entry.cap_bytes
        assert 0 < entry.used_bytes <= entry.cap_bytes
    assert after["encode.picture"].used_bytes == SIZE.width * SIZE.height * 3 // 2


def test_a_screen_of_another_size_gets_its_picture_from_the_same_pool_and_budget_entry() -> None:
    with running() as bench:
        for size in (SIZE, Size(SIZE.width * 2, SIZE.height), SIZE):
            bench.show(noise(size))
            bench.next_stream()
            bench.next_unit()
            (entry,) = (each for each in bench.budget.entries() if each.name == "encode.picture")
            assert entry.used_bytes == entry.cap_bytes == size.width * size.height * 3 // 2


def test_without_any_encoder_the_stage_ends_with_the_reasons() -> None:
    bench = Bench(EncodeStageConfig(encoder="vaapi", refinement=NEVER))
    bench.thread.start()
    bench.show(noise(SIZE))
    bench.thread.join(PATIENCE_S)
    assert isinstance(bench.error, NoBackendError)
    bench.end()


class Fragile(VideoEncoder):
    """An encoder that breaks with its third picture."""

    def encode(self, *arguments: object, **options: object) -> object:  # type: ignore[override] # passes all on
        if self.next_number >= 3:  # the probe's picture counts
            raise EncodeError(self.name, "the device went away")
        return super().encode(*arguments, **options)  # type: ignore[arg-type]


@pytest.fixture
def fragile(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The first encoder to be opened breaks; returns what was asked to be left out."""
    asked: list[dict[str, str]] = []
    real = registry.open_encoder

    def open_encoder(config: object, *, wanted: str, without: dict[str, str]) -> Opened[VideoEncoder]:
        asked.append(dict(without))
        if "fragile" in without:
            return real(config, wanted=wanted, without=without)  # type: ignore[arg-type]
        return Opened(Fragile("fragile", "libx264", config), "fragile", ())  # type: ignore[arg-type]

    monkeypatch.setattr(pool_module, "open_encoder", open_encoder)
    return asked


def test_an_encoder_that_breaks_is_replaced_in_a_new_epoch(fragile: list[dict[str, str]]) -> None:
    with running() as bench:
        for seed in range(4):
            bench.show(noise(SIZE, seed))
        first = bench.next_stream()
        assert [bench.next_unit().frame_id for _ in range(2)] == [0, 1]
        second = bench.next_stream()
        unit = bench.next_unit()
    assert (first.encoder_name, second.encoder_name) == ("fragile", "libx264")
    assert (unit.epoch, unit.is_keyframe) == (second.epoch, True)
    assert second.epoch == first.epoch + 1
    assert fragile == [{}, {"fragile": "the device went away"}]


def test_after_a_breakdown_the_stage_waits_for_the_next_picture(fragile: list[dict[str, str]]) -> None:
    with running(RefinementConfig(delays_s=(0.0,) * 100)) as bench:
        bench.show(noise(SIZE))
        bench.next_stream()
        bench.frames.wait_until_asked_without_an_end(least_calls=4)


def test_the_only_encoder_that_breaks_ends_the_stage_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    real = VideoEncoder.encode

    def encode(self: VideoEncoder, *arguments: object, **options: object) -> object:
        if self.next_number >= 2:
            raise EncodeError(self.name, "the device went away")
        return real(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoEncoder, "encode", encode)
    with running() as bench:
        for seed in range(3):
            bench.show(noise(SIZE, seed))
        bench.thread.join(PATIENCE_S)
        assert isinstance(bench.error, NoBackendError)
        assert "libx264: the device went away" in str(bench.error)
