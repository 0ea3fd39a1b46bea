"""Sound from one sound card to another: host and client as real processes, PulseAudio with two sinks at their ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest

from tests.support.programs import Program, client, host
from tests.support.sound import CLIENT_SINK, SoundServer, tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="no pulseaudio"),
]

RATE = 48_000
SCREEN = ("--source", "testcard", "--size", "320x180", "--fps", "30")
LEVEL = 8_192
"""Of the tone, the amplitude."""


@pytest.fixture
def sound_server() -> Iterator[SoundServer]:
    with tempfile.TemporaryDirectory(prefix="wavry") as directory, SoundServer(Path(directory)) as server:
        yield server


@contextmanager
def watching(home: Path, address: str, server: SoundServer, *arguments: str) -> Iterator[Program]:
    """A client with a window nobody sees, once it plays to the sink `client`."""
    variables = {**server.environment, "SDL_VIDEODRIVER": "dummy"}
    with client(home, address, "--audio-device", CLIENT_SINK, *arguments, **variables) as viewer:
        viewer.wait_for("sound: pulse")
        yield viewer


def hear(server: SoundServer, seconds: float) -> NDArray[np.int16]:
    """Record what the sink `client` plays for so long; the left channel of it."""
    command = ["parec", f"--device={CLIENT_SINK}.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2"]
    with subprocess.Popen(command, env=server.variables(), stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        data = recorder.stdout.read(round(seconds * RATE) * 4)
        recorder.kill()
    return np.frombuffer(data, np.int16).reshape(-1, 2)[:, 0]


def missing(sound: NDArray[np.int16]) -> float:
    """Return the share of the time in which a tone is not there: below a quarter of its level for 1 ms and more.

    How much that is depends on how busy the machine is: the tests of the playout say it exactly, in virtual time.
    """
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > LEVEL // 4)
    pauses = np.diff(loud)
    return float(pauses[pauses > RATE // 1000].sum()) / len(sound)


def stats_of(home: Path) -> dict[str, Any]:
    stats: dict[str, Any] = json.loads((home / "s.json").read_text())
    return stats


def test_a_tone_is_heard_as_it_was_played(tmp_path: Path, sound_server: SoundServer) -> None:
    with host(tmp_path, *SCREEN, **sound_server.environment) as streaming:
        address = streaming.ready_address()
        with watching(tmp_path, address, sound_server, "--stats-json", "s.json") as viewer:
            with sound_server.play(tone(1000, 1.0, level=LEVEL), latency_ms=500):
                hear(sound_server, 3)
                sound = hear(sound_server, 6)
            assert viewer.end() == 0, viewer.lines
        assert streaming.end() == 0, streaming.lines
    levels = 20 * np.log10(np.abs(np.fft.rfft(sound * np.blackman(len(sound)))) + 1e-9)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    peak = hertz[levels.argmax()]
    assert abs(peak - 1000) < 3
    assert levels[np.abs(hertz - peak) > 100].max() < levels.max() - 20
    assert missing(sound) < 0.2
    audio = stats_of(tmp_path)["audio"]
    assert audio["output"] == "pulse"
    assert audio["packets_received"] > 1000
    assert audio["capture_to_heard"]["p50"] > 0
    names = {entry["name"] for entry in stats_of(tmp_path)["budget"]}
    assert {"rift.sound_fec", "rift.sound_playout"} <= names


def test_on_a_network_that_loses_5_percent_a_tone_is_still_there(tmp_path: Path, sound_server: SoundServer) -> None:
    with host(tmp_path, *SCREEN, **sound_server.environment) as streaming:
        arguments = ("127.0.0.1:0", streaming.ready_address(), "--profile", "lte", "--loss", "5%", "--seed", "1")
        with Program("scripts.impair", *arguments, home=tmp_path) as relay:
            address = relay.wait_for(r"^impair ready udp://(127\.0\.0\.1:\d+)$")[1]
            with watching(tmp_path, address, sound_server, "--stats-json", "s.json") as viewer:
                with sound_server.play(tone(1000, 1.0, level=LEVEL), latency_ms=500):
                    hear(sound_server, 4)
                    sound = hear(sound_server, 6)
                assert viewer.end() == 0, viewer.lines
    assert missing(sound) < 0.2
    assert stats_of(tmp_path)["audio"]["packets_repaired"] > 30


def test_a_recording_has_the_sound(tmp_path: Path, sound_server: SoundServer) -> None:
    with host(tmp_path, *SCREEN, "--audio", "tone", **sound_server.environment) as streaming:
        arguments = ("--headless", "--duration", "5s", "--record", "r.mkv", "--stats-json", "s.json")
        with client(tmp_path, streaming.ready_address(), *arguments) as viewer:
            assert viewer.wait() == 0, viewer.lines
    with av.open(str(tmp_path / "r.mkv")) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    sound = np.concatenate(frames)[RATE:]
    assert len(sound) > 2 * RATE
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert spectrum.argmax() * RATE / len(sound) == pytest.approx(1000, abs=2)
    assert stats_of(tmp_path)["audio"]["output"] == "none"


def test_without_a_sound_server_there_is_one_line_and_the_picture_goes_on(tmp_path: Path) -> None:
    nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/nowhere", "SDL_VIDEODRIVER": "dummy"}
    with host(tmp_path, *SCREEN, "--audio", "tone") as streaming:
        arguments = ("--duration", "5s", "--stats-json", "s.json")
        with client(tmp_path, streaming.ready_address(), *arguments, **nowhere) as viewer:
            assert viewer.wait() == 0, viewer.lines
    assert sum("no sound output runs on this machine" in line for line in viewer.lines) == 1
    stats = stats_of(tmp_path)
    assert stats["video"]["frames_decoded"] > 30
    assert stats["audio"]["packets_received"] > 300
    assert stats["audio"]["output"] == "none"


def test_when_the_sound_server_dies_the_picture_goes_on_and_sound_comes_back_with_it(tmp_path: Path) -> None:
    arguments = ("--duration", "12s", "--stats-json", "s.json")
    with tempfile.TemporaryDirectory(prefix="wavry") as directory:
        with SoundServer(Path(directory)) as first:
            variables = {**first.environment, "SDL_VIDEODRIVER": "dummy"}
            with host(tmp_path, *SCREEN, "--audio", "tone") as streaming:
                with client(tmp_path, streaming.ready_address(), *arguments, **variables) as viewer:
                    viewer.wait_for("sound: pulse")
                    first.kill()
                    viewer.wait_for("no sound: ")
                    shutil.rmtree(Path(directory) / "run")
                    with SoundServer(Path(directory)):
                        viewer.wait_for("sound: (pulse|sounddevice)$")
                        assert viewer.wait() == 0, viewer.lines
    assert stats_of(tmp_path)["video"]["frames_decoded"] > 30


def test_who_wants_no_sound_gets_none(tmp_path: Path) -> None:
    with host(tmp_path, *SCREEN, "--audio", "tone") as streaming:
        arguments = ("--headless", "--no-audio", "--duration", "2s", "--stats-json", "s.json")
        with client(tmp_path, streaming.ready_address(), *arguments) as viewer:
            assert viewer.wait() == 0, viewer.lines
    stats = stats_of(tmp_path)
    assert stats["audio"] is None
    assert not [entry for entry in stats["budget"] if "sound" in entry["name"]]
