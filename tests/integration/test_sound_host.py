"""A host's sound, taken from a real sound server and sent over real QUIC; and what happens when there is none."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support.aio import in_loop, until
from tests.support.listening import SoundListener
from tests.support.programs import Program, host
from tests.support.sound import SoundServer, tone
from wavry.transport.quic.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from numpy.typing import NDArray

pytestmark = pytest.mark.integration

CHECKOUT = Path(__file__).resolve().parents[2]
RATE = 48_000
TESTCARD = ("--source", "testcard", "--size", "320x180")


@asynccontextmanager
async def listening(server: Program) -> AsyncIterator[SoundListener]:
    """Connect to a host as one who wants sound."""
    address, _, port = (await asyncio.to_thread(server.ready_address)).rpartition(":")
    dialer = await connect(address, int(port))
    try:
        yield SoundListener(dialer.link)
    finally:
        dialer.close()


def spectrum(listener: SoundListener, seconds: float) -> tuple[float, float, float]:
    """Return frequency and level of the loudest of what was heard last, and how far the rest is below it, in dB."""
    samples: NDArray[np.float64] = np.frombuffer(listener.decoded(), np.int16).astype(float)[::2]
    last = samples[-round(seconds * RATE) :]
    power = np.abs(np.fft.rfft(last * np.blackman(len(last)))) ** 2
    peak = int(power.argmax())
    around = slice(max(0, peak - 8), peak + 9)
    rest = power.sum() - power[around].sum()
    return peak * RATE / len(last), float(np.abs(last).max()), 10 * np.log10(power[around].sum() / rest)


@in_loop
async def test_what_the_host_plays_arrives_whole_and_clean(tmp_path: Path) -> None:
    with SoundServer(tmp_path) as sound, host(tmp_path, *TESTCARD, **sound.environment) as server:
        async with listening(server) as listener:
            with sound.play(tone(1_000, 1.0), latency_ms=500):
                await until(lambda: len([each for each in listener.packets if len(each.opus) > 40]) > 600)
            assert listener.configs[0].available
            ids = [each.packet_id for each in listener.packets]
            assert ids == list(range(len(ids)))
            hertz, level, distance_db = spectrum(listener, 1.0)
            assert abs(hertz - 1_000) < 1
            assert 8_192 / 1.12 < level < 8_192 * 1.12  # 1 dB
            assert distance_db > 30
        assert await asyncio.to_thread(server.end) == 0, server.lines


@in_loop
async def test_the_tone_needs_no_sound_server(tmp_path: Path) -> None:
    with host(tmp_path, *TESTCARD, "--audio", "tone", PULSE_SERVER=f"unix:{tmp_path / 'nobody'}") as server:
        async with listening(server) as listener:
            await until(lambda: len(listener.packets) > 400)
            hertz, _, distance_db = spectrum(listener, 1.0)
            assert abs(hertz - 1_000) < 1
            assert distance_db > 30


@in_loop
async def test_without_a_sound_server_the_picture_goes_on_and_one_line_says_why(tmp_path: Path) -> None:
    with host(tmp_path, *TESTCARD, PULSE_SERVER=f"unix:{tmp_path / 'nobody'}") as server:
        async with listening(server) as listener:
            await until(lambda: listener.configs != [])
            assert not listener.configs[0].available
            assert "no sound server" in listener.configs[0].reason
            seen = listener.pictures
            await until(lambda: listener.pictures > seen + 60)
        assert await asyncio.to_thread(server.end) == 0, server.lines
    said = [line for line in server.lines if "sound" in line and "libopus" not in line]
    assert len(said) == 1, server.lines
    assert "no sound server" in said[0]
    assert "the picture goes on without it" in said[0]


@in_loop
async def test_a_sound_server_that_dies_and_comes_back_is_found_again(tmp_path: Path) -> None:
    for name in ("home", "first", "second"):
        (tmp_path / name).mkdir()
    with SoundServer(tmp_path / "first") as first:
        with host(tmp_path / "home", *TESTCARD, **first.environment) as server:
            async with listening(server) as listener:
                await until(lambda: listener.packets != [])
                first.kill()
                await until(lambda: len(listener.configs) == 2)
                assert not listener.configs[1].available
                seen = listener.pictures
                await until(lambda: listener.pictures > seen + 30)
                with SoundServer(tmp_path / "second", like=first):
                    await until(lambda: len(listener.configs) == 3)
                    assert listener.configs[2].available
                    await until(lambda: listener.packets[-1].epoch == listener.configs[2].epoch)
            assert await asyncio.to_thread(server.end) == 0, server.lines


@in_loop
async def test_without_libopus_the_picture_goes_on_and_one_line_says_why(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes.util, importlib.util\n"
        "ctypes.util.find_library = lambda name: None\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: None if name == 'av' else find(name, package)\n"
    )
    path = f"{tmp_path}{os.pathsep}{CHECKOUT}"
    with host(tmp_path, *TESTCARD, "--audio", "tone", PYTHONPATH=path) as server:
        async with listening(server) as listener:
            await until(lambda: listener.configs != [])
            assert not listener.configs[0].available
            assert "opus" in listener.configs[0].reason
            seen = listener.pictures
            await until(lambda: listener.pictures > seen + 60)
        assert await asyncio.to_thread(server.end) == 0, server.lines
    said = [line for line in server.lines if "sound" in line]
    assert len(said) == 1, server.lines
    assert "the picture goes on without it" in said[0]


@in_loop
async def test_off_is_off(tmp_path: Path) -> None:
    with host(tmp_path, *TESTCARD, "--audio", "off", "--memory-report", "m.json") as server:
        async with listening(server) as listener:
            await until(lambda: listener.pictures > 30)
            assert (listener.configs, listener.packets) == ([], [])
        assert await asyncio.to_thread(server.end) == 0, server.lines
    assert "sound." not in (tmp_path / "m.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--audio", "loud"], r"--audio loud: allowed is .*system, mic, tone"),
        (
            ["--audio", "off", "--audio-device", "usb"],
            r"--audio-device usb: allowed is only with --audio system or mic",
        ),
    ],
)
def test_a_wrong_flag_says_what_is_allowed(tmp_path: Path, arguments: list[str], message: str) -> None:
    with host(tmp_path, *TESTCARD, *arguments) as server:
        server.wait_for(message)
        assert server.wait() == 2
