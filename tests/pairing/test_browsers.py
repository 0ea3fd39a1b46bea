"""Pages at the gate: the PIN itself, and a key bound to the certificate that they have pinned."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.pairing.helpers import OTHER_CERTIFICATE, Host, PageGate, client_gate, meet
from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.pairing.book import ClientBook
from wavry.rift import Message, Right
from wavry.rift.messages import Knock, Welcome
from wavry.rift.pairing import Challenge, PairConfirm, PairPin, PairStart, Proof

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pairing.helpers import Caller
    from wavry.pairing.host_gate import HostGate


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


@pytest.fixture
def paired(tmp_path: Path, host: Host) -> Path:
    """The directory of a page that the host knows."""
    meet(PageGate(tmp_path / "page", pin=host.offer.open(now=0.0)), host.web_gate())
    return tmp_path / "page"


def refusal(client: Caller, gate: HostGate, *, now: float = 0.0) -> str:
    with pytest.raises(RemoteProtocolError) as caught:
        meet(client, gate, now=now)
    assert caught.value.code == ErrorCode.REFUSED
    assert gate.client is None
    return str(caught.value)


def test_a_pin_makes_a_page_known_and_marks_it(tmp_path: Path, host: Host) -> None:
    page, gate = PageGate(tmp_path, pin=host.offer.open(now=0.0), name="Jürgens Telefon"), host.web_gate()
    said = meet(page, gate)
    assert [type(each) for each in said] == [Knock, Challenge, PairPin, Welcome]
    assert page.is_open
    (known,) = ClientBook(tmp_path / "host").clients()
    assert gate.client == known
    assert (known.name, known.is_browser, set(known.rights)) == ("Jürgens Telefon", True, set(Right))


def test_afterwards_the_key_is_enough(host: Host, paired: Path) -> None:
    gate = host.web_gate()
    assert [type(each) for each in meet(PageGate(paired), gate)] == [Knock, Challenge, Proof, Welcome]
    assert gate.client == host.book.clients()[0]


def test_a_page_that_is_not_known_hears_what_to_do(tmp_path: Path, host: Host) -> None:
    assert "type the number" in refusal(PageGate(tmp_path), host.web_gate())


def test_a_pin_is_for_one_use_and_for_a_minute(tmp_path: Path, host: Host) -> None:
    pin = host.offer.open(now=100.0)
    assert "no PIN is open" in refusal(PageGate(tmp_path / "late", pin=pin), host.web_gate(), now=160.0)
    meet(PageGate(tmp_path / "first", pin=pin), host.web_gate(), now=159.0)
    assert "no PIN is open" in refusal(PageGate(tmp_path / "second", pin=pin), host.web_gate(), now=159.0)


@pytest.mark.parametrize("wrong", ["", "x", "١٢٣٤٥٦", "😀" * 16, "0000000000000000"])
def test_after_three_wrong_pins_of_whatever_kind_pairing_is_closed(wrong: str, tmp_path: Path, host: Host) -> None:
    pin = host.offer.open(now=0.0)
    left = [refusal(PageGate(tmp_path, pin=wrong), host.web_gate()) for _ in range(3)]
    assert ["2 more tries" in left[0], "1 more tries" in left[1], "pairing is closed" in left[2]] == [True] * 3
    assert "no PIN is open" in refusal(PageGate(tmp_path, pin=pin), host.web_gate())
    assert host.book.clients() == ()


def test_tries_at_both_doors_are_the_same_three(tmp_path: Path, host: Host) -> None:
    pin = host.offer.open(now=0.0)
    wrong = f"{(int(pin) + 1) % 1_000_000:06}"
    refusal(PageGate(tmp_path / "page", pin=wrong), host.web_gate())
    refusal(client_gate(tmp_path / "client", pin=wrong), host.gate())
    assert "pairing is closed" in refusal(PageGate(tmp_path / "page", pin=wrong), host.web_gate())


def test_the_right_pin_with_a_key_of_somebody_else_is_a_try_and_no_more(tmp_path: Path, host: Host) -> None:
    pin, gate = host.offer.open(now=0.0), host.web_gate()
    gate.receive(PageGate(tmp_path).knock(), now=0.0)
    with pytest.raises(RemoteProtocolError, match="the proof is wrong"):
        gate.receive(PairPin(pin=pin, signature=bytes(64)), now=0.0)
    assert (gate.client, host.book.clients(), host.offer.tries_left) == (None, (), 2)


def test_a_relay_with_a_certificate_of_its_own_gains_nothing(tmp_path: Path, host: Host, paired: Path) -> None:
    """The page sees the relay's certificate; the relay hands on what both say, or changes what the host says."""
    with pytest.raises(RemoteProtocolError, match="not the certificate that was pinned"):
        meet(PageGate(paired, pinned=OTHER_CERTIFICATE), host.web_gate())
    assert "the proof is wrong" in refusal(PageGate(paired, pinned=OTHER_CERTIFICATE, trusts=True), host.web_gate())
    pin = host.offer.open(now=0.0)
    relayed = PageGate(tmp_path / "new", pin=pin, pinned=OTHER_CERTIFICATE, trusts=True)
    assert "the proof is wrong" in refusal(relayed, host.web_gate())


def test_a_proof_is_for_one_connection(host: Host, paired: Path) -> None:
    knock, _, proof, _ = meet(PageGate(paired), host.web_gate())
    gate = host.web_gate()
    gate.receive(knock, now=1.0)
    with pytest.raises(RemoteProtocolError, match="the proof is wrong"):
        gate.receive(proof, now=1.0)


def test_neither_kind_of_client_is_known_at_the_others_door(tmp_path: Path, host: Host, paired: Path) -> None:
    meet(client_gate(tmp_path / "client", pin=host.offer.open(now=0.0)), host.gate())
    assert "does not know this client" in refusal(client_gate(paired), host.gate())
    assert "does not know this client" in refusal(PageGate(tmp_path / "client"), host.web_gate())


def test_a_native_proof_is_worth_nothing_even_of_a_key_that_is_known(host: Host, paired: Path) -> None:
    assert "the proof is wrong" in refusal(client_gate(paired), host.web_gate())


@pytest.mark.parametrize(
    ("is_browser", "message"),
    [
        (False, PairPin(pin="000000", signature=bytes(64))),
        (True, PairStart(element=bytes(33))),
        (True, PairConfirm(mac=bytes(32), signature=bytes(64))),
        (True, Knock(public_key=bytes(32), nonce=bytes(32))),
    ],
)
def test_what_belongs_to_the_other_door_breaks_the_protocol(
    is_browser: bool, message: Message, tmp_path: Path, host: Host
) -> None:
    host.offer.open(now=0.0)
    gate = host.web_gate() if is_browser else host.gate()
    gate.receive(PageGate(tmp_path).knock(), now=0.0)
    with pytest.raises(RemoteProtocolError) as caught:
        gate.receive(message, now=0.0)
    assert caught.value.code == ErrorCode.PROTOCOL_VIOLATION
    assert host.offer.tries_left == 3


def test_a_page_is_revoked_renamed_and_limited_as_any_client(host: Host, paired: Path) -> None:
    (known,) = host.book.clients()
    host.book.rename(known.key, "the telephone")
    host.book.set_rights(known.key, frozenset({Right.VIEW}))
    gate = host.web_gate()
    meet(PageGate(paired), gate)
    assert gate.client is not None
    assert (gate.client.name, gate.client.rights, gate.client.is_browser) == ("the telephone", (Right.VIEW,), True)
    host.book.revoke(known.key)
    assert "does not know this client" in refusal(PageGate(paired), host.web_gate())


def test_a_list_of_before_there_were_browsers_is_read(tmp_path: Path, host: Host) -> None:
    meet(client_gate(tmp_path / "client", pin=host.offer.open(now=0.0)), host.gate())
    path = tmp_path / "host" / "clients.json"
    old = msgspec.json.decode(path.read_bytes())
    assert old["clients"][0].pop("is_browser") is False
    path.write_bytes(msgspec.json.encode(old))
    (known,) = ClientBook(tmp_path / "host").clients()
    assert not known.is_browser


def test_a_pin_that_was_typed_is_in_no_log(tmp_path: Path, host: Host, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        pin = host.offer.open(now=0.0)
        refusal(PageGate(tmp_path, pin="918273"), host.web_gate())
        meet(PageGate(tmp_path, pin=pin), host.web_gate())
    lines = [record.getMessage() for record in caplog.records if record.name == "wavry.audit"]
    assert ["wrong PIN" in lines[0], "was paired" in lines[1]] == [True, True]
    assert pin not in caplog.text
    assert "918273" not in caplog.text
