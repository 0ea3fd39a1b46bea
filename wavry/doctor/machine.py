"""What the machine brings: libraries, limits, and who the host is. Values are for people and JSON alike."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import socket
import sys
from importlib.metadata import PackageNotFoundError, version

Value = str | int | float | None
"""What is not known is None."""

_PACKAGES = (
    "av", "aioquic", "cryptography", "msgspec", "numpy", "mss", "xcffib", "PySDL2", "pysdl2-dll", "psutil",
    "opuslib", "sounddevice",
)  # fmt: skip


def libraries() -> dict[str, Value]:
    """Return the versions of what wavry stands on; None for what is not installed."""
    from wavry import __version__

    found: dict[str, Value] = {"wavry": __version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found | _ffmpeg_libraries() | {"SDL": _sdl_version(), "Opus": _opus(), "PortAudio": _portaudio()}


def _ffmpeg_libraries() -> dict[str, Value]:
    import av

    return {name: ".".join(map(str, numbers)) for name, numbers in sorted(av.library_versions.items())}


def _sdl_version() -> str | None:
    try:
        from wavry.client.window.sdl import sdl2
    except ImportError:
        return None
    found = sdl2.SDL_version()
    sdl2.SDL_GetVersion(found)
    return f"{found.major}.{found.minor}.{found.patch}"


def _opus() -> str | None:
    """Return which libopus is used; wavry can do with two."""
    from wavry.errors import BackendUnavailableError
    from wavry.opus import library_name

    try:
        return library_name()
    except BackendUnavailableError:
        return None


def _portaudio() -> str | None:
    try:
        import sounddevice
    except (ImportError, OSError):
        return None
    return str(sounddevice.get_portaudio_version()[1]).partition(",")[0]


def limits() -> dict[str, Value]:
    """Return what bounds the speed and the memory of wavry here."""
    import psutil

    memory = psutil.virtual_memory()
    receive, send, asked = asyncio.run(_socket_buffers())
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "memory_bytes": memory.total,
        "memory_available_bytes": memory.available,
        "udp_buffer_asked_bytes": asked,
        "udp_receive_buffer_bytes": receive,
        "udp_send_buffer_bytes": send,
        "shared_memory_free_bytes": _shared_memory_free(),
        "open_files": _open_files(),
        "switch_interval_ms": sys.getswitchinterval() * 1000,
    }


async def _socket_buffers() -> tuple[int, int, int]:
    """Return what the kernel gives a socket of ours to receive and to send, and what we ask for."""
    from wavry.transport.quic.settings import QuicSettings
    from wavry.transport.quic.socket import UdpSocket

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    asked = QuicSettings().socket_buffer_bytes
    udp = UdpSocket(sock, lambda packets: None, lambda: None, buffer_bytes=asked)
    try:
        # Linux reports twice what it lets us use: the other half is its own bookkeeping (socket(7)).
        share = 2 if sys.platform == "linux" else 1
        receive, send = (sock.getsockopt(socket.SOL_SOCKET, each) for each in (socket.SO_RCVBUF, socket.SO_SNDBUF))
        return receive // share, send // share, asked
    finally:
        udp.close()


def _shared_memory_free() -> int | None:
    try:
        return shutil.disk_usage("/dev/shm").free  # what the kernel's limit for memory files shows in most containers
    except OSError:
        return None


def _open_files() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def identity() -> dict[str, Value]:
    """Return where the host's key is, its fingerprint, and what is wrong with it; makes none."""
    from wavry.errors import ConfigError
    from wavry.keyfile import data_directory
    from wavry.transport.identity import HostIdentity

    directory = data_directory()
    fingerprint = problem = None
    if HostIdentity.exists(directory):
        try:
            fingerprint = HostIdentity.load_or_create(directory).fingerprint
        except ConfigError as error:
            problem = str(error)
    return {"directory": str(directory), "fingerprint": fingerprint, "problem": problem}
