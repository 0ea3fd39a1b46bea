from __future__ import annotations

from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from tests.support.xserver import Pencil, XServer
from wavry.capture import x11, x11_screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def shared_xserver() -> Iterator[XServer]:
    """One 640x480 screen for all tests that leave it as it was, but for what is drawn on it."""
    with XServer(640, 480) as server:
        yield server


@pytest.fixture
def xserver(shared_xserver: XServer) -> XServer:
    with Pencil(shared_xserver.display) as pencil:
        pencil.fill(0x000000, 0, 0, 640, 480)
    return shared_xserver


@pytest.fixture
def pencil(xserver: XServer) -> Iterator[Pencil]:
    with Pencil(xserver.display) as pencil:
        yield pencil


X11_WAYS = ("mirrors", "GetImage")
"""How pictures come from an X server. Xvfb can do both; many can do the second alone."""


@pytest.fixture(params=X11_WAYS)
def x11_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "GetImage":
        monkeypatch.setattr(x11_screen, "has_mirrors", lambda _: False)
    else:
        monkeypatch.setattr(x11, "_WORTH_PIXELS", 0)  # these screens are small


@pytest.fixture
def start_xserver() -> Iterator[Callable[..., XServer]]:
    """Starts servers of other kinds, and servers that are meant to die."""
    started: list[XServer] = []

    def start(width: int = 640, height: int = 480, *options: str, depth: int = 24) -> XServer:
        server = XServer(width, height, *options, depth=depth)
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def video_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames of 97x65 at 50 a second; red grows from frame to frame, the rest stays dark."""
    path = tmp_path_factory.mktemp("video") / "ten.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=50)
        stream.width, stream.height, stream.pix_fmt = 97, 65, "bgr0"
        for index in range(10):
            picture = np.zeros((65, 97, 3), np.uint8)
            picture[:, :, 2] = 25 * index
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path
