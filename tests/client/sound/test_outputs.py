"""The outputs, on a real sound server."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.client.sound.test_player import LevelDecoder
from tests.support.aio import PATIENCE_S
from tests.support.sound import CLIENT_SINK, SoundServer
from wavry.backends import Candidate
from wavry.client.sound.output import NullOutput, SoundOutput, open_output
from wavry.client.sound.player import SoundPlayer
from wavry.errors import BackendUnavailableError, NoBackendError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

needs_server = pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="no pulseaudio")


class Counting(SoundPlayer):
    """A player with nothing to play, that says when an output has asked for so many blocks."""

    def __init__(self, wanted: int, channels: int = 2) -> None:
        super().__init__(LevelDecoder(), channels=channels, frame_us=5_000)
        self.wanted = wanted
        self.enough = threading.Event()
        self.latencies: list[float] = []

    def next_block(self, *, now: float, latency_s: float = 0.0) -> NDArray[np.int16]:
        self.latencies.append(latency_s)
        if len(self.latencies) >= self.wanted:
            self.enough.set()
        return super().next_block(now=now, latency_s=latency_s)


class Playing:
    """An output on a thread; `error` is what ended it."""

    def __init__(self, output: SoundOutput, player: SoundPlayer) -> None:
        self.stopped = threading.Event()
        self.error: BackendUnavailableError | None = None
        self._output, self._player = output, player
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._output.play(self._player, self.stopped)
        except BackendUnavailableError as error:
            self.error = error
        self._output.close()

    def end(self) -> None:
        self.stopped.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    with tempfile.TemporaryDirectory(prefix="wavry") as directory, SoundServer(Path(directory)) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield server


@needs_server
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_pulse_asks_for_blocks_until_it_is_stopped(server: SoundServer, channels: int) -> None:
    player = Counting(20, channels)
    playing = Playing(open_output(channels, device=CLIENT_SINK, wanted="pulse").backend, player)
    assert player.enough.wait(PATIENCE_S)
    playing.end()
    assert playing.error is None


@needs_server
def test_portaudio_asks_for_blocks_until_it_is_stopped(server: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sounddevice")
    monkeypatch.setenv("PULSE_SINK", CLIENT_SINK)
    player = Counting(20)
    try:
        opened = open_output(2, device="pulse", wanted="sounddevice")
    except NoBackendError as error:
        pytest.skip(f"ALSA does not know PulseAudio here: {error}")
    playing = Playing(opened.backend, player)
    assert player.enough.wait(PATIENCE_S)
    playing.end()
    assert playing.error is None


@needs_server
def test_a_sink_that_is_not_there_is_refused_with_its_name(server: SoundServer) -> None:
    with pytest.raises(NoBackendError, match="no-such-sink: No such entity"):
        open_output(2, device="no-such-sink", wanted="pulse")


@needs_server
def test_when_a_sink_is_pulled_out_sound_goes_on_at_another(server: SoundServer) -> None:
    sink = server.add_sink("pluggable")
    player = Counting(20)
    playing = Playing(open_output(2, device="pluggable", wanted="pulse").backend, player)
    assert player.enough.wait(PATIENCE_S)
    server.pull_out(sink)
    player.enough.clear()
    player.wanted = len(player.latencies) + 100
    assert player.enough.wait(PATIENCE_S)
    playing.end()
    assert playing.error is None


@needs_server
def test_when_the_server_dies_playing_ends_with_the_reason(server: SoundServer) -> None:
    player = Counting(20)
    playing = Playing(open_output(2, wanted="pulse").backend, player)
    assert player.enough.wait(PATIENCE_S)
    server.kill()
    playing.thread.join(PATIENCE_S)
    assert isinstance(playing.error, BackendUnavailableError)


def test_without_a_server_every_candidate_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{tmp_path / 'nowhere'}")
    with pytest.raises(NoBackendError) as caught:
        open_output(2, candidates=(Candidate(name="pulse", target="wavry.client.sound.pulse:PulseOutput"),))
    assert "pulse: " in str(caught.value)


def test_no_card_takes_blocks_at_the_pace_of_the_clock_and_may_give_up() -> None:
    player = Counting(10)
    NullOutput(0.08).play(player, threading.Event())
    assert 1 < len(player.latencies) <= 17
