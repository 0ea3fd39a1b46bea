from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from wavry.errors import ConfigError
from wavry.pairing.book import MAX_CLIENTS, ClientBook
from wavry.pairing.known_hosts import KnownHosts, is_same
from wavry.rift import Right
from wavry.rift.rights import ALL_RIGHTS

if TYPE_CHECKING:
    from pathlib import Path

KEYS = [bytes([number]) * 32 for number in range(5)]


def test_a_client_is_known_until_it_is_revoked(tmp_path: Path) -> None:
    book = ClientBook(tmp_path / "new")
    assert book.clients() == ()
    book.add(KEYS[0], "laptop", ALL_RIGHTS)
    book.add(KEYS[1], "phone", frozenset({Right.VIEW}))
    assert [each.name for each in book.clients()] == ["laptop", "phone"]
    assert stat.S_IMODE((tmp_path / "new" / "clients.json").stat().st_mode) == 0o600
    book.revoke(KEYS[0])
    assert book.find(KEYS[0]) is None
    phone = book.find(KEYS[1])
    assert phone is not None
    assert phone.rights == (Right.VIEW,)


def test_another_process_sees_each_change(tmp_path: Path) -> None:
    running, command = ClientBook(tmp_path), ClientBook(tmp_path)
    running.add(KEYS[0], "laptop", ALL_RIGHTS)
    command.rename(KEYS[0], "old laptop")
    command.set_rights(KEYS[0], frozenset({Right.VIEW}))
    command.saw(KEYS[0])
    assert running.reload()
    assert not running.reload()
    known = running.find(KEYS[0])
    assert known is not None
    assert (known.name, known.rights) == ("old laptop", (Right.VIEW,))
    assert known.seen_at >= known.paired_at
    command.revoke(KEYS[0])
    assert running.find(KEYS[0]) is None


def test_a_client_that_pairs_again_is_the_same_one(tmp_path: Path) -> None:
    book = ClientBook(tmp_path)
    book.add(KEYS[0], "laptop", frozenset({Right.VIEW}))
    book.add(KEYS[0], "laptop again", ALL_RIGHTS)
    assert [each.name for each in book.clients()] == ["laptop again"]


def test_there_is_room_for_so_many(tmp_path: Path) -> None:
    book = ClientBook(tmp_path)
    for number in range(MAX_CLIENTS):
        book.add(number.to_bytes(32, "big"), str(number), ALL_RIGHTS)
    with pytest.raises(ConfigError, match="revoke one"):
        book.add(KEYS[4], "one more", ALL_RIGHTS)
    assert len(book.clients()) == MAX_CLIENTS


def test_a_client_is_found_by_name_or_by_the_beginning_of_its_fingerprint(tmp_path: Path) -> None:
    book = ClientBook(tmp_path)
    laptop, twin = book.add(KEYS[0], "laptop", ALL_RIGHTS), book.add(KEYS[1], "twin", ALL_RIGHTS)
    book.add(KEYS[2], "twin", ALL_RIGHTS)
    assert book.matching("laptop") == laptop
    assert book.matching(laptop.fingerprint[:8].upper()) == laptop
    assert book.matching(twin.fingerprint) == twin
    for text in ("twin", "nobody", laptop.fingerprint[:3], ""):
        with pytest.raises(ConfigError, match="one client's name"):
            book.matching(text)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"clients": [{"public_key": "zz"}]}', b'{"version": 2}', b" " * 1_100_000]
)
def test_a_file_that_is_not_ours_is_not_touched(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clients.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="a file that wavry wrote"):
        ClientBook(tmp_path).add(KEYS[0], "laptop", ALL_RIGHTS)
    assert path.read_bytes() == data


def test_hosts_are_known_by_address(tmp_path: Path) -> None:
    hosts = KnownHosts(tmp_path / "new")
    assert hosts.fingerprint("desk:4790") is None
    hosts.remember("desk:4790", "ab" * 32)
    hosts.remember("attic:4790", "cd" * 32)
    hosts.remember("desk:4790", "ef" * 32)
    assert KnownHosts(tmp_path / "new").fingerprint("desk:4790") == "ef" * 32
    assert hosts.fingerprints() == {"cd" * 32, "ef" * 32}
    assert stat.S_IMODE((tmp_path / "new" / "known-hosts.json").stat().st_mode) == 0o600


def test_known_hosts_that_can_not_be_read_are_no_unknown_hosts(tmp_path: Path) -> None:
    (tmp_path / "known-hosts.json").write_text('{"hosts": {"desk:4790": "short"}}')
    with pytest.raises(ConfigError, match="known hosts"):
        KnownHosts(tmp_path).fingerprint("desk:4790")


def test_fingerprints_are_compared_whole() -> None:
    assert is_same("ab" * 32, "ab" * 32)
    assert not is_same("ab" * 32, "ab" * 31)
    assert not is_same("", "ab" * 32)
