"""`python -m wavry.server pair` and `clients`: who may come in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from wavry import cli
from wavry.cli import Option, Program
from wavry.errors import ConfigError
from wavry.keyfile import data_directory
from wavry.observe.logs import printable
from wavry.pairing.book import ClientBook, PairedClient
from wavry.pairing.pin import LIFETIME_S
from wavry.rift import Right

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAIR = Program(
    name="wavry-server pair",
    description="Show a PIN by which one client can pair with the host that runs here.",
    options=(
        Option(
            flag="--port",
            metavar="N",
            parse=cli.whole_number,
            help="the UDP port of the host, where several run (the only one)",
        ),
    ),
    epilog="On the client: python -m wavry.client HOST --pin PIN; or in the page of a host with --web. "
    "A PIN is for one use, one minute and three tries.",
)

_CLIENTS_USAGE = """usage: wavry-server clients [list]
       wavry-server clients rename WHO NAME
       wavry-server clients rights WHO RIGHT,...
       wavry-server clients revoke WHO

WHO is a client's name, or the beginning of its fingerprint. Rights: {rights}.
A client that is connected notices within a second."""


def parse_rights(text: str) -> frozenset[Right]:
    """Return the rights of a list with commas between them.

    Raises:
        ValueError: One of them does not exist, or nobody could even watch.
    """
    try:
        granted = frozenset(Right(name.strip()) for name in text.split(","))
    except ValueError:
        granted = frozenset()
    if Right.VIEW not in granted:
        raise ValueError(f"view and any of {', '.join(right for right in Right if right is not Right.VIEW)}")
    return granted


def pair(arguments: Sequence[str]) -> None:
    """Ask the host for a PIN and print it.

    Raises:
        WavryError: No host runs here, or several do.
    """
    from wavry.server.control import ask_host

    values = PAIR.read(arguments)
    pin = ask_host(data_directory(), "pair", values["port"])
    print(pin_line(pin), flush=True)  # noqa: T201 - what it is for


def pin_line(pin: str) -> str:
    """Return what is shown of a PIN."""
    return f"PIN {pin}, valid for {LIFETIME_S:.0f} s: in the host's page, or python -m wavry.client HOST --pin {pin}"


def clients(arguments: Sequence[str]) -> None:
    """List, rename, limit or revoke clients.

    Raises:
        WavryError: The command or the client does not exist, or the list can't be read or written.
    """
    if arguments[:1] in (["--help"], ["-h"]):
        print(_CLIENTS_USAGE.format(rights=", ".join(Right)))  # noqa: T201
        return
    command, *rest = check_clients(arguments)
    _COMMANDS[command][1](ClientBook(data_directory()), *rest)


def check_clients(arguments: Sequence[str]) -> Sequence[str]:
    """Return what `clients` is told to do, and its arguments.

    Raises:
        ConfigError: It knows no such thing, or that takes other arguments.
    """
    told = arguments or ["list"]
    known = _COMMANDS.get(told[0])
    if known is None or len(told) - 1 != known[0]:
        raise ConfigError("clients", " ".join(arguments), "list, rename WHO NAME, rights WHO LIST or revoke WHO")
    return told


def _list(book: ClientBook) -> None:
    for each in book.clients():
        seen = each.seen_at or "never"
        may = ",".join(each.rights)
        kind = "  browser" if each.is_browser else ""
        print(f"{each.fingerprint[:16]}  {printable(each.name)}{kind}  {may}  paired {each.paired_at}  seen {seen}")  # noqa: T201


def _rename(book: ClientBook, who: str, name: str) -> None:
    if not 0 < len(name) <= 256:
        raise ConfigError("clients rename", name, "1 to 256 characters")
    client = book.matching(who)
    book.rename(client.key, name)
    _say(client, f"is called {printable(name)} now")


def _set_rights(book: ClientBook, who: str, rights: str) -> None:
    client = book.matching(who)
    try:
        granted = parse_rights(rights)
    except ValueError as error:
        raise ConfigError("clients rights", rights, str(error)) from None
    book.set_rights(client.key, granted)
    _say(client, f"may {', '.join(sorted(granted))} now")


def _revoke(book: ClientBook, who: str) -> None:
    client = book.matching(who)
    book.revoke(client.key)
    _say(client, "is revoked")


def _say(client: PairedClient, what: str) -> None:
    print(f"{printable(client.name)} ({client.fingerprint[:16]}) {what}", file=sys.stderr)  # noqa: T201


_COMMANDS: dict[str, tuple[int, Callable[..., None]]] = {
    "list": (0, _list),
    "rename": (2, _rename),
    "rights": (2, _set_rights),
    "revoke": (1, _revoke),
}
"""By name: how many arguments, and what is done."""

COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {"pair": pair, "clients": clients}
"""What may stand after `python -m wavry.server` instead of flags."""
