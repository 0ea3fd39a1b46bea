"""The client's command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wavry import cli
from wavry.backends import AUTO
from wavry.cli import Option, Program
from wavry.client.config import ClientConfig
from wavry.client.session import CLIENT_NAME
from wavry.clipboard.config import OFF, clipboard_directions
from wavry.errors import ConfigError
from wavry.pairing.pin import is_pin

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = Program(
    name="wavry-client",
    description="Show the screen of a wavry host.",
    positionals=(
        Option(
            flag="HOST:PORT",
            metavar="HOST:PORT",
            parse=cli.address,
            help=f"the host; port {cli.DEFAULT_PORT} when left out",
        ),
    ),
    options=(
        Option(flag="--headless", help="no window: decode and measure"),
        Option(flag="--duration", metavar="DURATION", parse=cli.duration, help="leave after this time (stay)"),
        Option(
            flag="--connect-timeout",
            metavar="DURATION",
            parse=cli.duration,
            default=30.0,
            help="how long to try the first connection; a lost one is tried for ever (30s)",
        ),
        Option(
            flag="--record",
            metavar="FILE",
            parse=Path,
            help="write what arrives to FILE.mkv or FILE.mp4, without encoding it again",
        ),
        Option(flag="--snapshot", metavar="FILE", parse=Path, help="write the last picture to FILE.png at the end"),
        Option(flag="--stats-json", metavar="FILE", parse=Path, help="write the figures of the run at the end"),
        Option(flag="--no-auth", help="connect without pairing; only to a loopback address"),
        Option(
            flag="--pin",
            metavar="PIN",
            help="pair with the host, by the six digits that `python -m wavry.server pair` shows there",
        ),
        Option(flag="--name", metavar="NAME", default=CLIENT_NAME, help="what the host calls this client"),
        Option(flag="--fullscreen", help="start in full screen; F11 changes it"),
        Option(flag="--view-only", help="look only: no key, click or pad reaches the host"),
        Option(flag="--overlay", help="start with figures over the picture; F10 changes it"),
        Option(
            flag="--scale",
            metavar="MODE",
            parse=cli.one_of("fit", "1:1", "integer"),
            default="fit",
            help="how large the picture is: fit, 1:1, or integer for whole multiples; Ctrl+Alt+S changes it (fit)",
        ),
        Option(
            flag="--renderer",
            metavar="NAME",
            parse=cli.one_of(AUTO, "accelerated", "software"),
            default=AUTO,
            help="accelerated, software, or auto: the one that measures quickest (auto)",
        ),
        Option(flag="--no-audio", help="no sound"),
        Option(
            flag="--audio-device",
            metavar="NAME",
            help="where sound goes: a PulseAudio sink, or a part of a device's name (the system's default)",
        ),
        Option(
            flag="--volume",
            metavar="PERCENT",
            parse=cli.whole_number,
            default=100,
            help="loudness; Ctrl+Alt+A mutes (100)",
        ),
        Option(
            flag="--clipboard",
            metavar="WAY",
            parse=clipboard_directions,
            default=OFF,
            help="text of clipboards: off, send (this side's goes to the host), receive, or both (off)",
        ),
        *cli.CHECKPOINT_OPTIONS,
        cli.LOG_LEVEL,
        cli.CONFIG_FILE,
    ),
    epilog=(
        "In the window Ctrl+Alt+H opens a menu of all hot-keys and of the host's monitors.\n"
        "--discover instead of an address lists the hosts on this network.\n\n"
        "Exit codes: 0 done, 2 wrong usage, 3 a part is missing on this machine, 4 could not connect or was refused,\n"
        "5 the connection was lost and did not come back."
    ),
)


def read_arguments(arguments: Sequence[str] | None) -> tuple[ClientConfig, dict[str, Any]]:
    """Return what to do, and all values for what both programs do with them.

    Raises:
        ConfigError: A value is wrong, or two do not go together.
    """
    values = PROGRAM.read(arguments)
    for name in ("fullscreen", "overlay"):
        if values[name] and values["headless"]:
            raise ConfigError(f"--{name}", "with --headless", "one of the two")
    if values["record"] is not None:
        from wavry.client.recording import check_recording_path

        check_recording_path(values["record"])
    host, port = values["HOST:PORT"]
    if values["no_auth"] and not cli.is_loopback(host):
        raise ConfigError("--no-auth", f"with {host}:{port}", "only a loopback address")
    if values["pin"] is not None and (values["no_auth"] or not is_pin(values["pin"])):
        raise ConfigError("--pin", "that", "six digits, and not with --no-auth")  # it is a secret, if a wrong one
    config = ClientConfig(
        address=values["HOST:PORT"],
        no_auth=values["no_auth"],
        pin=values["pin"],
        headless=values["headless"],
        duration_s=values["duration"],
        connect_timeout_s=values["connect_timeout"],
        record=values["record"],
        snapshot=values["snapshot"],
        stats_json=values["stats_json"],
        name=values["name"],
        fullscreen=values["fullscreen"],
        renderer=values["renderer"],
        view_only=values["view_only"],
        scale=values["scale"],
        overlay=values["overlay"],
        sound=not values["no_audio"],
        audio_device=values["audio_device"],
        volume_percent=values["volume"],
        clipboard=values["clipboard"],
    )
    return config, values
