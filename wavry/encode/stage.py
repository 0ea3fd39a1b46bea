"""The encode stage: one thread between the queue of frames and the queue of access units."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.clock import monotonic, monotonic_us
from wavry.encode.config import MIN_BITRATE_BPS, EncoderConfig
from wavry.encode.frame_size import FrameSizeControl
from wavry.encode.ladder import QualityLadder, QualityStep, quality_steps
from wavry.encode.pool import EncoderPool
from wavry.encode.refinement import Refinement, RefinementConfig
from wavry.errors import EncodeError
from wavry.media import AccessUnit, Codec, Frame, Size, UnitTimings, picture_bytes
from wavry.memory import FrameBufferPool, MemoryBudget, checkpoint
from wavry.pipeline import BoundedQueue, QueueClosed

if TYPE_CHECKING:
    from wavry.encode.converter import FrameConverter
    from wavry.encode.encoder import VideoEncoder

logger = logging.getLogger(__name__)

_SLOW_VBV_FRAMES = 1.0
"""The buffer of an encoder of fewer lines, in frames at its ceiling: three at the rate that its step needs, which is
the longest keyframe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeStageConfig:
    """What the host wants encoded."""

    codec: Codec = Codec.H264
    encoder: str = AUTO
    """Name of the only encoder to try, or `auto`."""

    fps: int = 60
    bitrate_bps: int = 20_000_000
    box: Size | None = None
    """Larger pictures are scaled down into it, shape kept. None sends the screen's own size."""

    refinement: RefinementConfig = field(default_factory=RefinementConfig)


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """What follows in the queue is coded like this. Comes before the first access unit of its epoch."""

    epoch: int
    config: EncoderConfig
    encoder_name: str
    smooth_bps: int
    """Bit rate from which the whole picture, however few lines of it are sent now, deserves all its frames."""


EncodeOutput = StreamOpened | AccessUnit


def output_bytes(output: EncodeOutput) -> int:
    """Bytes of one item of the stage's output queue."""
    return len(output.data) if isinstance(output, AccessUnit) else 0


class EncodeStage:
    """Encodes what comes, keyframes when asked, and refines what stands still.

    What the link carries (`aim_at`) decides the bit rate at once, less of it after a unit that was too large
    (`FrameSizeControl`), and after a while the size of what is sent (`QualityLadder`). How many frames comes with it.

    A frame is encoded when its unit is wanted, not before: what waits for a slow link is the newest frame, not units of
    old ones that were made for the rate of then.

    `run` is for a worker thread; `request_keyframe`, `aim_at` and `stop` work from any thread. The stage owns each
    frame it takes and releases it as soon as it is converted.

    Args:
        config: What to encode.
        source: Size of the first frames, as far as it is known; what it will need is in the budget from the start.
        frames: Its input.
        outputs: Its output; putting waits while there is no room.
        budget: Where its picture and its encoders register.
    """

    def __init__(
        self,
        config: EncodeStageConfig,
        source: Size,
        frames: BoundedQueue[Frame],
        outputs: BoundedQueue[EncodeOutput],
        budget: MemoryBudget,
    ) -> None:
        self._config = config
        self._frames = frames
        self._outputs = outputs
        self._refinement = Refinement(config.refinement)
        self._keyframe_requested = False
        self._encoder: VideoEncoder | None = None
        self._converter: FrameConverter | None = None
        self._encoders = EncoderPool(wanted=config.encoder)
        self._ladder = self._new_ladder(source)
        self._encoders.expect(self._encoder_config(self._ladder.step))
        self.pool = FrameBufferPool(picture_bytes(self._full_size(source)), 1, name="encode.picture")
        """Of the picture that is encoded; in the budget already."""
        self._registrations = [
            budget.register("encode.encoders", self._encoders, policy=self._encoders.policy),
            budget.register("encode.picture", self.pool, policy=self.pool.policy),
        ]
        self._target = (config.bitrate_bps, config.fps, True)
        self._frame_sizes = FrameSizeControl(config.fps)
        self._next_slot_at = 0.0
        self._stopped = threading.Event()
        self._epoch = 0
        self._frame_id = 0
        self._pending: dict[int, tuple[int, UnitTimings]] = {}
        self.encoded = 0
        """Access units made so far."""

    def request_keyframe(self) -> None:
        """Make the next picture a keyframe; if the screen stands still, encode it again at once. Any thread."""
        self._keyframe_requested = True
        self._frames.wake()

    def aim_at(self, bitrate_bps: int, fps: int, is_known: bool = True) -> None:
        """Make no more than this from now on, at most what is configured. Any thread.

        Args:
            bitrate_bps: Bits per second.
            fps: Frames per second, one of the `frame_rates` of the configured ones.
            is_known: Whether that is what the link carries. If it is only for caution, the picture keeps its size.
        """
        self._target = (min(max(bitrate_bps, MIN_BITRATE_BPS), self._config.bitrate_bps), fps, is_known)

    def stop(self) -> None:
        """Make `run` return. Any thread."""
        self._stopped.set()
        self._frames.close()
        self._outputs.close()

    def run(self) -> None:
        """Encode until the queues are closed.

        Raises:
            NoBackendError: No encoder works, or none any more.
        """
        try:
            while True:
                self._outputs.wait_until_wanted()
                self._wait_for_slot()
                frame = self._frames.get(self._repeat_timeout())
                self._follow_target()
                self._step(frame)
        except QueueClosed:
            pass
        finally:
            self._close()

    def _wait_for_slot(self) -> None:
        """Where fewer frames are sent than captured, wait for the time of the next; newer ones supersede it."""
        if self._ladder.step.fps < self._config.fps:
            self._stopped.wait(max(0.0, self._next_slot_at - monotonic()))

    def _follow_target(self) -> None:
        """Adapt to what the link carries now. Another size begins with the next frame."""
        now = monotonic()
        target_bps, fps, is_known = self._target
        before = self._ladder.step
        step = self._ladder.update(target_bps, fps, now=now) if is_known else before
        if step.fps != before.fps:
            logger.info("encode: %d frames per second", step.fps)
        self._next_slot_at = max(self._next_slot_at, now - 1 / step.fps) + 1 / step.fps
        likely = self._ladder.next_likely if is_known else None
        if likely is not None and likely.size != step.size and self._encoder is not None:
            self._encoders.warm(self._encoder_config(likely))
        if self._encoder is not None:
            self._aim(self._encoder, now)

    def _aim(self, encoder: VideoEncoder, now: float) -> None:
        aim_bps = self._frame_sizes.bitrate_bps(self._target[0], now=now)
        aim_bps *= encoder.config.fps / self._ladder.step.fps  # the encoder thinks that all frames come
        encoder.set_bitrate(min(max(round(aim_bps), MIN_BITRATE_BPS), encoder.config.bitrate_bps))

    def _step(self, frame: Frame | None) -> None:
        now_us = monotonic_us()
        if frame is not None:
            timings = UnitTimings(frame.captured_us - frame.capture_us, now_us - frame.capture_us)
            capture_us = frame.capture_us
            try:
                changed = self._take(frame)
            finally:
                frame.release()
            if changed:
                self._encode(capture_us, timings)
                self._refinement.on_change(now=monotonic())
                return
        if self._converter is None:
            return
        if self._keyframe_requested:
            self._encode(now_us, UnitTimings())
            self._refinement.on_change(now=monotonic())  # it has to fit the bit rate too, so it is as coarse
        elif self._repeat_timeout() == 0:
            self._encode(now_us, UnitTimings())
            self._refinement.on_repeat(now=monotonic())

    def _repeat_timeout(self) -> float | None:
        """Return the seconds until the picture is to be encoded again; None if there is none, or it is good."""
        return None if self._converter is None else self._refinement.timeout(now=monotonic())

    def _take(self, frame: Frame) -> bool:
        """Bring the picture up to date; say whether it has changed."""
        # No name but the stage's own for the converter: it has to be gone before the next encoder takes its memory.
        if self._converter is None or self._encoder is None or self._converter.source != frame.size:
            self._ladder = self._new_ladder(frame.size)
            self._open_stream(frame.size)
        elif self._converter.target != self._ladder.step.size:
            self._open_stream(frame.size)
        else:
            return self._converter.update(frame)
        frame.damage = None
        assert self._converter is not None  # _open_stream made it or raised
        self._converter.update(frame)
        return True

    def _encode(self, capture_us: int, timings: UnitTimings) -> None:
        encoder, converter = self._encoder, self._converter
        if encoder is None or converter is None:
            return
        force_keyframe = self._keyframe_requested
        if force_keyframe:
            self._keyframe_requested = False  # only then: a request that comes just now must not be wiped out
        self._pending[encoder.next_number] = (capture_us, timings)
        try:
            encoded = encoder.encode(converter.picture(), force_keyframe=force_keyframe)
        except EncodeError as error:
            self._give_up(encoder, error)
            return
        if encoded is None:
            return
        capture_us, timings = self._pending.get(encoded.number, (capture_us, timings))
        self._pending = {number: kept for number, kept in self._pending.items() if number > encoded.number}
        timings.encoded_us = monotonic_us() - capture_us
        unit = AccessUnit(encoded.data, encoded.is_keyframe, self._frame_id, self._epoch, capture_us, timings)
        self._frame_id = (self._frame_id + 1) & 0xFFFFFFFF
        self.encoded += 1
        self._frame_sizes.note(len(encoded.data))
        checkpoint("encode_output_ready")
        self._outputs.put(unit)

    def _give_up(self, encoder: VideoEncoder, error: EncodeError) -> None:
        logger.warning("%s failed and is left out from now on: %s", encoder.name, error.reason)
        self._encoders.discard(encoder.encoder_id, error.reason)
        self._encoder = None
        self._close_picture()

    def _full_size(self, source: Size) -> Size:
        return source.fitted(self._config.box or source)  # at the least it becomes even

    def _new_ladder(self, source: Size) -> QualityLadder:
        return QualityLadder(quality_steps(self._full_size(source), self._config.fps, self._config.bitrate_bps))

    def _encoder_config(self, step: QualityStep) -> EncoderConfig:
        config = self._config
        most = self._ladder.steps[0]
        if step.size == most.size:
            return EncoderConfig(codec=config.codec, size=step.size, fps=most.fps, bitrate_bps=step.ceiling_bps)
        return EncoderConfig(
            codec=config.codec, size=step.size, fps=step.fps, bitrate_bps=step.ceiling_bps, vbv_frames=_SLOW_VBV_FRAMES
        )

    def _open_stream(self, source: Size) -> None:
        from wavry.encode.converter import FrameConverter

        self._close_picture()
        if self._encoder is not None:
            self._encoders.release(self._encoder.encoder_id)
            self._encoder = None
        config = self._encoder_config(self._ladder.step)
        encoder = self._encoder = self._encoders.acquire(config)
        self._aim(encoder, monotonic())
        self.pool.resize(picture_bytes(self._full_size(source)))
        self._converter = FrameConverter(source, config.size, encoder.layout, self.pool.acquire())
        self._epoch = (self._epoch + 1) & 0xFF
        self._frame_id = 0
        self._keyframe_requested = True
        _log_choice(config, encoder, self._encoders)
        self._outputs.put(StreamOpened(self._epoch, config, encoder.name, self._ladder.steps[0].needed_bps))

    def _close_picture(self) -> None:
        self._pending.clear()
        if self._converter is not None:
            self._converter.close()
            self._converter = None

    def _close(self) -> None:
        self._close_picture()
        self.pool.close()
        self._encoders.close()
        self._encoder = None
        for registration in self._registrations:
            registration.close()


def _log_choice(config: EncoderConfig, encoder: VideoEncoder, pool: EncoderPool) -> None:
    refused = "; ".join(map(str, pool.refusals))
    suffix = f" (refused {refused})" if refused and pool.opened == 1 else ""
    logger.info("encode: %s %s with %s%s", config.codec.value, config.size, encoder.name, suffix)
