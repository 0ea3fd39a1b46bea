"""The doctor, as a user runs it, on a machine without a screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sound import SoundServer
from wavry.doctor.quiet import quiet

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_A_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY")


def doctor(data_home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in WITHOUT_A_SCREEN}
    environment |= {"PULSE_SERVER": f"unix:{data_home}-has-none"}
    return subprocess.run(
        [sys.executable, "-m", "wavry.doctor", *arguments],
        env=environment | {"XDG_DATA_HOME": str(data_home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def data_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def report(data_home: Path) -> dict[str, Any]:
    run = doctor(data_home, "--json")
    assert (run.returncode, run.stderr) == (0, "")
    parsed: dict[str, Any] = json.loads(run.stdout)
    return parsed


def finding(report: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    (found,) = [each for each in report["back_ends"][kind] if each["name"] == name]
    return dict(found)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("source", "testcard"),
        ("source", "file"),
        ("encoder h264", "libx264"),
        ("encoder hevc", "libx265"),
        ("encoder av1", "libsvtav1"),
        ("decoder h264", "h264"),
        ("decoder hevc", "hevc"),
        ("decoder av1", "av1"),
        ("sound", "tone"),
    ],
)
def test_what_every_machine_has_is_available(report: dict[str, Any], kind: str, name: str) -> None:
    assert finding(report, kind, name)["available"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
@pytest.mark.parametrize(
    ("kind", "name"), [("capture", "x11"), ("capture", "mss"), ("renderer", "software"), ("cursor", "x11")]
)
def test_without_a_screen_what_needs_one_is_refused_with_a_reason(report: dict[str, Any], kind: str, name: str) -> None:
    found = finding(report, kind, name)
    assert not found["available"]
    assert found["reason"]


def test_every_refusal_has_a_reason_that_does_not_repeat_the_name(report: dict[str, Any]) -> None:
    refused = [each for findings in report["back_ends"].values() for each in findings if not each["available"]]
    assert all(each["reason"] for each in refused)
    assert not [each for each in refused if each["reason"].startswith(f"{each['name']}:")]


def test_every_candidate_of_the_registries_is_examined(report: dict[str, Any]) -> None:
    from wavry.capture.cursor import CURSOR_CANDIDATES
    from wavry.capture.registry import SCREEN_CANDIDATES
    from wavry.encode.registry import encoder_names
    from wavry.media import Codec

    def names(kind: str) -> list[str]:
        return [each["name"] for each in report["back_ends"][kind]]

    assert names("capture") == [candidate.name for candidate in SCREEN_CANDIDATES]
    assert names("cursor") == [candidate.name for candidate in CURSOR_CANDIDATES]
    for codec in Codec:
        assert names(f"encoder {codec.value}") == list(encoder_names(codec))


def test_ways_to_sound_are_examined_and_without_a_server_refused_with_a_reason(report: dict[str, Any]) -> None:
    from wavry.capture.sound.registry import DEVICE_CANDIDATES

    names = [candidate.name for candidate in DEVICE_CANDIDATES]
    assert [each["name"] for each in report["back_ends"]["sound"]] == [*names, "tone"]
    assert "no sound server" in finding(report, "sound", "pulse")["reason"]


@pytest.mark.integration
def test_what_plays_is_named_where_there_is_a_sound_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wavry.doctor.back_ends import _sounds

    with SoundServer(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        (pulse,) = [each for each in _sounds() if each.name == "pulse"]
    assert pulse.is_available, pulse.reason
    assert pulse.reason == "stereo; Monitor of Null Output"


def test_which_opus_is_used_is_told(report: dict[str, Any]) -> None:
    assert report["libraries"]["Opus"].startswith("libopus ")
    assert "through opuslib" in report["libraries"]["Opus"] or "PyAV" in report["libraries"]["Opus"]


def test_limits_are_measured(report: dict[str, Any]) -> None:
    limits = report["limits"]
    assert limits["cores"] >= 1
    assert 0 < limits["memory_available_bytes"] <= limits["memory_bytes"]
    assert limits["udp_receive_buffer_bytes"] > 0


def test_no_key_is_made_and_none_is_reported(report: dict[str, Any], data_home: Path) -> None:
    assert report["identity"]["fingerprint"] is None
    assert list(data_home.iterdir()) == []


def test_a_key_is_reported_by_its_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wavry.doctor.machine import identity
    from wavry.keyfile import data_directory
    from wavry.transport.identity import HostIdentity

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    key = HostIdentity.load_or_create(data_directory())
    assert identity()["fingerprint"] == key.fingerprint


def test_a_file_that_is_no_key_is_reported_as_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wavry.doctor.machine import identity
    from wavry.keyfile import data_directory

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    data_directory().mkdir(parents=True)
    (data_directory() / "host-key.pem").write_text("not a key")
    found = identity()
    assert found["fingerprint"] is None
    assert "host-key.pem" in str(found["problem"])


def test_the_text_for_people_has_a_line_for_each_back_end(data_home: Path, report: dict[str, Any]) -> None:
    run = doctor(data_home)
    assert (run.returncode, run.stderr) == (0, "")
    shown = [line.split()[:2] for line in run.stdout.partition("\n\nlibraries\n")[0].splitlines()]
    for findings in report["back_ends"].values():
        for each in findings:
            assert [each["name"], "available" if each["available"] else "refused"] in shown


def test_an_unknown_flag_ends_with_code_2_and_one_line(data_home: Path) -> None:
    run = doctor(data_home, "--xml")
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "--xml" in run.stderr


def test_quiet_swallows_what_c_code_prints_and_restores_both_streams(capfd: pytest.CaptureFixture[str]) -> None:
    with quiet():
        os.write(1, b"noise\n")
        os.write(2, b"noise\n")
    os.write(1, b"answer\n")
    os.write(2, b"trouble\n")
    assert capfd.readouterr() == ("answer\n", "trouble\n")
