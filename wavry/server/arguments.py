"""The host's command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wavry import cli
from wavry.backends import AUTO
from wavry.capture import CaptureConfig
from wavry.capture.sound import SOURCES, SYSTEM, SoundCaptureConfig
from wavry.cli import Option, Program
from wavry.clipboard.config import OFF, clipboard_directions
from wavry.encode.config import MAX_BITRATE_BPS, MAX_DIMENSION, MIN_BITRATE_BPS
from wavry.encode.registry import encoder_names
from wavry.encode.stage import EncodeStageConfig
from wavry.errors import ConfigError
from wavry.input import input_names
from wavry.media import Codec, Size
from wavry.rift import Right
from wavry.rift.fec import MAX_REDUNDANCY, MIN_REDUNDANCY
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.commands import parse_rights
from wavry.server.config import MAX_VIEWERS, HostConfig

if TYPE_CHECKING:
    from collections.abc import Sequence


def redundancy(text: str) -> float | None:
    """Return `auto` as None, `off` as 0, and a share as it is.

    Raises:
        ValueError: It is none of these.
    """
    if text in ("auto", "off"):
        return None if text == "auto" else 0.0
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not MIN_REDUNDANCY <= share <= MAX_REDUNDANCY:
        raise ValueError(f"auto, off, or {MIN_REDUNDANCY:g} to {MAX_REDUNDANCY:g}")
    return share


_CODECS = tuple(codec.value for codec in Codec)

PROGRAM = Program(
    name="wavry-server",
    description="Stream this machine's screen to wavry clients.",
    options=(
        Option(
            flag="--listen",
            metavar="HOST:PORT",
            parse=cli.address,
            default=("0.0.0.0", cli.DEFAULT_PORT),
            help="UDP address to listen on; port 0 picks a free one (0.0.0.0:4790)",
        ),
        Option(
            flag="--source",
            metavar="SOURCE",
            default="screen",
            help="what to stream: screen, testcard (moves, with a readable frame number), or a video file, looped",
        ),
        Option(
            flag="--monitor",
            metavar="N",
            parse=cli.whole_number,
            help="which monitor: 0 is the primary one (the primary one)",
        ),
        Option(
            flag="--region", metavar="X,Y,W,H", parse=cli.region, help="only this part of the screen, in pixels (all)"
        ),
        Option(
            flag="--size",
            metavar="WxH",
            parse=cli.size,
            help="send at most this size, shape kept (the screen's own)",
        ),
        Option(
            flag="--capture", metavar="NAME", default=AUTO, help="capture back end, see python -m wavry.doctor (auto)"
        ),
        Option(flag="--encoder", metavar="NAME", default=AUTO, help="encoder, see python -m wavry.doctor (auto)"),
        Option(
            flag="--codec", metavar="CODEC", parse=cli.one_of(*_CODECS), default="h264", help="h264, hevc or av1 (h264)"
        ),
        Option(flag="--fps", metavar="N", parse=cli.whole_number, default=60, help="most frames per second (60)"),
        Option(
            flag="--bitrate", metavar="BPS", parse=cli.amount, default=20_000_000, help="most bits per second (20M)"
        ),
        Option(
            flag="--fec",
            metavar="SHARE",
            parse=redundancy,
            help="parity over packets: auto follows the losses, off, or 0.05 to 0.5 (auto)",
        ),
        Option(
            flag="--audio",
            metavar="SOUND",
            parse=cli.one_of(*SOURCES),
            default=SYSTEM,
            help="what to hear: system (what this machine plays), mic, tone (1 kHz), or off (system)",
        ),
        Option(
            flag="--audio-device",
            metavar="NAME",
            help="the device to record, by its name or a part of it; with system one that plays (the default one)",
        ),
        Option(
            flag="--input",
            metavar="NAME",
            parse=cli.one_of(*input_names()),
            default=AUTO,
            help=f"how clients' keys and pointer get here: {', '.join(input_names())} (auto)",
        ),
        Option(
            flag="--viewers",
            metavar="N",
            parse=cli.whole_number,
            default=4,
            help=f"most who watch at once, 1 to {MAX_VIEWERS} (4)",
        ),
        Option(
            flag="--rights",
            metavar="LIST",
            parse=parse_rights,
            default=ALL_RIGHTS,
            help=f"what clients may do, with commas: {', '.join(Right)} (all)",
        ),
        Option(
            flag="--clipboard",
            metavar="WAY",
            parse=clipboard_directions,
            default=OFF,
            help="text of clipboards: off, send (this side's goes to clients), receive, or both (off)",
        ),
        Option(flag="--no-auth", help="let anybody in; only with a loopback --listen"),
        Option(flag="--no-discovery", help="do not announce the host on the network (mDNS, _wavry._udp)"),
        Option(
            flag="--stream-for",
            metavar="DURATION",
            parse=cli.duration,
            help="stream from the start, watched or not, then stop (for ever, while watched)",
        ),
        Option(
            flag="--memory-limit",
            metavar="SIZE",
            parse=cli.amount,
            help="refuse to start if more than this may be needed, for example 300M (no limit)",
        ),
        *cli.CHECKPOINT_OPTIONS,
        Option(
            flag="--memory-report",
            metavar="FILE",
            parse=Path,
            help="write a JSON report on memory at the end, and at each SIGUSR1",
        ),
        Option(
            flag="--dashboard",
            metavar="HOST:PORT",
            parse=cli.address,
            help="TCP address of a page that shows this host, /metrics (Prometheus) and /api/memory; port 0 picks one",
        ),
        Option(
            flag="--web",
            metavar="HOST:PORT",
            parse=cli.address,
            help="TCP address of a page that makes a browser a client; port 0 picks one",
        ),
        Option(
            flag="--tls-cert",
            metavar="FILE",
            parse=Path,
            help="certificate chain of these pages, PEM (off loopback the host's own, which browsers ask about)",
        ),
        Option(flag="--tls-key", metavar="FILE", parse=Path, help="and its key, PEM"),
        cli.LOG_LEVEL,
        cli.CONFIG_FILE,
    ),
    epilog=(
        "python -m wavry.server pair: let a client in for good, by a PIN. python -m wavry.server clients: list,\n"
        "rename, revoke them, and say what they may do.\n"
        "Exit codes: 0 done, 2 wrong usage, 3 a part is missing on this machine."
    ),
)


def read_arguments(arguments: Sequence[str] | None) -> tuple[HostConfig, dict[str, Any]]:
    """Return what to do, and all values for what both programs do with them.

    Raises:
        ConfigError: A value is wrong, or two do not go together.
    """
    values = PROGRAM.read(arguments)
    codec = Codec(values["codec"])
    encoders = (AUTO, *encoder_names(codec))
    if values["encoder"] not in encoders:
        raise ConfigError("--encoder", values["encoder"], f"with --codec {codec.value} one of {', '.join(encoders)}")
    return _host_config(values, codec), values


def _host_config(values: dict[str, Any], codec: Codec) -> HostConfig:
    host, port = values["listen"]
    if values["no_auth"] and not cli.is_loopback(host):
        raise ConfigError("--no-auth", f"with --listen {host}:{port}", "only a loopback address")
    size: Size | None = values["size"]
    if size is not None and (min(size) < 16 or max(size) > MAX_DIMENSION):
        raise ConfigError("--size", size, f"16x16 to {MAX_DIMENSION}x{MAX_DIMENSION}")
    stream_for: float | None = values["stream_for"]
    if stream_for is not None and stream_for <= 0:
        raise ConfigError("--stream-for", values["stream_for"], "more than 0")
    capture = CaptureConfig(
        source=values["source"],
        backend=values["capture"],
        monitor=values["monitor"],
        region=values["region"],
        fps=values["fps"],
        size=size if values["source"] == "testcard" else None,
    )
    if not 1 <= values["viewers"] <= MAX_VIEWERS:
        raise ConfigError("--viewers", values["viewers"], f"1 to {MAX_VIEWERS}")
    bitrate_bps = values["bitrate"]
    if not MIN_BITRATE_BPS <= bitrate_bps <= MAX_BITRATE_BPS:
        raise ConfigError("--bitrate", bitrate_bps, "100k to 1G")
    encode = EncodeStageConfig(
        codec=codec, encoder=values["encoder"], fps=values["fps"], bitrate_bps=bitrate_bps, box=size
    )
    _check_pages(values)
    return HostConfig(
        capture=capture,
        encode=encode,
        sound=SoundCaptureConfig(source=values["audio"], device=values["audio_device"]),
        max_viewers=values["viewers"],
        rights=values["rights"],
        input=values["input"],
        clipboard=values["clipboard"],
        redundancy=values["fec"],
        listen=(host, port),
        no_auth=values["no_auth"],
        discovery=not values["no_discovery"],
        stream_for_s=stream_for,
        memory_limit_bytes=values["memory_limit"],
        memory_report=values["memory_report"],
        dashboard=values["dashboard"],
        web=values["web"],
        tls_cert=values["tls_cert"],
        tls_key=values["tls_key"],
    )


def _check_pages(values: dict[str, Any]) -> None:
    """Refuse what does not go together.

    Raises:
        ConfigError: One file of two was given, or one of no use, or both pages want the same address.
    """
    dashboard, web, certificate, key = (values[name] for name in ("dashboard", "web", "tls_cert", "tls_key"))
    if (certificate is None) != (key is None):
        flag, other = ("--tls-cert", "--tls-key") if key is None else ("--tls-key", "--tls-cert")
        raise ConfigError(flag, certificate or key, f"only together with {other}")
    if certificate is not None and dashboard is None and web is None:
        raise ConfigError("--tls-cert", certificate, "only with --dashboard or --web")
    if web is not None and web == dashboard and web[1] != 0:
        raise ConfigError("--web", f"{web[0]}:{web[1]}", "another port than that of --dashboard")
