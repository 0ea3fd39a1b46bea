"""The sound stage: one thread that captures and encodes, while a viewer wants sound.

Nothing that goes wrong here stops the picture: there is one line about it, and the stage tries again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.capture.sound.ring import ring_bytes
from wavry.errors import BackendError, BackendUnavailableError, CaptureLostError, EncodeError
from wavry.pipeline import BoundedQueue, Demand, Overflow, QueueClosed
from wavry.server.silence import SilenceGate, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.capture.sound.config import SoundCaptureConfig
    from wavry.capture.sound.ring import SoundBlock
    from wavry.capture.sound.source import SoundSource
    from wavry.opus import OpusEncoder

logger = logging.getLogger(__name__)

_WAIT_S = 1.0
_REOPEN_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 5.0)

_USUAL_CHANNELS, _MAX_CHANNELS = 2, 6
_EPOCHS = 256
_BITRATES_BPS = {1: 96_000, 2: 128_000, 6: 320_000}

_MAX_OUTPUTS = 24
"""Packets between this thread and the loop: 120 ms. On a busy machine the loop is held up for more than 40 ms again and
again; a client that gets packets late needs a larger buffer, one that never gets them has gaps."""
_PACKET_OVERHEAD_BYTES = 128


@dataclass(frozen=True, slots=True)
class SoundPacketOut:
    """One coded block on its way to the viewers."""

    opus: bytes
    capture_us: int
    epoch: int
    is_silent: bool


@dataclass(frozen=True, slots=True)
class SoundState:
    """Whether there is sound, and how it is coded."""

    epoch: int
    channels: int
    frame_us: int
    reason: str = ""
    """Why there is none; empty while there is."""


def new_sound_queue() -> BoundedQueue[SoundPacketOut]:
    """Return what a stage puts its packets in."""
    return BoundedQueue(
        "sound.outputs",
        max_items=_MAX_OUTPUTS,
        max_bytes=_MAX_OUTPUTS * (1275 + _PACKET_OVERHEAD_BYTES),
        overflow=Overflow.DROP_OLDEST,
        size_of=lambda packet: len(packet.opus) + _PACKET_OVERHEAD_BYTES,
    )


class SoundStage:
    """Takes sound while somebody listens, and comes back when the device does.

    It is also what `sound.capture` of the budget stands for; the ring behind it is there while somebody listens.

    Args:
        config: What to capture.
        packets: Where packets go.
        on_state: Told on the stage's thread when sound comes, changes or goes.
        open_source: Opens the source; by default what the registry finds.
    """

    policy = "the oldest blocks are dropped"

    def __init__(
        self,
        config: SoundCaptureConfig,
        packets: BoundedQueue[SoundPacketOut],
        on_state: Callable[[SoundState], None],
        *,
        open_source: Callable[[SoundCaptureConfig], SoundSource] | None = None,
    ) -> None:
        self._config = config
        self._packets = packets
        self._on_state = on_state
        self._open_source = open_source or _open_source
        self._demand = Demand()
        self._source: SoundSource | None = None
        self._epoch = 0
        self._past_drops = 0
        self._high_water_bytes = 0
        self.encoded = 0
        """Blocks that became packets."""

    def want(self, wanted: bool) -> None:
        """Start or stop taking sound. Any thread."""
        self._demand.want(wanted)

    def stop(self) -> None:
        """Make `run` return. Any thread."""
        self._demand.stop()

    # On the stage's thread.

    def run(self) -> None:
        """Take sound until `stop`, or until it is known that there can be none."""
        try:
            self._demand.wait()
            if not self._demand.is_stopped:
                self._check_opus()
            while not self._demand.is_stopped:
                self._demand.wait()
                self._take_while_wanted()
        except BackendUnavailableError as error:
            logger.warning("sound: %s; the picture goes on without it", error)
            self._tell(str(error))
        except QueueClosed:
            pass
        except Exception as error:
            logger.exception("sound: a fault of ours; the picture goes on without it")
            self._tell(f"a fault in the host: {error}")

    def _check_opus(self) -> None:
        """Load libopus, which needs no second try where it is missing."""
        from wavry.opus import library_name

        logger.info("sound: %s", library_name())

    def _take_while_wanted(self) -> None:
        """Open, take, and open again when the device was lost, for as long as somebody listens."""
        failures, trouble = 0, ""
        while self._demand.is_on:
            try:
                source = self._open_source(self._config)
            except BackendError as error:
                if not trouble:
                    trouble = str(error)
                    logger.warning("sound: %s; the picture goes on without it", trouble)
                    self._tell(trouble)
                self._demand.pause(_REOPEN_DELAYS_S[min(failures, len(_REOPEN_DELAYS_S) - 1)])
                failures += 1
                continue
            logger.info("sound: from %s", "; ".join(source.notes))
            failures, trouble = 0, ""
            try:
                self._take(source)
            except CaptureLostError as error:
                trouble = str(error)
                logger.warning("sound: %s; waiting for it to come back", trouble)
                self._tell(trouble)

    def _take(self, source: SoundSource) -> None:
        """Code what a source gives until nobody wants it; closes the source."""
        from wavry.opus import OpusConfig, OpusEncoder

        block_us = self._config.block_us
        coding = OpusConfig(channels=source.channels, frame_us=block_us, bitrate_bps=_BITRATES_BPS[source.channels])
        encoder = OpusEncoder(coding)
        self._source = source
        try:
            with self._demand.interrupts(source):
                self._on_state(SoundState(self._epoch, source.channels, block_us))
                gate = SilenceGate(block_us)
                while self._demand.is_on:
                    block = source.next_block(_WAIT_S)
                    if block is not None and (verdict := gate.judge(block.samples)) is not Verdict.SKIP:
                        self._send(encoder, block, verdict)
        finally:
            self._epoch = (self._epoch + 1) % _EPOCHS
            encoder.close()
            self._close(source)

    def _send(self, encoder: OpusEncoder, block: SoundBlock, verdict: Verdict) -> None:
        try:
            opus = encoder.encode(block.samples)
        except EncodeError as error:
            logger.debug("sound: a block was not coded: %s", error)
            return
        self.encoded += 1
        is_silent = verdict is Verdict.SEND_SILENT
        self._packets.put_nowait(SoundPacketOut(opus, block.capture_us, self._epoch, is_silent))

    def _close(self, source: SoundSource) -> None:
        self._source = None
        self._past_drops += source.ring.drops
        self._high_water_bytes = max(self._high_water_bytes, source.ring.high_water_bytes)
        source.close()

    def _tell(self, reason: str) -> None:
        self._on_state(SoundState(self._epoch, _USUAL_CHANNELS, self._config.block_us, reason))

    # For the budget.

    @property
    def cap_bytes(self) -> int:
        """The ring of a source with as many channels as there can be."""
        return ring_bytes(_MAX_CHANNELS, self._config.block_samples)

    @property
    def used_bytes(self) -> int:
        """Bytes of blocks that wait."""
        source = self._source
        return 0 if source is None else source.ring.used_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most bytes that have waited."""
        source = self._source
        return max(self._high_water_bytes, 0 if source is None else source.ring.high_water_bytes)

    @property
    def drops(self) -> int:
        """Blocks that were lost before they were coded."""
        source = self._source
        return self._past_drops + (0 if source is None else source.ring.drops)


def _open_source(config: SoundCaptureConfig) -> SoundSource:
    from wavry.capture.sound.registry import open_sound

    opened = open_sound(config)
    for refusal in opened.refusals:
        logger.info("sound: refused %s", refusal)
    return opened.backend
