"""Host and client as a user runs them, on this machine, over real QUIC."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from tests.support.programs import Program, client, host
from tests.support.xserver import Pencil, XServer
from wavry.capture.testmark import read_testcard

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

pytestmark = pytest.mark.integration


def read_png(path: Path) -> NDArray[np.uint8]:
    """Return a picture as (height, width, 3) RGB."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24").astype(np.uint8)


def count_frames(path: Path) -> int:
    output = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-select_streams",
            "v",
            "-count_packets",
            "-show_entries",
            "stream=nb_read_packets",
            "-of",
            "csv=p=0",
            path,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return int(output.strip().strip(","))


def test_the_testcard_arrives_whole_and_leaves_its_files(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "640x360") as server:
        address = server.ready_address()
        files = ["--snapshot", "s.png", "--stats-json", "s.json", "--record", "s.mkv"]
        with client(tmp_path, address, "--headless", "--duration", "3s", *files) as viewer:
            assert viewer.wait() == 0, viewer.lines
        assert server.end() == 0, server.lines
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["version"] == 1
    assert stats["video"]["frames_lost"] == 0
    assert stats["video"]["frames_decoded"] == stats["video"]["frames_received"] > 30
    assert (stats["video"]["codec"], stats["video"]["width"], stats["video"]["height"]) == ("h264", 640, 360)
    assert stats["latency_ms"]["capture_to_decoded"]["p50"] > 0
    assert set(stats["latency_ms"]["stages"]) == {"capture", "encode", "network", "playout", "decode"}
    assert stats["memory"]["rss_mb"] > 10
    assert {"rift.reorder", "decode.units"} <= {entry["name"] for entry in stats["budget"]}
    assert count_frames(tmp_path / "s.mkv") == stats["video"]["frames_received"]
    picture = read_png(tmp_path / "s.png")
    assert picture.shape == (360, 640, 3)
    mark = read_testcard(picture[:, :, 1])
    assert mark is not None
    assert mark.number > 30


@pytest.mark.parametrize("codec", ["hevc", "av1"])
def test_other_codecs_arrive_too(tmp_path: Path, codec: str) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "320x180", "--codec", codec) as server:
        arguments = ["--headless", "--duration", "3s", "--stats-json", "s.json", "--record", "s.mp4"]
        with client(tmp_path, server.ready_address(), *arguments) as viewer:
            assert viewer.wait() == 0, viewer.lines
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["video"]["codec"] == codec
    assert stats["video"]["frames_decoded"] > 10
    assert count_frames(tmp_path / "s.mp4") == stats["video"]["frames_received"]


def test_pure_colours_cross_the_wire(tmp_path: Path) -> None:
    colours = (0xFF0000, 0x00FF00, 0x0000FF, 0xFFFFFF, 0x000000)
    with XServer(640, 480) as screen, Pencil(screen.display) as pencil:
        for index, colour in enumerate(colours):
            pencil.fill(colour, index * 128, 0, 128, 480)
        with host(tmp_path, DISPLAY=screen.display) as server:
            address = server.ready_address()
            with client(tmp_path, address, "--headless", "--duration", "3s", "--snapshot", "s.png") as viewer:
                assert viewer.wait() == 0, viewer.lines
    picture = read_png(tmp_path / "s.png").astype(int)
    for index, colour in enumerate(colours):
        middle = picture[100:380, index * 128 + 32 : index * 128 + 96]
        wanted = np.array([colour >> 16 & 255, colour >> 8 & 255, colour & 255])
        assert np.abs(middle - wanted).max() <= 6, f"{colour:06x} became {middle[100, 10]}"


def test_a_killed_host_is_waited_for_and_found_again(tmp_path: Path) -> None:
    arguments = ("--source", "testcard", "--size", "320x180")
    with host(tmp_path, *arguments) as first:
        address = first.ready_address()
        with client(tmp_path, address, "--headless", "--stats-json", "s.json") as viewer:
            viewer.wait_for("stream: h264 320x180")
            assert first.end(signal.SIGKILL) != 0
            viewer.wait_for(f"lost {address}: .*; waiting for it to come back")
            with host(tmp_path, *arguments, listen=address):
                viewer.wait_for("stream: h264 320x180")
                assert viewer.end() == 0, viewer.lines
    assert json.loads((tmp_path / "s.json").read_text())["network"]["reconnects"] == 1


def test_a_host_that_leaves_says_so(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "320x180") as server:
        with client(tmp_path, server.ready_address(), "--headless") as viewer:
            viewer.wait_for("stream: ")
            assert server.end() == 0, server.lines
            viewer.wait_for("lost .*: the host is being stopped; waiting")
            assert viewer.end(signal.SIGINT) == 0, viewer.lines


def test_a_lost_host_that_stays_away_ends_with_5(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "320x180") as server:
        with client(tmp_path, server.ready_address(), "--headless", "--duration", "6s") as viewer:
            viewer.wait_for("stream: ")
            server.end(signal.SIGKILL)
            assert viewer.wait() == 5, viewer.lines


def test_a_killed_client_makes_room_at_once(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "320x180") as server:
        address = server.ready_address()
        with client(tmp_path, address, "--headless", "--name", "first") as first:
            first.wait_for("stream: ")
            first.end(signal.SIGKILL)
        with client(tmp_path, address, "--headless", "--duration", "2s", "--stats-json", "s.json") as second:
            assert second.wait() == 0, second.lines
        server.wait_for(r"first \(.*\) has left")
        assert server.end() == 0, server.lines
    assert json.loads((tmp_path / "s.json").read_text())["video"]["frames_decoded"] > 10


def test_the_stream_follows_a_screen_that_changes_its_size(tmp_path: Path) -> None:
    with XServer(800, 600) as screen, host(tmp_path, DISPLAY=screen.display) as server:
        arguments = ["--headless", "--record", "s.mkv", "--snapshot", "s.png"]
        with client(tmp_path, server.ready_address(), *arguments) as viewer, Pencil(screen.display) as pencil:
            viewer.wait_for("stream: h264 800x600")
            screen.resize(640, 480)
            pencil.fill(0x00FF00, 0, 0, 640, 480)
            viewer.wait_for("stream: h264 640x480")
            screen.resize(800, 600)
            pencil.fill(0x0000FF, 0, 0, 800, 600)
            viewer.wait_for("stream: h264 800x600")
            assert viewer.end() == 0, viewer.lines
    assert {path.name for path in tmp_path.glob("*.mkv")} >= {"s.mkv", "s-2.mkv"}


def test_a_host_whose_screen_goes_says_so_and_comes_back_with_it(tmp_path: Path) -> None:
    with XServer(320, 240) as screen:
        with host(tmp_path, DISPLAY=screen.display) as server:
            with client(tmp_path, server.ready_address(), "--headless") as viewer:
                viewer.wait_for("stream: ")
                screen.kill()
                server.wait_for("was lost")
                viewer.wait_for("the host has no picture")
                with XServer(400, 300, display=screen.display):
                    server.wait_for("the screen is back")
                    viewer.wait_for("stream: h264 400x300")
                    assert viewer.end() == 0, viewer.lines
                    assert server.end() == 0, server.lines


def test_a_window_shows_what_is_on_the_hosts_screen(tmp_path: Path) -> None:
    with XServer(640, 480) as screen, XServer(640, 480) as desk, Pencil(screen.display) as pencil:
        pencil.fill(0xC02060, 0, 0, 640, 480)
        with host(tmp_path, DISPLAY=screen.display) as server:
            arguments = ["--duration", "4s", "--stats-json", "s.json"]
            with client(tmp_path, server.ready_address(), *arguments, DISPLAY=desk.display) as viewer:
                viewer.wait_for("window: software renderer")
                desk.wait_for_colour(320, 240, 0xC02060, tolerance=6)
                assert viewer.wait() == 0, viewer.lines
    stats = json.loads((tmp_path / "s.json").read_text())
    assert stats["latency_ms"]["capture_to_shown"]["p50"] > 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--fps", "0", "--source", "testcard"], 2, r"--fps 0: .*1 to 240"),
        (["--fps", "many"], 2, r"--fps many: .*whole number"),
        (["--clipboard", "sideways"], 2, r"--clipboard sideways: .*off, send, receive, both"),
        (["--no-such-flag"], 2, r"unrecognized arguments: --no-such-flag"),
        (["--source", "missing.mp4"], 2, r"--source missing.mp4: .*readable video file"),
        (["--source", "testcard", "--encoder", "bogus"], 2, r"--encoder bogus: .*libx264"),
        (
            ["--source", "testcard", "--encoder", "nvenc"],
            3,
            r"nvenc: there is no /dev/nvidia|nvenc: .*(libcuda|CUDA|cuda)",
        ),
        ([], 3, r"DISPLAY is not set"),
        (["--config", "missing.toml"], 2, r"--config missing.toml"),
    ],
)
def test_a_host_that_cannot_start_says_why_in_one_line(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    with host(tmp_path, *arguments) as server:
        server.wait_for(message)
        assert server.wait() == code, server.lines
    assert not [line for line in server.lines if "Traceback" in line or "ready" in line]


def test_a_region_off_the_screen_is_refused(tmp_path: Path) -> None:
    with XServer(320, 240) as screen, host(tmp_path, "--region", "300,0,100,100", DISPLAY=screen.display) as server:
        server.wait_for(r"--region 300,0,100,100: allowed is .*320x240")
        assert server.wait() == 2


def test_a_port_in_use_is_refused(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard") as first:
        address = first.ready_address()
        with host(tmp_path, "--source", "testcard", listen=address) as second:
            second.wait_for(rf"--listen {address}: .*in use")
            assert second.wait() == 2


def test_a_host_is_not_open_to_the_network_yet(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", listen="0.0.0.0:0") as server:
        server.wait_for("--no-auth with --listen 0.0.0.0:0: .*loopback")
        assert server.wait() == 2


def test_a_name_with_several_addresses_is_tried_at_each(tmp_path: Path) -> None:
    """The host listens on 127.0.0.1; where there is IPv6, localhost is ::1 first."""
    with host(tmp_path, "--source", "testcard", "--size", "320x180") as server:
        port = server.ready_address().rpartition(":")[2]
        with client(tmp_path, f"localhost:{port}", "--headless") as viewer:
            viewer.wait_for("stream: ")
            assert viewer.end() == 0, viewer.lines


def test_a_client_without_host_ends_with_4(tmp_path: Path) -> None:
    with client(tmp_path, "127.0.0.1:9", "--headless", "--connect-timeout", "1s") as viewer:
        viewer.wait_for("could not connect to 127.0.0.1:9: ")
        assert viewer.wait() == 4


def test_a_client_without_screen_ends_with_3(tmp_path: Path) -> None:
    with client(tmp_path, "127.0.0.1:9") as viewer:
        viewer.wait_for("window: .*--headless needs no screen")
        assert viewer.wait() == 3


def test_a_stream_for_some_time_needs_no_viewer_and_reports_its_memory(tmp_path: Path) -> None:
    arguments = ["--source", "testcard", "--size", "320x180", "--stream-for", "2s", "--memory-report", "m.json"]
    with host(tmp_path, *arguments) as server:
        assert server.wait() == 0, server.lines
    report = json.loads((tmp_path / "m.json").read_text())
    assert report["frames_encoded"] > 30
    assert report["memory"]["rss_mb"] > 10
    assert {"capture.pool", "encode.outputs"} <= {entry["name"] for entry in report["budget"]}


def test_a_client_whose_decoder_is_too_slow_gets_fewer_frames(tmp_path: Path) -> None:
    with host(tmp_path, "--source", "testcard", "--size", "320x180") as server:
        with Program("tests.support.slow_client", server.ready_address(), home=tmp_path) as viewer:
            server.wait_for("encode: 45 frames per second")
            server.wait_for("encode: 30 frames per second")
            assert viewer.end(signal.SIGINT) == 0, viewer.lines
