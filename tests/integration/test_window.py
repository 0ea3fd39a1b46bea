"""The window of the real program, on a screen of its own, worked with xdotool."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from tests.support.programs import PATIENCE_S, client, host
from tests.support.x11_programs import press, xdotool
from tests.support.xserver import Pencil, XServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

RED, GREEN = 0xFF0000, 0x00FF00
DIMMED_GREEN = 0x056F08
"""What is left of green beside the words."""

PLATE = 0x11151D
"""What words are written on, over black; a margin of it is above them."""


def wait_for_title(screen: XServer, title: str) -> None:
    deadline = monotonic() + PATIENCE_S
    seen = ""
    while seen != title:
        assert monotonic() < deadline, f"the window is called {seen!r}, never {title!r}"
        command = ["xdotool", "search", "--class", "wavry", "getwindowname"]
        answer = subprocess.run(command, env={**os.environ, "DISPLAY": screen.display}, capture_output=True, text=True)
        seen = answer.stdout.strip()


def test_another_monitor_of_the_host_is_chosen_in_the_menu(tmp_path: Path) -> None:
    with XServer(640, 480) as desktop, XServer(640, 480) as screen, Pencil(desktop.display) as pencil:
        desktop.xrandr("--setmonitor", "west", "400/100x480/100+0+0", "screen")
        desktop.xrandr("--setmonitor", "east", "240/100x480/100+400+0", "none")
        pencil.fill(RED, 0, 0, 400, 480)
        pencil.fill(GREEN, 400, 0, 240, 480)
        with host(tmp_path, "--audio", "off", "--monitor", "0", DISPLAY=desktop.display) as server:
            address = server.ready_address()
            with client(tmp_path, address, "--no-audio", DISPLAY=screen.display) as viewer:
                viewer.wait_for("stream: ")
                # Which of the two is number 0 is the server's choice.
                before, after, size = (
                    (RED, GREEN, "240x480") if "400x480" in viewer.lines[-1] else (GREEN, RED, "400x480")
                )
                screen.wait_for_colour(320, 20, before, tolerance=12)
                press(screen, "ctrl+alt+h", "1")
                server.wait_for("chooses monitor 1")
                viewer.wait_for(f"stream: h264 {size}")
                screen.wait_for_colour(320, 20, after, tolerance=12)
                press(screen, "ctrl+alt+q")
                assert viewer.wait() == 0, viewer.lines
            assert server.end() == 0, server.lines


def test_the_window_speaks_before_the_first_picture_and_after_the_last_one(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with XServer(640, 480) as desktop, XServer(640, 480) as screen, Pencil(desktop.display) as pencil:
        pencil.fill(GREEN, 0, 0, 640, 480)
        with client(tmp_path, address, "--no-audio", DISPLAY=screen.display) as viewer:
            viewer.wait_for("waiting for .*: nobody listens")
            screen.wait_for_colour(320, 240 - 40, PLATE, tolerance=4)
            with host(tmp_path, "--audio", "off", listen=address, DISPLAY=desktop.display) as server:
                server.ready_address()
                screen.wait_for_colour(320, 240 - 40, GREEN, tolerance=12)
                server.end(signal.SIGKILL)
                viewer.wait_for("lost ")
                screen.wait_for_colour(20, 20, DIMMED_GREEN, tolerance=12)
            assert viewer.end() == 0, viewer.lines


def test_a_signal_ends_a_window_that_only_stays_to_be_read(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody, XServer(640, 480) as screen:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        flags = "--no-audio", "--connect-timeout", "100ms"
        with client(tmp_path, address, *flags, DISPLAY=screen.display) as viewer:
            wait_for_title(screen, "This did not work - wavry")
            assert viewer.end(signal.SIGTERM) == 4, viewer.lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_window_in_which_nothing_moves(tmp_path: Path, number: signal.Signals) -> None:
    with XServer(640, 480) as desktop, XServer(640, 480) as screen, host(tmp_path, DISPLAY=desktop.display) as server:
        with client(tmp_path, server.ready_address(), "--no-audio", DISPLAY=screen.display) as viewer:
            viewer.wait_for("window: ")
            assert viewer.end(number) == 0, viewer.lines


def test_who_is_refused_reads_why_and_closes_the_window(tmp_path: Path) -> None:
    arguments = ("--source", "testcard", "--size", "320x180", "--rights", "view", "--codec", "h264")
    with XServer(640, 480) as screen, host(tmp_path, *arguments, "--audio", "off") as server:
        address = server.ready_address()
        with client(tmp_path, address, "--headless") as a, client(tmp_path, address, "--headless") as b:
            with client(tmp_path, address, "--headless") as c, client(tmp_path, address, "--headless") as d:
                for viewer in (a, b, c, d):
                    viewer.wait_for("stream: ")
                with client(tmp_path, address, "--no-audio", DISPLAY=screen.display) as fifth:
                    wait_for_title(screen, f"{address} refuses this client - wavry")
                    screen.wait_for_colour(320, 240 - 40, PLATE, tolerance=4)
                    press(screen, "Escape")
                    assert fifth.wait() == 4, fifth.lines
                    assert "4 are watching already" in fifth.lines[-1]


def test_the_picture_is_scaled_as_asked_and_panned_by_the_pointer_at_the_edge(tmp_path: Path) -> None:
    with XServer(320, 240) as desktop, XServer(800, 600) as screen, Pencil(desktop.display) as pencil:
        pencil.fill(RED, 0, 0, 160, 240)
        pencil.fill(GREEN, 160, 0, 160, 240)
        with host(tmp_path, "--audio", "off", DISPLAY=desktop.display) as server:
            address = server.ready_address()
            with client(tmp_path, address, "--no-audio", "--scale", "integer", DISPLAY=screen.display) as viewer:
                viewer.wait_for("stream: h264 320x240")
                screen.wait_for_colour(244, 184, RED, tolerance=12)  # the window has the picture's size
                xdotool(screen, "search", "--class", "wavry", "windowmove", "0", "0", "windowsize", "800", "600")
                screen.wait_for_colour(84, 64, RED, tolerance=12)  # 640x480 in the middle
                screen.wait_for_colour(76, 300, 0, tolerance=0)
                press(screen, "ctrl+alt+s")
                screen.wait_for_colour(4, 4, RED, tolerance=12)  # fit: 800x600
                press(screen, "ctrl+alt+s")
                screen.wait_for_colour(4, 4, 0, tolerance=0)  # 1:1: in the middle
                screen.wait_for_colour(244, 184, RED, tolerance=12)
                assert viewer.end() == 0, viewer.lines
            with client(tmp_path, address, "--no-audio", "--scale", "1:1", DISPLAY=screen.display) as viewer:
                viewer.wait_for("stream: h264 320x240")
                screen.wait_for_colour(244, 184, RED, tolerance=12)
                xdotool(screen, "search", "--class", "wavry", "windowmove", "0", "0", "windowsize", "160", "120")
                screen.wait_for_colour(100, 60, GREEN, tolerance=12)  # its middle is seen
                xdotool(screen, "mousemove", "2", "60")
                screen.wait_for_colour(100, 60, RED, tolerance=12)
                xdotool(screen, "mousemove", "157", "60")
                screen.wait_for_colour(60, 60, GREEN, tolerance=12)
                assert viewer.end() == 0, viewer.lines
            assert server.end() == 0, server.lines
