"""A real sound server for a test: PulseAudio with two sinks that lead nowhere, in a directory of its own."""

from __future__ import annotations

import array
import math
import os
import subprocess
import threading
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

START_TIMEOUT_S = 20.0

HOST_SINK, CLIENT_SINK = "host", "client"
SURROUND = "front-left,front-right,rear-left,rear-right,front-center,lfe"
"""5.1 as sound cards have it."""

_RATE = 48_000


class SoundServer:
    """A PulseAudio whose default sink is `host`; beside it is `client`. Ends with the block.

    It talks to nobody else: its socket is in `directory`, it has no devices, no D-Bus, and starts no second one.

    Args:
        directory: Its home and runtime directory; empty at first. Short, since a socket's path has 108 bytes.
        channels: Of the sinks.
        like: A server that has ended, whose clients are to find this one in its place.
    """

    def __init__(self, directory: Path, *, channels: int = 2, like: SoundServer | None = None) -> None:
        self._runtime = directory / "run"
        self._runtime.mkdir(mode=0o700)
        self._log = directory / "pulseaudio.log"
        self.environment = {
            "HOME": str(directory),
            "XDG_RUNTIME_DIR": str(directory),
            "PULSE_RUNTIME_PATH": str(self._runtime),
            "PULSE_SERVER": f"unix:{self._runtime / 'native'}",
            "PULSE_COOKIE": str(directory / "cookie"),
        }
        """What a program needs to find this server and no other."""
        if like is not None:
            self.environment |= {name: like.environment[name] for name in ("PULSE_SERVER", "PULSE_COOKIE")}
        socket = self.environment["PULSE_SERVER"].removeprefix("unix:")
        shape = f"rate={_RATE} channels={channels}" + (f" channel_map={SURROUND}" if channels == 6 else "")
        sinks = [f"module-null-sink sink_name={name} {shape}" for name in (HOST_SINK, CLIENT_SINK)]
        modules = [f"module-native-protocol-unix socket={socket}", *sinks]
        arguments = [argument for module in modules for argument in ("-L", module)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["pulseaudio", "--daemonize=no", "--system=false", "--use-pid-file=no", "--exit-idle-time=-1",
                 "--disable-shm=yes", "--realtime=no", "--high-priority=no", "-n", *arguments],
                env=self.variables(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )  # fmt: skip
        try:
            self._wait_until_ready()
            self.set_default_sink(HOST_SINK)
        except BaseException:
            self.kill()
            raise

    def variables(self) -> dict[str, str]:
        """Return the environment of a program that is to play or record here."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULSE_", "DBUS_"))}
        return kept | self.environment

    def _wait_until_ready(self) -> None:
        deadline = monotonic() + START_TIMEOUT_S
        while self._pactl("info").returncode != 0:
            if self._process.poll() is not None or monotonic() > deadline:
                raise RuntimeError(f"PulseAudio did not start: {self._log.read_text()}")

    def _pactl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *arguments], env=self.variables(), capture_output=True, text=True, check=False, timeout=20
        )

    def pactl(self, *arguments: str) -> str:
        """Run pactl and return what it prints."""
        run = self._pactl(*arguments)
        if run.returncode != 0:
            raise RuntimeError(f"pactl {' '.join(arguments)}: {run.stderr}")
        return run.stdout.strip()

    def set_default_sink(self, name: str) -> None:
        """Make another sink the one that programs play to."""
        self.pactl("set-default-sink", name)

    def add_sink(self, name: str) -> str:
        """Plug in a sink and return the number to pull it out by."""
        return self.pactl("load-module", "module-null-sink", f"sink_name={name}", f"rate={_RATE}")

    def pull_out(self, number: str) -> None:
        """Unload a module, which is how a device is pulled out."""
        self.pactl("unload-module", number)

    def play(
        self, samples: bytes, sink: str = HOST_SINK, *, channels: int = 2, channel_map: str = "", latency_ms: int = 20
    ) -> Player:
        """Play samples of 16 bits to a sink, again and again. A busy machine runs dry unless the latency is high."""
        options = [f"--channels={channels}", *([f"--channel-map={channel_map}"] if channel_map else [])]
        options.append(f"--latency-msec={latency_ms}")
        return Player(samples, sink, options, self.variables())

    def kill(self) -> None:
        """End the server as a crash would: at once."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> SoundServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()


class Player:
    """A program that plays, `pacat`; ends with the block."""

    def __init__(self, samples: bytes, sink: str, options: list[str], variables: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["pacat", "--playback", "--raw", f"--device={sink}", f"--rate={_RATE}", "--format=s16le", *options],
            env=variables,
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._feeder = threading.Thread(target=self._feed, args=(samples,), daemon=True)
        self._feeder.start()

    def _feed(self, samples: bytes) -> None:
        pipe = self._process.stdin
        try:
            while pipe is not None:
                pipe.write(samples)
        except OSError:
            pass  # it has ended

    def end(self) -> None:
        """Stop playing."""
        self._process.kill()
        self._process.wait()
        self._feeder.join()
        if self._process.stdin is not None:
            try:
                self._process.stdin.close()
            except OSError:
                pass  # what was left in it has nowhere to go

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()


def tone(frequency: float, seconds: float, *, channels: int = 2, level: int = 8_192) -> bytes:
    """Return samples of a sine, the same in all channels; whole waves, if that is what `seconds` holds."""
    samples = array.array("h")
    for index in range(round(seconds * _RATE)):
        samples.extend([round(level * math.sin(2 * math.pi * frequency * index / _RATE))] * channels)
    return samples.tobytes()
