from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from wavry import cli
from wavry.cli import ExitCode, Option, Program
from wavry.errors import (
    BackendUnavailableError,
    ConfigError,
    ConnectFailedError,
    ConnectionLostError,
    EncodeError,
    NoBackendError,
    WavryError,
)
from wavry.media import Rect, Size

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = Program(
    name="prog",
    description="A program.",
    positionals=(Option(flag="HOST:PORT", metavar="HOST:PORT", parse=cli.address, help="where"),),
    options=(
        Option(flag="--fps", metavar="N", parse=cli.whole_number, default=60, help="frames per second"),
        Option(flag="--stream-for", metavar="DURATION", parse=cli.duration, help="how long"),
        Option(flag="--name", metavar="NAME", default="nobody", help="a name"),
        Option(flag="--headless", help="no window"),
        cli.LOG_LEVEL,
        cli.CONFIG_FILE,
    ),
)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (cli.duration, "90s", 90.0),
        (cli.duration, "10m", 600.0),
        (cli.duration, "24h", 86400.0),
        (cli.duration, "2d", 172800.0),
        (cli.duration, "250ms", 0.25),
        (cli.duration, "1.5", 1.5),
        (cli.amount, "20M", 20_000_000),
        (cli.amount, "800k", 800_000),
        (cli.amount, "1.5G", 1_500_000_000),
        (cli.amount, "1500000", 1_500_000),
        (cli.size, "1280x720", Size(1280, 720)),
        (cli.region, "0,0,1280,720", Rect(0, 0, 1280, 720)),
        (cli.region, "-1920,-10,100,50", Rect(-1920, -10, 100, 50)),
        (cli.address, "127.0.0.1:4790", ("127.0.0.1", 4790)),
        (cli.address, "example.org", ("example.org", 4790)),
        (cli.address, "example.org:0", ("example.org", 0)),
        (cli.address, "[::1]:5000", ("::1", 5000)),
        (cli.address, "[::1]", ("::1", 4790)),
        (cli.whole_number, "0", 0),
        (cli.whole_number, "144", 144),
        (cli.one_of("h264", "av1"), "av1", "av1"),
    ],
)
def test_values_are_read(parse: Any, text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "texts"),
    [
        (cli.duration, ["", "s", "10 s", "-1s", "1w", "1e3", "nan", "inf", "1.s"]),
        (cli.amount, ["", "M", "-5", "20 M", "20m", "1e6", "0x10"]),
        (cli.size, ["", "1280", "1280x", "x720", "0x720", "1280x0", "-1x5", "1280X720", "1280x720x2"]),
        (cli.region, ["", "1,2,3", "1,2,3,4,5", "1,2,-3,4", "a,b,c,d", "1;2;3;4"]),
        (cli.address, ["", ":4790", "host:", "host:65536", "host:123456", "::1", "[::1", "host:port", "a b:1"]),
        (cli.whole_number, ["", "-1", "1.5", "one", "1k"]),
        (cli.one_of("h264", "av1"), ["", "H264", "vp9"]),
    ],
)
def test_other_values_are_refused_with_what_is_allowed(parse: Any, texts: list[str]) -> None:
    for text in texts:
        with pytest.raises(ValueError, match=r".{3,}"):
            parse(text)


def test_one_of_names_its_words() -> None:
    with pytest.raises(ValueError, match="h264, av1"):
        cli.one_of("h264", "av1")("vp9")


def test_without_flags_the_defaults_hold() -> None:
    assert PROGRAM.read(["example.org"]) == {
        "HOST:PORT": ("example.org", 4790),
        "fps": 60,
        "stream_for": None,
        "name": "nobody",
        "headless": False,
        "log_level": "info",
        "config": None,
    }


def test_flags_win_over_the_file_and_the_file_over_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text('fps = 30\nstream-for = "2m"\nheadless = true\nname = "file"\n')
    values = PROGRAM.read(["example.org", "--config", str(file), "--name", "flag"])
    assert (values["fps"], values["stream_for"], values["headless"]) == (30, 120.0, True)
    assert values["name"] == "flag"


def test_a_flag_that_repeats_the_default_wins_over_the_file_too(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text("fps = 30\n")
    assert PROGRAM.read(["h", "--config", str(file), "--fps", "60"])["fps"] == 60


def test_a_false_switch_in_the_file_stays_false(tmp_path: Path) -> None:
    file = tmp_path / "w.toml"
    file.write_text("headless = false\n")
    assert PROGRAM.read(["h", "--config", str(file)])["headless"] is False


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("speed = 1\n", "speed: allowed is the names of the flags"),
        ("fps = -1\n", "--fps -1: allowed is a whole number"),
        ("fps = true\n", "--fps True: allowed is one value"),
        ("fps = [60]\n", r"--fps \[60\]: allowed is"),
        ('name = ["a", "b"]\n', "--name .*: allowed is"),
        ("name = {a = 1}\n", "--name .*: allowed is"),
        ("name = true\n", "--name True: allowed is"),
        ("headless = 1\n", "--headless 1: allowed is true or false"),
        ('config = "other.toml"\n', "config: allowed is the names of the flags"),
        ("fps = \n", "a readable TOML file"),
    ],
)
def test_what_can_not_stand_in_the_file_is_refused_in_one_line(tmp_path: Path, toml: str, message: str) -> None:
    file = tmp_path / "w.toml"
    file.write_text(toml)
    with pytest.raises(ConfigError, match=message):
        PROGRAM.read(["h", "--config", str(file)])


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not UTF-8"])
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "w.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"--config .*w\.toml"):
        PROGRAM.read(["h", "--config", str(file)])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["h", "--fps", "fast"], "--fps fast: allowed is a whole number"),
        (["h", "--stream-for", "9" * 400], "--stream-for 9+"),
        (["h", "--log-level", "loud"], "--log-level loud: allowed is debug, info, warning, error"),
        (["h:99999"], "HOST:PORT h:99999: allowed is an address"),
    ],
)
def test_a_wrong_value_is_named_with_its_flag_and_what_is_allowed(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PROGRAM.read(arguments)


def test_a_number_beyond_all_measure_is_refused_like_any_other() -> None:
    option = Option(flag="--bitrate", metavar="BPS", parse=cli.amount, help="")
    with pytest.raises(ConfigError, match="--bitrate"):
        option.convert("9" * 400)


@pytest.mark.parametrize("arguments", [["h", "--speed", "1"], ["h", "--fps"], [], ["h", "--fp", "3"]])
def test_unknown_flags_and_missing_values_end_with_2_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        PROGRAM.read(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("prog: ")


def test_help_names_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        PROGRAM.read(["--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert all(option.flag in said for option in PROGRAM.options)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("--fps", 0, "1 to 240"), 2),
        (NoBackendError("screen", ()), 3),
        (BackendUnavailableError("x11", "no DISPLAY"), 3),
        (ConnectFailedError("h:1", "nobody"), 4),
        (ConnectionLostError("gone"), 5),
        (EncodeError("libx264", "broke"), 3),
        (WavryError("something"), 3),
    ],
)
def test_each_kind_of_failure_has_its_exit_code_and_one_line(
    error: WavryError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise error

    assert cli.run_program("prog", main) == code
    assert capsys.readouterr().err == f"prog: {error}\n"


def test_a_program_that_ends_or_is_interrupted_is_done() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    assert cli.run_program("prog", lambda: None) == ExitCode.DONE
    assert cli.run_program("prog", interrupted) == ExitCode.DONE


def test_the_first_known_failure_of_a_group_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        inner = ExceptionGroup("inner", [ConnectionLostError("gone"), ConfigError("--fps", 0, "more")])
        raise ExceptionGroup("outer", [inner, WavryError("later")])

    assert cli.run_program("prog", main) == 5
    assert capsys.readouterr().err == "prog: gone\n"


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    def alone() -> None:
        raise ZeroDivisionError

    def in_a_group() -> None:
        raise ExceptionGroup("outer", [ConnectionLostError("gone"), ExceptionGroup("inner", [ZeroDivisionError()])])

    with pytest.raises(ZeroDivisionError):
        cli.run_program("prog", alone)
    with pytest.raises(ExceptionGroup):
        cli.run_program("prog", in_a_group)


def test_the_log_goes_to_stderr_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger("wavry")
    before = root.handlers[:], root.level, root.propagate
    try:
        cli.set_up_logging("info")
        cli.set_up_logging("warning")
        logging.getLogger("wavry.test").info("quiet")
        logging.getLogger("wavry.test").warning("loud %d", 1)
    finally:
        root.handlers[:], root.propagate = before[0], before[2]
        root.setLevel(before[1])
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.endswith("WARNING wavry.test: loud 1\n")
