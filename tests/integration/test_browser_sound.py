"""Sound in a browser: a real host, a real Chromium, and PulseAudio at both ends."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.support.browser_page import NETWORK_COMPLAINTS
from tests.support.chromium import PROGRAM, chromium
from tests.support.page_sound import PageSound
from tests.support.programs import PATIENCE_S, Program, host
from tests.support.sound import CLIENT_SINK, HOST_SINK, SURROUND, SoundServer, tone
from tests.support.sound_quality import RATE, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from playwright.sync_api import Page, Route

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="no pulseaudio"),
    pytest.mark.skipif(not Path(PROGRAM).exists(), reason="no chromium"),
]

SCREEN = ("--source", "testcard", "--size", "320x180", "--fps", "30")
LEVEL = 8_192 / 32_768
"""Of the tone, the amplitude."""

AT_ONCE = ("--autoplay-policy=no-user-gesture-required",)
AFTER_A_CLICK = ("--autoplay-policy=document-user-activation-required",)


UNLOCKED = (*AT_ONCE, "--disable-features=LocalNetworkAccessChecks")
"""What a test answers itself Chromium takes for the Internet, which may not reach this machine."""

TELL_HINTS = """
addEventListener("DOMContentLoaded", () => {
  const hint = document.getElementById("hint");
  new MutationObserver(() => console.debug(`hint: ${hint.textContent}`)).observe(hint, { childList: true });
});
"""
"""Whatever asks a page with Playwright counts as a click, after which it may make sound."""


@pytest.fixture
def sound_server() -> Iterator[SoundServer]:
    with tempfile.TemporaryDirectory(prefix="wavry") as directory, SoundServer(Path(directory)) as server:
        yield server


@dataclass
class Viewer:
    """A page that shows a host."""

    page: Page
    sound: PageSound
    host: Program
    listen: str
    """Where the host listens for QUIC."""

    said: list[str]
    """What it wrote to the console: first of all its hints and that sound begins, which the tests have it tell."""

    def wait_until_said(self, text: str) -> None:
        """Wait without asking the page anything."""
        while not any(text in each for each in self.said):
            self.page.wait_for_event("console", timeout=PATIENCE_S * 1000)

    def left_channel(self, seconds: float) -> NDArray[np.float64]:
        return self.sound.record(seconds)[:, 0]


@contextmanager
def viewing(
    home: Path,
    *arguments: str,
    server: SoundServer | None = None,
    switches: tuple[str, ...] = AT_ONCE,
    is_isolated: bool = True,
    sink: str | None = CLIENT_SINK,
    host_goes_away: bool = False,
    **environment: str,
) -> Iterator[Viewer]:
    """A host and a browser that looks at its page; it plays to a sink of the server, the default one for None.

    When the host goes away, the browser itself may complain.
    """
    variables = environment if server is None else server.environment
    with ExitStack() as stack:
        streaming = stack.enter_context(host(home, *SCREEN, "--web", "127.0.0.1:0", *arguments, **variables))
        address = streaming.wait_for(r"^wavry-server web (http://\S+)$")[1]
        listen = streaming.ready_address()
        card = None if server is None else variables | ({} if sink is None else {"PULSE_SINK": sink})
        browser = stack.enter_context(chromium(arguments=switches, sound=card))
        page = browser.new_page()
        if not is_isolated:
            page.route("**/*", without_isolation)
        said: list[str] = []
        errors: list[str] = []
        page.on("console", lambda told: (said if told.type == "debug" else errors).append(told.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        viewer = Viewer(page, PageSound(page), streaming, listen, said)
        page.add_init_script(TELL_HINTS)
        page.goto(address)
        yield viewer
        assert [each for each in errors if not (host_goes_away and NETWORK_COMPLAINTS.search(each))] == []
        page.close()
        assert streaming.end() == 0, streaming.lines


def without_isolation(route: Route) -> None:
    """Answer as a proxy does that knows nothing of cross-origin isolation: no memory can be shared."""
    response = route.fetch()
    headers = {name: value for name, value in response.headers.items() if not name.startswith("cross-origin-")}
    route.fulfill(response=response, headers=headers)


def hear(server: SoundServer, seconds: float, sink: str = CLIENT_SINK) -> NDArray[np.float64]:
    """Record what a sink plays for so long: the left channel."""
    command = ["parec", f"--device={sink}.monitor", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2"]
    with subprocess.Popen(command, env=server.variables(), stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        data = recorder.stdout.read(round(seconds * RATE) * 4)
        recorder.kill()
    return np.frombuffer(data, np.int16).reshape(-1, 2)[:, 0] / 32_768


def wait_for_tone(viewer: Viewer) -> None:
    """Listen until two seconds are the tone, for half of the time at least.

    How soon that is, and how much of it is missing, depends on how busy the machine is: the tests of the playout say it
    exactly, in virtual time, and scripts/bench/browser_tone.py on a machine that is quiet.
    """
    heard = []
    for _ in range(10):
        sound = viewer.left_channel(2)
        quality = judge(sound, level=LEVEL)
        is_as_loud = abs(np.abs(sound).max() / LEVEL - 1) < 0.1
        if abs(quality.peak_hz - 1000) < 3 and quality.rest_db < -20 and is_as_loud and sum(quality.gaps_ms) < 1000:
            return
        heard.append(quality)
    pytest.fail(f"it is no tone: {heard}")


@pytest.mark.parametrize("is_isolated", [True, False], ids=["shared memory", "messages"])
def test_a_tone_is_heard_in_the_page_and_at_the_sound_card(
    is_isolated: bool, tmp_path: Path, sound_server: SoundServer
) -> None:
    switches = AT_ONCE if is_isolated else UNLOCKED
    with viewing(
        tmp_path, "--audio", "tone", server=sound_server, switches=switches, is_isolated=is_isolated
    ) as viewer:
        viewer.sound.wait()
        assert viewer.page.evaluate("crossOriginIsolated") is is_isolated
        wait_for_tone(viewer)
        sound = hear(sound_server, 5)
    quality = judge(sound, level=LEVEL)  # under load the browser itself leaves gaps at the sound card
    assert abs(quality.peak_hz - 1000) < 10, quality
    assert np.abs(sound).max() == pytest.approx(LEVEL, rel=0.1)


def test_ctrl_alt_a_switches_the_sound_off_and_on(tmp_path: Path) -> None:
    with viewing(tmp_path, "--audio", "tone") as viewer:
        viewer.sound.wait()
        viewer.left_channel(2)
        viewer.page.keyboard.press("Control+Alt+a")
        viewer.wait_until_said("hint: Sound off")
        assert not any("Click" in each for each in viewer.said)
        viewer.left_channel(0.5)
        assert not viewer.left_channel(1).any()
        viewer.page.keyboard.press("Control+Alt+a")
        viewer.wait_until_said("hint: Sound on")
        wait_for_tone(viewer)


def test_a_page_that_may_not_make_sound_says_so_and_plays_after_the_first_click(tmp_path: Path) -> None:
    with viewing(tmp_path, "--audio", "tone", switches=AFTER_A_CLICK) as viewer:
        viewer.wait_until_said("hint: Click or press a key for sound.")
        assert "sound begins" not in viewer.said
        viewer.page.mouse.click(100, 100)
        viewer.sound.wait()
        wait_for_tone(viewer)


def test_a_host_without_sound_says_why_and_the_picture_is_there(tmp_path: Path) -> None:
    with viewing(tmp_path, PULSE_SERVER=f"unix:{tmp_path}/nowhere") as viewer:
        viewer.wait_until_said("hint: The host has no sound: ")
        expect(viewer.page.locator("#notice")).to_be_hidden(timeout=PATIENCE_S * 1000)
        assert not viewer.sound.is_playing


def test_what_the_host_plays_is_heard_each_channel_in_its_place(tmp_path: Path) -> None:
    hertz = {
        "front-left": 300,
        "front-right": 400,
        "rear-left": 600,
        "rear-right": 700,
        "front-center": 500,
        "lfe": 100,
    }
    waves = [np.frombuffer(tone(each, 1.0, channels=1), np.int16) for each in hertz.values()]
    with tempfile.TemporaryDirectory(prefix="wavry") as directory, SoundServer(Path(directory), channels=6) as server:
        with viewing(tmp_path, server=server) as viewer:
            viewer.sound.wait()
            assert np.abs(viewer.sound.record(1, channels=6)).max() < 1e-3
            samples = np.stack(waves, axis=1).tobytes()
            with server.play(samples, channels=6, channel_map=SURROUND, latency_ms=500):
                viewer.sound.record(3, channels=6)
                heard = viewer.sound.record(2, channels=6)
    loudest = [int(np.abs(np.fft.rfft(channel * np.hanning(len(channel)))).argmax()) / 2 for channel in heard.T]
    assert loudest == pytest.approx([300, 400, 500, 100, 600, 700], abs=10)  # the order of Web Audio


def test_when_its_sound_card_is_pulled_out_the_browser_goes_on_with_the_next(
    tmp_path: Path, sound_server: SoundServer
) -> None:
    headset = sound_server.add_sink("headset")
    sound_server.set_default_sink("headset")
    with viewing(tmp_path, "--audio", "tone", server=sound_server, sink=None) as viewer:
        viewer.sound.wait()
        viewer.left_channel(2)
        assert np.abs(hear(sound_server, 1, "headset")).max() > LEVEL / 2
        sound_server.pull_out(headset)
        viewer.left_channel(2)
        assert np.abs(hear(sound_server, 1, HOST_SINK)).max() > LEVEL / 2
        sound_server.set_default_sink(CLIENT_SINK)
        viewer.left_channel(2)
        assert np.abs(hear(sound_server, 1, CLIENT_SINK)).max() > LEVEL / 2
        wait_for_tone(viewer)


def test_after_the_host_was_started_again_there_is_sound_again(tmp_path: Path) -> None:
    with viewing(tmp_path, "--audio", "tone", host_goes_away=True) as viewer:
        viewer.sound.wait()
        site = urlsplit(viewer.page.url).netloc
        viewer.said.clear()
        assert viewer.host.end() == 0
        with host(tmp_path, *SCREEN, "--web", site, "--audio", "tone", listen=viewer.listen) as again:
            again.ready_address()
            viewer.wait_until_said("sound begins")
            wait_for_tone(viewer)
            assert not any("Click" in each for each in viewer.said)
            viewer.page.close()
