"""Clipboards of two screens, host and client as a user runs them, and other programs that copy and paste."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.clipboard import XSEL, ClipboardWatch, copy, paste, text_of
from tests.support.programs import Program, client, host
from tests.support.xserver import XServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

MIB = 1024 * 1024
TESTCARD = ("--source", "testcard", "--size", "320x180", "--bitrate", "100M")
"""At such a rate the host's share for clipboards is 5 Mbit/s from the start."""


def test_a_megabyte_goes_both_ways_exactly_and_comes_never_back(tmp_path: Path) -> None:
    with XServer() as screen, XServer() as desk, ClipboardWatch(screen.display) as at_host:
        with host(tmp_path, *TESTCARD, "--clipboard", "both", DISPLAY=screen.display) as server:
            address = server.ready_address()
            with (
                ClipboardWatch(desk.display) as at_client,
                client(tmp_path, address, "--clipboard", "both", DISPLAY=desk.display) as viewer,
            ):
                viewer.wait_for("window: ")
                for size, program in ((MIB, XSEL), (0, "xclip"), (7, "xclip")):
                    copy(desk.display, text_of(size, seed=1), program)
                    at_host.wait_for(text_of(size, seed=1))
                    copy(screen.display, text_of(size + (size == 0), seed=2))
                    at_client.wait_for(text_of(size + (size == 0), seed=2))
                assert (at_host.changes, at_client.changes) == (6, 6)  # each text once, wherever it came from
                copy(desk.display, text_of(MIB + 1))
                viewer.wait_for("the clipboard is left alone: it holds more than 1048576 bytes of text")
                assert viewer.end() == 0, viewer.lines
        assert at_host.changes == 6
    assert "ä" not in "".join(viewer.lines + server.lines)


@pytest.mark.parametrize(
    ("at_host", "at_client", "goes_to_host", "goes_to_client"),
    [("send", "both", False, True), ("both", "send", True, False), ("receive", "both", True, False)],
)
def test_a_direction_that_one_side_has_not_opted_in_to_stays_untouched(
    tmp_path: Path, at_host: str, at_client: str, goes_to_host: bool, goes_to_client: bool
) -> None:
    with (
        XServer() as screen,
        XServer() as desk,
        ClipboardWatch(screen.display) as hosts,
        ClipboardWatch(desk.display) as clients,
    ):
        copy(screen.display, b"before, at the host")
        copy(desk.display, b"before, at the client")
        with host(tmp_path, *TESTCARD, "--clipboard", at_host, DISPLAY=screen.display) as server:
            arguments = ("--headless", "--clipboard", at_client)
            with client(tmp_path, server.ready_address(), *arguments, DISPLAY=desk.display) as viewer:
                viewer.wait_for("stream: ")
                if goes_to_host:
                    hosts.wait_for(b"before, at the client")
                    copy(screen.display, b"kept at the host")
                    copy(desk.display, b"goes to the host")
                    hosts.wait_for(b"goes to the host")
                else:
                    clients.wait_for(b"before, at the host")
                    copy(desk.display, b"kept at the client")
                    copy(screen.display, b"goes to the client")
                    clients.wait_for(b"goes to the client")
                assert viewer.end() == 0, viewer.lines
        assert goes_to_client is not goes_to_host
        assert (hosts.changes, clients.changes) == ((4, 2) if goes_to_host else (2, 4))


def test_a_window_that_is_not_on_x11_shares_its_clipboard_through_sdl(tmp_path: Path) -> None:
    with XServer() as screen, XServer() as desk, ClipboardWatch(screen.display) as at_host:
        with host(tmp_path, *TESTCARD, "--clipboard", "both", DISPLAY=screen.display) as server:
            arguments = (server.ready_address(), "--no-auth", "--clipboard", "both")
            with (
                Program("tests.support.sdl_client", *arguments, home=tmp_path, DISPLAY=desk.display) as viewer,
                ClipboardWatch(desk.display) as at_client,
            ):
                viewer.wait_for("clipboard: sdl")
                server.wait_for("clipboards go from and to wavry")
                for size in (7, 50_000):
                    copy(desk.display, text_of(size, seed=1))
                    at_host.wait_for(text_of(size, seed=1))
                    copy(screen.display, text_of(size, seed=2))
                    at_client.wait_for(text_of(size, seed=2))
                assert (at_host.changes, at_client.changes) == (4, 4)
                assert viewer.end() == 0, viewer.lines


def test_what_one_viewer_copies_reaches_the_host_and_the_others(tmp_path: Path) -> None:
    with XServer() as screen, XServer() as first_desk, XServer() as second_desk:
        with host(tmp_path, *TESTCARD, "--clipboard", "both", DISPLAY=screen.display) as server:
            address = server.ready_address()
            arguments = ("--headless", "--clipboard", "both")
            with (
                client(tmp_path, address, *arguments, DISPLAY=first_desk.display) as first,
                client(tmp_path, address, *arguments, DISPLAY=second_desk.display) as second,
                ClipboardWatch(screen.display) as hosts,
                ClipboardWatch(first_desk.display) as firsts,
                ClipboardWatch(second_desk.display) as seconds,
            ):
                for _ in (first, second):
                    server.wait_for("clipboards go from and to wavry")
                copy(first_desk.display, b"from the first")
                hosts.wait_for(b"from the first")
                seconds.wait_for(b"from the first")
                copy(second_desk.display, b"from the second")
                firsts.wait_for(b"from the second")
                hosts.wait_for(b"from the second")
                assert (hosts.changes, firsts.changes, seconds.changes) == (2, 2, 2)


def test_without_the_right_nothing_is_put_and_both_sides_hear_of_it_once(tmp_path: Path) -> None:
    with XServer() as screen, XServer() as desk, ClipboardWatch(screen.display) as hosts:
        rights = ("--rights", "view,audio", "--clipboard", "both")
        with host(tmp_path, *TESTCARD, *rights, DISPLAY=screen.display) as server:
            arguments = ("--headless", "--clipboard", "both", "--name", "guest")
            copy(desk.display, b"not for the host")
            with client(tmp_path, server.ready_address(), *arguments, DISPLAY=desk.display) as viewer:
                server.wait_for("guest .* has no right to clipboard")
                copy(desk.display, b"nor this")
                copy(screen.display, b"not for the guest")
                viewer.wait_for("stream: ")
                assert viewer.end() == 0, viewer.lines
            assert server.end() == 0, server.lines
        assert len([line for line in server.lines if "no right" in line]) == 1
        assert hosts.changes == 1
        assert paste(desk.display) == b"nor this"


def test_a_side_without_a_clipboard_says_so_in_one_line_and_streams(tmp_path: Path) -> None:
    with host(tmp_path, *TESTCARD, "--clipboard", "both") as server:
        with client(tmp_path, server.ready_address(), "--headless", "--clipboard", "send") as viewer:
            viewer.wait_for("the clipboard is not shared: no clipboard runs on this machine .x11: DISPLAY is not set")
            viewer.wait_for("stream: ")
            assert viewer.end() == 0, viewer.lines
        assert server.end() == 0, server.lines
    for lines in (viewer.lines, server.lines):
        assert len([line for line in lines if "clipboard" in line]) == 1, lines


def test_a_clipboard_whose_screen_goes_comes_back_with_it(tmp_path: Path) -> None:
    with XServer() as screen, XServer() as desk:
        report = tmp_path / "m.json"
        kept = ("--clipboard", "both", "--memory-report", str(report))
        with host(tmp_path, *TESTCARD, *kept, DISPLAY=screen.display) as server:
            arguments = ("--headless", "--clipboard", "both")
            with client(tmp_path, server.ready_address(), *arguments, DISPLAY=desk.display) as viewer:
                viewer.wait_for("stream: ")
                screen.kill()
                server.wait_for("the clipboard is not shared any more")
                with XServer(display=screen.display), ClipboardWatch(desk.display) as clients:
                    server.wait_for("the clipboard is shared again")
                    copy(screen.display, b"from the new screen")
                    clients.wait_for(b"from the new screen")
                    assert viewer.end() == 0, viewer.lines
                    assert server.end() == 0, server.lines
    names = [entry["name"] for entry in json.loads(report.read_text())["budget"]]
    assert [name for name in names if "clipboard" in name] == ["clipboard.text", "clipboard.x11", "rift.clipboard"]
