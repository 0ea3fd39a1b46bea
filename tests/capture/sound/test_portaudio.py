"""The way through PortAudio, over ALSA's plugin to a real sound server."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sound import SoundServer
from wavry.capture.sound.config import SoundCaptureConfig
from wavry.capture.sound.devices import open_sounddevice
from wavry.clock import monotonic
from wavry.errors import BackendUnavailableError, CaptureLostError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.capture.sound.source import SoundSource

pytestmark = pytest.mark.integration

PATIENCE_S = 20.0


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with SoundServer(tmp_path_factory.mktemp("s")) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PULSE_SOURCE", "@DEFAULT_MONITOR@")
        yield server


def drain(source: SoundSource) -> None:
    """Take blocks for as long as there is patience."""
    deadline = monotonic() + PATIENCE_S
    while monotonic() < deadline:
        source.next_block(0.5)


def test_a_device_that_is_in_use_is_refused_with_portaudios_reason(
    server: SoundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sounddevice

    def busy(**arguments: Any) -> None:
        raise sounddevice.PortAudioError("Error opening RawInputStream: Device unavailable [PaErrorCode -9985]")

    monkeypatch.setattr(sounddevice, "RawInputStream", busy)
    with pytest.raises(BackendUnavailableError, match=r"sounddevice: .*Device unavailable"):
        open_sounddevice(SoundCaptureConfig())


def test_a_server_that_dies_is_lost(server: SoundServer) -> None:
    source = open_sounddevice(SoundCaptureConfig())
    while source.next_block(PATIENCE_S) is None:
        pass
    server.kill()
    with pytest.raises(CaptureLostError, match="pulse was lost"):
        drain(source)
    source.close()
    source.close()


def test_a_device_that_gives_nothing_for_long_is_lost(server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from wavry.capture.sound import portaudio

    source = open_sounddevice(SoundCaptureConfig())
    monkeypatch.setattr(source.ring, "take", lambda timeout: None)
    opened_at = monotonic()
    monkeypatch.setattr(portaudio, "monotonic", lambda: opened_at + 4.0)
    assert source.next_block(1.0) is None
    monkeypatch.setattr(portaudio, "monotonic", lambda: opened_at + 5.1)
    with pytest.raises(CaptureLostError):
        source.next_block(1.0)
    source.close()


def test_an_interrupt_ends_the_wait(server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_sounddevice(SoundCaptureConfig())
    with contextlib.closing(source):
        monkeypatch.setattr(source.ring, "take_nowait", lambda: None)
        source.interrupt()
        assert source.next_block(PATIENCE_S) is None
