"""The thread that takes sound, with sources that do as they are told."""

from __future__ import annotations

import array
import logging
import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.sound_sources import PATIENCE_S, ScriptedSource
from wavry.capture.sound import SoundCaptureConfig
from wavry.errors import BackendUnavailableError, CaptureLostError
from wavry.opus import library as opus_library
from wavry.server import sound_stage
from wavry.server.sound_stage import SoundPacketOut, SoundStage, SoundState, new_sound_queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.pipeline import BoundedQueue

LOUD = array.array("h", [8_000, -8_000] * 240).tobytes()
QUIET = bytes(len(LOUD))


class Devices:
    """Sources to open, one after the other; an exception is a refusal."""

    def __init__(self, *steps: ScriptedSource | Exception) -> None:
        self._steps = list(steps)
        self.opened: queue.SimpleQueue[ScriptedSource | Exception] = queue.SimpleQueue()

    def open(self, config: SoundCaptureConfig) -> ScriptedSource:
        step = self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]
        self.opened.put(step)
        if isinstance(step, Exception):
            raise step
        return step


class Running:
    """A stage on its thread."""

    def __init__(self, devices: Devices) -> None:
        self.packets: BoundedQueue[SoundPacketOut] = new_sound_queue()
        self._states: queue.SimpleQueue[SoundState] = queue.SimpleQueue()
        self.stage = SoundStage(SoundCaptureConfig(), self.packets, self._states.put, open_source=devices.open)
        self.thread = threading.Thread(target=self.stage.run)
        self.thread.start()

    def state(self) -> SoundState:
        """Wait for the next thing it says."""
        return self._states.get(timeout=PATIENCE_S)

    def packet(self) -> SoundPacketOut:
        """Wait for the next packet."""
        packet = self.packets.get(PATIENCE_S)
        assert packet is not None
        return packet


@contextmanager
def running(*steps: ScriptedSource | Exception) -> Iterator[Running]:
    run = Running(Devices(*steps))
    try:
        yield run
    finally:
        run.stage.stop()
        run.thread.join()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_stage, "_REOPEN_DELAYS_S", (0.0,))


def test_nothing_is_opened_before_somebody_wants_sound() -> None:
    source = ScriptedSource()
    devices = Devices(source)
    run = Running(devices)
    run.stage.stop()
    run.thread.join()
    assert devices.opened.empty()


def test_blocks_become_packets_with_their_times() -> None:
    source = ScriptedSource()
    with running(source) as run:
        run.stage.want(True)
        assert run.state() == SoundState(epoch=0, channels=2, frame_us=5_000)
        times = []
        for _ in range(3):
            source.play(LOUD)
            packet = run.packet()
            assert packet.opus
            assert (packet.epoch, packet.is_silent) == (0, False)
            times.append(packet.capture_us)
        assert times == [1_000_000, 1_005_000, 1_010_000]
        assert run.stage.encoded == 3


def test_in_silence_one_packet_says_so() -> None:
    source = ScriptedSource()
    with running(source) as run:
        run.stage.want(True)
        for _ in range(10):
            source.play(QUIET)
            assert not run.packet().is_silent
        source.play(QUIET)
        assert run.packet().is_silent
        source.play(QUIET, times=79)
        source.play(LOUD)
        assert run.packet().capture_us == 1_000_000 + 90 * 5_000


def test_the_device_is_freed_when_nobody_wants_sound_and_opened_for_the_next_one() -> None:
    first, second = ScriptedSource(), ScriptedSource()
    with running(first, second) as run:
        run.stage.want(True)
        assert run.state().epoch == 0
        run.stage.want(False)
        run.stage.want(True)
        first.interrupt()
        while (state := run.state()).epoch == 0:
            first.interrupt()
        assert state == SoundState(epoch=1, channels=2, frame_us=5_000)
        assert first.is_closed
    assert second.is_closed
