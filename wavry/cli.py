"""What both command lines share: options that a file may set too, values with units, and how a program ends.

An option is declared once, as an `Option`; the parser, the help, the TOML file and the error messages come from it.
Flags win over the file, the file over the defaults.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import re
import sys
import tomllib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from wavry.errors import BackendError, ConfigError, ConnectFailedError, ConnectionLostError, WavryError
from wavry.media import Rect, Size
from wavry.memory import CheckpointLog, set_checkpoint_recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class ExitCode(IntEnum):
    """How a wavry program ends."""

    DONE = 0
    USAGE = 2
    """A flag's value is wrong."""
    MISSING_PART = 3
    """Something on this machine is missing."""
    NOT_CONNECTED = 4
    """Could not connect, or was refused."""
    CONNECTION_LOST = 5
    """The connection was lost and did not come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One setting of a program."""

    flag: str
    """As on the command line, `--log-level`; the TOML key is the same without the dashes. A positional one is called
    as the help calls it, `HOST:PORT`."""

    help: str
    metavar: str = ""
    """What stands for the value in the help; a switch has none."""

    parse: Callable[[str], Any] = str
    """Makes the value of the text, or raises ValueError with what is allowed."""

    default: Any = None
    is_list: bool = False
    """Of a positional one: it may be given more than once, and its value is a list."""

    @property
    def key(self) -> str:
        """The name in TOML."""
        return self.flag.removeprefix("--")

    @property
    def name(self) -> str:
        """The name in Python."""
        return self.key.replace("-", "_")

    @property
    def is_switch(self) -> bool:
        """Whether it takes no value."""
        return not self.metavar

    def convert(self, given: object) -> Any:
        """Make the value of what was given.

        Raises:
            ConfigError: It names the flag, the value and what is allowed.
        """
        if self.is_switch:
            if isinstance(given, bool):
                return given
            raise ConfigError(self.flag, given, "true or false")
        if isinstance(given, bool) or not isinstance(given, str | int | float):
            raise ConfigError(self.flag, given, "one value, as on the command line")
        try:
            return self.parse(str(given))
        except ConfigError:
            raise
        except ValueError as error:
            raise ConfigError(self.flag, given, str(error)) from error


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(ExitCode.USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A command line. The value of a positional argument is called as the help calls it."""

    name: str
    description: str
    options: tuple[Option, ...]
    positionals: tuple[Option, ...] = ()
    epilog: str = ""

    def read(self, arguments: Sequence[str] | None) -> dict[str, Any]:
        """Return the value of every option.

        Raises:
            ConfigError: A value can't be.
            SystemExit: After `--help`, or for an unknown flag.
        """
        given = vars(self._parser().parse_args(arguments))
        values: dict[str, Any] = {
            option.name: bool(option.default) if option.is_switch else option.default for option in self.options
        }
        if "config" in given:
            values |= self._read_file(Path(given["config"]))
        values |= {option.name: option.convert(given[option.name]) for option in self.options if option.name in given}
        return values | {option.flag: _convert_all(option, given[option.flag]) for option in self.positionals}

    def _parser(self) -> argparse.ArgumentParser:
        parser = _Parser(
            prog=self.name,
            description=self.description,
            epilog=self.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            argument_default=argparse.SUPPRESS,
            allow_abbrev=False,
        )
        for option in self.positionals:
            many: dict[str, Any] = {"nargs": "+"} if option.is_list else {}
            parser.add_argument(option.flag, metavar=option.metavar, help=option.help, **many)
        for option in self.options:
            if option.is_switch:
                parser.add_argument(option.flag, dest=option.name, action="store_true", help=option.help)
            else:
                parser.add_argument(option.flag, dest=option.name, metavar=option.metavar, help=option.help)
        return parser

    def _read_file(self, path: Path) -> dict[str, Any]:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError("--config", path, f"a readable TOML file ({error})") from error
        known = {option.key: option for option in self.options if option is not CONFIG_FILE}
        unknown = sorted(set(table) - set(known))
        if unknown:
            raise ConfigError("--config", f"{path}: {unknown[0]}", "the names of the flags without dashes in front")
        return {known[key].name: known[key].convert(value) for key, value in table.items()}


def _convert_all(option: Option, given: Any) -> Any:
    return [option.convert(each) for each in given] if option.is_list else option.convert(given)


# Values with units. Each raises ValueError with what is allowed.

_NUMBER = r"(\d{1,15}(?:\.\d{1,15})?)"  # no more digits than a float holds
_DURATION = re.compile(_NUMBER + "(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_AMOUNT = re.compile(_NUMBER + "([kMG]?)")
_FACTORS = {"": 1, "k": 1000, "M": 1_000_000, "G": 1_000_000_000}


def duration(text: str) -> float:
    """Return seconds: `90s`, `10m`, `24h`, `250ms`; a bare number is seconds."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("a duration like 90s, 10m or 24h")
    return float(match[1]) * _SECONDS[match[2] or "s"]


def amount(text: str) -> int:
    """Return a number with an optional k, M or G (powers of 1000): `20M`."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError("a number like 20M, 800k or 1500000")
    return round(float(match[1]) * _FACTORS[match[2]])


def size(text: str) -> Size:
    """Return `1280x720` as a Size."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None or not int(match[1]) or not int(match[2]):
        raise ValueError("a size like 1280x720")
    return Size(int(match[1]), int(match[2]))


def region(text: str) -> Rect:
    """Return `X,Y,W,H` as a Rect."""
    match = re.fullmatch(r"(-?\d+),(-?\d+),(\d+),(\d+)", text)
    if match is None:
        raise ValueError("a region like 0,0,1280,720 (x, y, width, height)")
    return Rect(*(int(number) for number in match.groups()))


def is_loopback(host: str) -> bool:
    """Whether an address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(text: str) -> tuple[str, int]:
    """Return `HOST:PORT` or `[V6]:PORT` as host and port; the port is 4790 when left out."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:\s]+)(?::(\d{1,5}))?", text)
    if match is None or int(match[2] or match[4] or 0) > 65535:
        raise ValueError("an address like 127.0.0.1:4790 or [::1]:4790")
    return match[1] or match[3], int(match[2] or match[4] or DEFAULT_PORT)


DEFAULT_PORT = 4790


def whole_number(text: str) -> int:
    """Return a whole number of 0 or more."""
    if not text.isdecimal():
        raise ValueError("a whole number")
    return int(text)


def one_of(*names: str) -> Callable[[str], str]:
    """Return a parser that takes one of some words."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(", ".join(names))
        return text

    return parse


LOG_LEVEL = Option(
    flag="--log-level",
    metavar="LEVEL",
    parse=one_of("debug", "info", "warning", "error"),
    default="info",
    help="how much to say on stderr: debug, info, warning or error (info)",
)
CONFIG_FILE = Option(
    flag="--config", metavar="FILE", help="TOML file with the same names as the flags; flags win over it"
)


CHECKPOINT_OPTIONS = (
    Option(flag="--log-memory-checkpoints", help="write MemoryCheckpoint lines to stderr"),
    Option(
        flag="--memory-checkpoint-interval",
        metavar="DURATION",
        parse=duration,
        default=60.0,
        help="least time between two lines of the same checkpoint (60s)",
    ),
)


def set_up_checkpoints(values: dict[str, Any]) -> None:
    """Start writing checkpoint lines, if that was asked for with `CHECKPOINT_OPTIONS`."""
    if values["log_memory_checkpoints"]:
        set_checkpoint_recorder(CheckpointLog(values["memory_checkpoint_interval"], sys.stderr))


# How a program ends.


def set_up_logging(level: str) -> None:
    """Send wavry's log to stderr, one line an event."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S"))
    root = logging.getLogger("wavry")
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    root.propagate = False


def exit_code(error: WavryError) -> ExitCode:
    """Return the exit code that tells of an error."""
    match error:
        case ConfigError():
            return ExitCode.USAGE
        case BackendError():
            return ExitCode.MISSING_PART
        case ConnectFailedError():
            return ExitCode.NOT_CONNECTED
        case ConnectionLostError():
            return ExitCode.CONNECTION_LOST
    return ExitCode.MISSING_PART


def run_program(name: str, main: Callable[[], None]) -> int:
    """Run a program's main function and return its exit code; a failure of a known kind is one line on stderr."""
    try:
        main()
    except WavryError as error:
        return _report(name, error)
    except ExceptionGroup as group:
        first = first_wavry_error(group)
        if first is None:
            raise
        return _report(name, first)
    except KeyboardInterrupt:
        return ExitCode.DONE
    return ExitCode.DONE


def _report(name: str, error: WavryError) -> int:
    print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - the program's last word
    return exit_code(error)


def first_wavry_error(group: BaseExceptionGroup[BaseException]) -> WavryError | None:
    """Return the error to report, or None if something among them is a fault of ours that needs its traceback."""
    found: WavryError | None = None
    for error in group.exceptions:
        inner = first_wavry_error(error) if isinstance(error, BaseExceptionGroup) else error
        if not isinstance(inner, WavryError):
            return None
        found = found or inner
    return found
