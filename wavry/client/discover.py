"""`python -m wavry.client --discover`: the hosts on this network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry import cli
from wavry.cli import Option, Program
from wavry.discovery import FoundHost, find_hosts
from wavry.keyfile import data_directory
from wavry.observe.logs import printable
from wavry.pairing.known_hosts import KnownHosts

if TYPE_CHECKING:
    from collections.abc import Sequence

FLAG = "--discover"

PROGRAM = Program(
    name="wavry-client",
    description="List the hosts on this network: address, name, fingerprint, and whether this client knows it.",
    options=(
        Option(flag=FLAG, help="look for hosts"),
        Option(
            flag="--duration", metavar="DURATION", parse=cli.duration, default=2.0, help="for how long to look (2s)"
        ),
        Option(flag="--interface", metavar="ADDRESS", help="look only where this machine has this address (all)"),
    ),
    epilog="Anybody can announce anything: only the fingerprint that was paired says which host it is.",
)


def discover(arguments: Sequence[str]) -> None:
    """Look for hosts and print what is found.

    Raises:
        WavryError: A flag is wrong, or there is no network.
    """
    values = PROGRAM.read(arguments)
    known = KnownHosts(data_directory()).fingerprints()

    def show(host: FoundHost) -> None:
        is_paired = "paired" if host.fingerprint in known else "not paired"
        print(f"{host.address}  {printable(host.name)}  sha256:{printable(host.fingerprint, 64)}  {is_paired}")  # noqa: T201

    find_hosts(values["duration"], interface=values["interface"], on_found=show)
