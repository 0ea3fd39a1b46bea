"""Who gets in, with the real programs: pairing, refusal, revocation, somebody in between."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support.programs import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

SMALL = ("--source", "testcard", "--size", "320x180", "--fps", "30", "--audio", "off")


class Machine:
    """A host, and what its user types there."""

    def __init__(self, home: Path, *flags: str) -> None:
        home.mkdir()
        self.home = home
        self.host = Program("wavry.server", "--listen", "127.0.0.1:0", *SMALL, *flags, home=home)
        self.address = self.host.ready_address()

    def command(self, *arguments: str) -> tuple[int, list[str]]:
        with Program("wavry.server", *arguments, home=self.home) as command:
            code = command.wait()
            return code, command.lines

    def pin(self) -> str:
        code, lines = self.command("pair")
        assert code == 0, lines
        match = re.fullmatch(r"PIN (\d{6}), valid for 60 s: .*--pin \1", lines[0])
        assert match, lines
        return match[1]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path / "host", "--no-discovery")
    with found.host:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "client").mkdir()
    return tmp_path / "client"


def visit(home: Path, address: str, *arguments: str) -> tuple[int, list[str]]:
    """Connect for two seconds; return the exit code and what was printed."""
    flags = ("--headless", "--duration", "2s", "--stats-json", "stats.json", *arguments)
    with Program("wavry.client", address, *flags, home=home) as client:
        return client.wait(), client.lines


def frames_seen(home: Path) -> int:
    return int(json.loads((home / "stats.json").read_text())["video"]["frames_decoded"])


def test_a_client_is_paired_once_comes_again_and_is_revoked_while_it_watches(machine: Machine, home: Path) -> None:
    pin = machine.pin()
    assert visit(home, machine.address, "--pin", pin, "--name", "laptop")[0] == 0
    assert frames_seen(home) > 10
    assert visit(home, machine.address)[0] == 0
    assert frames_seen(home) > 10
    code, lines = machine.command("clients")
    assert (code, len(lines)) == (0, 1)
    assert "laptop" in lines[0]
    assert machine.command("clients", "rights", "laptop", "view")[0] == 0
    with Program("wavry.client", machine.address, "--headless", home=home) as watching:
        watching.wait_for("stream: h264")
        assert machine.command("clients", "rights", "laptop", "view,audio")[0] == 0
        machine.host.wait_for(r"wavry\.audit: laptop \(.*\) may from now on: audio, view$")
        assert machine.command("clients", "revoke", "laptop")[0] == 0
        assert watching.wait() == 4
        assert "has revoked this client" in watching.lines[-1]
    code, lines = visit(home, machine.address)
    assert (code, "does not know this client" in lines[-1]) == (4, True)
    machine.host.end()
    assert pin not in "\n".join(machine.host.lines)
    assert not list(machine.home.glob("**/running-*.json"))


def test_a_stranger_sees_nothing_and_hears_what_to_do(machine: Machine, home: Path) -> None:
    code, lines = visit(home, machine.address)
    assert code == 4
    assert "has not been paired" in lines[-1]
    assert "python -m wavry.server pair" in lines[-1]
    code, lines = visit(home, machine.address, "--no-auth")
    assert (code, "lets nobody in without pairing" in lines[-1]) == (4, True)
    assert lines[-1].endswith("the number it shows")
    assert not frames_seen(home)


def test_a_wrong_pin_is_refused_and_a_used_one_too(machine: Machine, home: Path, tmp_path: Path) -> None:
    pin = machine.pin()
    wrong = f"{(int(pin) + 1) % 1_000_000:06}"
    code, lines = visit(home, machine.address, "--pin", wrong)
    assert (code, "2 more tries" in lines[-1]) == (4, True)
    assert visit(home, machine.address, "--pin", pin)[0] == 0
    (tmp_path / "other").mkdir()
    code, lines = visit(tmp_path / "other", machine.address, "--pin", pin)
    assert (code, "no PIN is open" in lines[-1]) == (4, True)


def test_a_host_with_another_key_stops_the_client_loudly(machine: Machine, home: Path) -> None:
    assert visit(home, machine.address, "--pin", machine.pin())[0] == 0
    assert machine.host.end() == 0
    (machine.home / "wavry" / "host-key.pem").unlink()
    port = machine.address.rpartition(":")[2]
    with Program("wavry.server", "--listen", f"127.0.0.1:{port}", *SMALL, home=machine.home) as again:
        again.ready_address()
        code, lines = visit(home, machine.address)
        assert code == 4
        assert "ITS KEY IS NOT THE ONE THAT WAS PAIRED" in lines[-1]
        again.notify(signal.SIGUSR2)
        pin = again.wait_for(r"^PIN (\d{6})")[1]
        assert visit(home, machine.address, "--pin", pin)[0] == 0
        assert visit(home, machine.address)[0] == 0


def test_a_host_is_found_on_its_network_and_gone_when_it_ends(tmp_path: Path, home: Path) -> None:
    look = ("--discover", "--interface", "127.0.0.1", "--duration", "2s")
    machine = Machine(tmp_path / "host")
    with machine.host:
        assert visit(home, machine.address, "--pin", machine.pin())[0] == 0
        with Program("wavry.client", *look, home=home) as looking:
            line = looking.wait_for(re.escape(machine.address))
            assert looking.wait() == 0
        assert machine.host.end() == 0
    assert line.string.endswith("  paired")
    with Program("wavry.client", *look, home=home) as looking:
        assert looking.wait() == 0
        assert machine.address not in "\n".join(looking.lines)


def test_commands_for_a_host_that_does_not_run_say_so(tmp_path: Path) -> None:
    with Program("wavry.server", "pair", home=tmp_path) as command:
        assert command.wait() == 3
        assert "start one with" in command.lines[-1]
    with Program("wavry.server", "clients", "revoke", "nobody", home=tmp_path) as command:
        assert command.wait() == 2
        assert "one client's name" in command.lines[-1]


def test_a_client_that_comes_again_takes_over_from_itself(machine: Machine, home: Path) -> None:
    assert visit(home, machine.address, "--pin", machine.pin())[0] == 0
    with Program("wavry.client", machine.address, "--headless", home=home) as first:
        first.wait_for("stream: h264")
        with Program("wavry.client", machine.address, "--headless", home=home) as second:
            second.wait_for("stream: h264")
            assert first.wait() == 4
            assert "connected again from elsewhere" in first.lines[-1]
            assert second.end() == 0
