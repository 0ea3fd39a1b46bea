"""Capture from a real PulseAudio, with sinks that come and go."""

from __future__ import annotations

import array
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.sound import CLIENT_SINK, HOST_SINK, SURROUND, SoundServer, tone
from wavry.capture.sound.config import SAMPLE_RATE, SoundCaptureConfig
from wavry.capture.sound.devices import open_sounddevice
from wavry.capture.sound.pulse import open_pulse
from wavry.capture.sound.registry import open_sound
from wavry.clock import monotonic, monotonic_us
from wavry.errors import BackendUnavailableError, CaptureLostError, NoBackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from wavry.capture.sound.source import SoundSource

pytestmark = pytest.mark.integration

Samples: TypeAlias = NDArray[np.float64]

PATIENCE_S = 20.0
LOUD = 4_000
"""A sample that is nothing but part of what is played."""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with SoundServer(tmp_path_factory.mktemp("s")) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


def listen(source: SoundSource, until: Callable[[Samples], bool]) -> Samples:
    """Return the first channel of a quarter of a second that is as wanted."""
    deadline = monotonic() + PATIENCE_S
    recent: list[Samples] = []
    while monotonic() < deadline:
        block = source.next_block(1.0)
        if block is None:
            continue
        recent.append(np.frombuffer(bytes(block.samples), np.int16)[:: source.channels].astype(float))
        if len(recent) == 50:
            heard = np.concatenate(recent)
            if until(heard):
                return heard
            recent.clear()
    raise AssertionError("it was not heard")


def is_tone(hertz: float) -> Callable[[Samples], bool]:
    """Return a condition: nearly all of what is heard is a tone. A block holds whole waves of those used here."""

    def check(samples: Samples) -> bool:
        wave = np.exp(2j * np.pi * hertz / SAMPLE_RATE * np.arange(len(samples)))
        power = float(np.sum(samples**2))
        return power > 0 and 2 * abs(np.dot(samples, wave)) ** 2 / len(samples) > 0.95 * power

    return check


def is_silent(samples: Samples) -> bool:
    return not np.any(samples)


OPENERS = [open_pulse, open_sounddevice]


@pytest.mark.parametrize("opener", OPENERS)
def test_what_the_default_sink_plays_is_heard(
    server: SoundServer, monkeypatch: pytest.MonkeyPatch, opener: Callable[[SoundCaptureConfig], SoundSource]
) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "@DEFAULT_MONITOR@")  # for ALSA's plugin
    source = opener(SoundCaptureConfig())
    try:
        with server.play(tone(1_000, 0.1)):
            listen(source, is_tone(1_000))
        listen(source, is_silent)
        assert source.channels == 2
    finally:
        source.close()


def test_times_are_those_of_the_hosts_clock(server: SoundServer) -> None:
    source = open_pulse(SoundCaptureConfig())
    listen(source, is_silent)
    block = source.next_block(PATIENCE_S)
    assert block is not None
    assert -1_000_000 < block.capture_us - monotonic_us() < 100_000
    source.close()


def test_another_sink_that_becomes_the_default_is_followed(server: SoundServer) -> None:
    source = open_pulse(SoundCaptureConfig())
    with server.play(tone(1_000, 0.1)):
        listen(source, is_tone(1_000))
    server.set_default_sink(CLIENT_SINK)
    with server.play(tone(600, 0.1), CLIENT_SINK):
        listen(source, is_tone(600))
    source.close()


def test_a_named_sink_is_recorded_and_not_left_for_the_default(server: SoundServer) -> None:
    server.add_sink("usb")
    source = open_pulse(SoundCaptureConfig(device=CLIENT_SINK))
    with server.play(tone(600, 0.1), CLIENT_SINK), server.play(tone(1_000, 0.1)):
        listen(source, is_tone(600))
        server.set_default_sink("usb")  # the server moves what played to the old one
        listen(source, is_tone(600))
    source.close()


def test_a_sink_that_is_pulled_out_is_left_for_the_one_that_is_the_default_then(server: SoundServer) -> None:
    number = server.add_sink("usb")
    server.set_default_sink("usb")
    source = open_pulse(SoundCaptureConfig())
    with server.play(tone(600, 0.1), "usb"):
        listen(source, is_tone(600))
    server.pull_out(number)
    with server.play(tone(1_000, 0.1)):
        listen(source, is_tone(1_000))
    source.close()


def test_a_named_sink_that_is_pulled_out_is_lost_and_can_be_opened_when_it_is_back(server: SoundServer) -> None:
    number = server.add_sink("usb")
    config = SoundCaptureConfig(device="usb")
    source = open_pulse(config)
    listen(source, is_silent)
    server.pull_out(number)
    with pytest.raises(CaptureLostError, match="usb"):
        listen(source, lambda samples: False)
    source.close()
    with pytest.raises(BackendUnavailableError, match="no such sink"):
        open_pulse(config)
    server.add_sink("usb")
    again = open_pulse(config)
    listen(again, is_silent)
    again.close()


def test_a_server_that_dies_is_lost(server: SoundServer) -> None:
    source = open_pulse(SoundCaptureConfig())
    listen(source, is_silent)
    server.kill()
    with pytest.raises(CaptureLostError, match="the sound server was lost"):
        listen(source, lambda samples: False)
    source.interrupt()
    source.close()
    source.interrupt()


def test_an_interrupt_ends_the_wait_for_a_sink_that_gives_nothing(server: SoundServer) -> None:
    server.pactl("suspend-sink", HOST_SINK, "1")
    source = open_pulse(SoundCaptureConfig())
    server.pactl("suspend-sink", HOST_SINK, "1")
    while source.next_block(0.0) is not None:
        pass
    source.interrupt()
    assert source.next_block(PATIENCE_S) is None
    source.close()


def test_the_microphone_is_never_taken_for_what_the_machine_plays(server: SoundServer) -> None:
    server.pactl("load-module", "module-remap-source", "master=client.monitor", "source_name=microphone")
    server.pactl("set-default-source", "microphone")
    with pytest.raises(BackendUnavailableError, match="no such sink"):
        open_pulse(SoundCaptureConfig(device="microphone"))
    number = server.add_sink("usb")
    source = open_pulse(SoundCaptureConfig(device="usb"))
    with server.play(tone(600, 0.1), CLIENT_SINK):  # what the microphone hears
        listen(source, is_silent)
        server.pull_out(number)
        with pytest.raises(CaptureLostError):
            listen(source, lambda samples: max(samples) > LOUD)
    source.close()


def test_the_microphone_is_heard_when_it_is_asked_for(server: SoundServer) -> None:
    server.pactl("load-module", "module-remap-source", "master=client.monitor", "source_name=microphone")
    server.pactl("set-default-source", "microphone")
    source = open_pulse(SoundCaptureConfig(source="mic"))
    with server.play(tone(600, 0.1), CLIENT_SINK):
        listen(source, is_tone(600))
    source.close()


def test_without_a_microphone_the_default_source_is_a_monitor_and_is_refused(server: SoundServer) -> None:
    with pytest.raises(BackendUnavailableError, match="no such microphone"):
        open_pulse(SoundCaptureConfig(source="mic"))


@pytest.mark.parametrize(("sinks", "channels"), [(1, 1), (2, 2), (6, 6), (8, 6)])
def test_channels_are_those_of_the_sink(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sinks: int, channels: int
) -> None:
    with SoundServer(tmp_path, channels=sinks) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        source = open_pulse(SoundCaptureConfig())
        assert source.channels == channels
        listen(source, is_silent)
        source.close()


def test_six_channels_are_in_the_order_of_opus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SoundServer(tmp_path, channels=6) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        source = open_pulse(SoundCaptureConfig())
        played = [1_000, 2_000, 3_000, 4_000, 5_000, 6_000]  # left, right, rear left, rear right, centre, bass
        wanted = np.array([1_000, 5_000, 2_000, 3_000, 4_000, 6_000])
        seen = np.zeros(6, np.int16)
        deadline = monotonic() + PATIENCE_S
        with server.play(array.array("h", played * 480).tobytes(), channels=6, channel_map=SURROUND):
            while np.abs(seen - wanted).max() > 5 and monotonic() < deadline:
                block = source.next_block(1.0)
                if block is not None:
                    seen = np.frombuffer(bytes(block.samples[:12]), np.int16)
        assert np.abs(seen - wanted).max() <= 5, seen
        source.close()


def test_without_a_sound_server_there_is_a_reason_for_each_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nobody'}")
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    with pytest.raises(NoBackendError, match=r"pulse: no sound server: Connection refused; sounddevice: there is no "):
        open_sound(SoundCaptureConfig())


def test_without_libpulse_that_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from wavry.pulse import library as libpulse

    libpulse.load_pulse.cache_clear()
    monkeypatch.setattr(libpulse, "_SONAME", "libpulse-of-another-world.so.0")
    with pytest.raises(BackendUnavailableError, match="libpulse-of-another-world"):
        open_pulse(SoundCaptureConfig())
    libpulse.load_pulse.cache_clear()


def test_without_portaudio_that_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    def missing(name: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setenv("PULSE_SOURCE", "@DEFAULT_MONITOR@")
    for name in ("sounddevice", "wavry.capture.sound.portaudio"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr("ctypes.util.find_library", missing)
    with pytest.raises(BackendUnavailableError, match="PortAudio library not found"):
        open_sounddevice(SoundCaptureConfig())
