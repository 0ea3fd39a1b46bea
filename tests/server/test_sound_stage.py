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
        assert first.closed.wait(PATIENCE_S)
        run.stage.want(True)
        assert run.state() == SoundState(epoch=1, channels=2, frame_us=5_000)
    assert second.closed.is_set()


def test_a_device_that_is_pulled_out_is_one_line_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    first, second = ScriptedSource(), ScriptedSource(channels=6)
    gone = BackendUnavailableError("pulse", "no such sink")
    with running(first, gone, gone, gone, second) as run:
        run.stage.want(True)
        assert run.state().reason == ""
        first.fail(CaptureLostError("usb", "it was pulled out"))
        assert run.state() == SoundState(1, 2, 5_000, "usb was lost: it was pulled out")
        assert run.state() == SoundState(epoch=1, channels=6, frame_us=5_000)
        second.play(bytes(2_880))
        assert run.packet().epoch == 1
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert warnings == ["sound: usb was lost: it was pulled out; waiting for it to come back"]
    assert first.closed.is_set()


def test_no_device_from_the_start_is_one_line_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    refusal = BackendUnavailableError("pulse", "no sound server")
    source = ScriptedSource()
    with running(refusal, refusal, refusal, source) as run:
        run.stage.want(True)
        assert run.state().reason == "pulse: no sound server"
        assert run.state().reason == ""
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "sound: pulse: no sound server; the picture goes on without it"
    ]


def test_without_libopus_nothing_is_opened_and_the_stage_ends(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise BackendUnavailableError("opus", "there is none")

    opus_library.load_opus.cache_clear()
    for name in ("of_the_system", "of_the_wheel"):
        monkeypatch.setattr(opus_library, name, refuse)
    devices = Devices(ScriptedSource())
    run = Running(devices)
    run.stage.want(True)
    assert run.state().reason == "opus: there is none; there is none"
    run.thread.join()
    assert devices.opened.empty()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "sound: opus: there is none; there is none; the picture goes on without it"
    ]


def test_a_fault_of_ours_ends_the_sound_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    source = ScriptedSource()
    run = Running(Devices(source))
    run.stage.want(True)
    assert run.state().reason == ""
    source.fail(ZeroDivisionError("a mistake"))
    assert run.state().reason == "a fault in the host: a mistake"
    run.thread.join()
    assert source.closed.is_set()
    assert "the picture goes on without it" in caplog.text


def test_a_closed_queue_ends_the_stage() -> None:
    source = ScriptedSource()
    run = Running(Devices(source))
    run.stage.want(True)
    run.state()
    run.packets.close()
    source.play(LOUD)
    run.thread.join()
    assert source.closed.is_set()


def test_what_the_ring_lost_stays_in_the_account_after_the_device_has_gone() -> None:
    first, second = ScriptedSource(), ScriptedSource()
    with running(first, second) as run:
        run.stage.want(True)
        run.state()
        first.ring.count_overrun()
        first.play(LOUD)
        run.packet()
        assert run.stage.drops == 1
        first.fail(CaptureLostError("usb", "gone"))
        run.state()
        run.state()
        assert run.stage.drops == 1
        assert 0 < run.stage.high_water_bytes <= run.stage.cap_bytes
        assert run.stage.used_bytes == 0
