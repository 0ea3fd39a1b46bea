from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.pairing.helpers import HOST_KEY, OTHER_KEY, Host, PageGate, client_gate, meet
from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.rift import Message, MessageDecoder, MessageKinds, Right, encode_message
from wavry.rift.messages import Knock, Welcome
from wavry.rift.pairing import (
    TO_CLIENT,
    TO_HOST,
    Challenge,
    PairAnswer,
    PairConfirm,
    PairDone,
    PairPin,
    PairStart,
    Proof,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


@pytest.fixture
def paired(tmp_path: Path, host: Host) -> Path:
    """The directory of a client that the host knows."""
    meet(client_gate(tmp_path / "client", pin=host.offer.open(now=0.0)), host.gate())
    return tmp_path / "client"


def refusal(client: object, host: object, **options: object) -> str:
    with pytest.raises(RemoteProtocolError) as caught:
        meet(client, host, **options)  # type: ignore[arg-type]
    assert caught.value.code == ErrorCode.REFUSED
    return str(caught.value)


def test_a_pin_makes_both_known_to_each_other(tmp_path: Path, host: Host) -> None:
    client, gate = client_gate(tmp_path, pin=host.offer.open(now=0.0), name="Jürgens Rechner"), host.gate()
    meet(client, gate)
    assert client.is_open
    assert client.has_paired
    assert gate.client == host.book.clients()[0]
    assert gate.client.name == "Jürgens Rechner"
    assert set(gate.client.rights) == set(Right)


def test_afterwards_the_key_is_enough(host: Host, paired: Path) -> None:
    client, gate = client_gate(paired), host.gate()
    said = meet(client, gate)
    assert [type(each) for each in said] == [Knock, Challenge, Proof, Welcome]
    assert client.is_open
    assert not client.has_paired
    assert gate.client is not None


def test_a_stranger_hears_what_to_do(tmp_path: Path, host: Host) -> None:
    assert "python -m wavry.server pair" in refusal(client_gate(tmp_path), host.gate())


def test_a_pin_is_for_one_use(tmp_path: Path, host: Host) -> None:
    pin = host.offer.open(now=0.0)
    meet(client_gate(tmp_path / "first", pin=pin), host.gate())
    assert "no PIN is open" in refusal(client_gate(tmp_path / "second", pin=pin), host.gate())


def test_a_pin_is_for_a_minute(tmp_path: Path, host: Host) -> None:
    pin = host.offer.open(now=100.0)
    assert "no PIN is open" in refusal(client_gate(tmp_path, pin=pin), host.gate(), now=160.0)


def test_after_three_wrong_pins_pairing_is_closed(tmp_path: Path, host: Host) -> None:
    pin = host.offer.open(now=0.0)
    wrong = f"{(int(pin) + 1) % 1_000_000:06}"
    left = [refusal(client_gate(tmp_path, pin=wrong), host.gate()) for _ in range(3)]
    assert ["2 more tries" in left[0], "1 more tries" in left[1], "pairing is closed" in left[2]] == [True] * 3
    assert "no PIN is open" in refusal(client_gate(tmp_path, pin=pin), host.gate())


def test_tries_that_are_begun_at_once_count_too(tmp_path: Path, host: Host) -> None:
    host.offer.open(now=0.0)
    for number in range(3):
        client, gate = client_gate(tmp_path / str(number), pin="000000"), host.gate()
        (challenge,) = gate.receive(client.knock(), now=0.0)
        (start,) = client.receive(challenge)
        gate.receive(start, now=0.0)
    assert "no PIN is open" in refusal(client_gate(tmp_path / "late", pin="000000"), host.gate())


def test_who_stands_between_with_a_key_of_their_own_gains_nothing(tmp_path: Path, host: Host) -> None:
    """A relay ends TLS on both sides: the client sees its key, and it hands on what both say."""
    pin = host.offer.open(now=0.0)
    assert "somebody is in between" in refusal(client_gate(tmp_path, pin=pin, fingerprint=OTHER_KEY), host.gate())
    assert host.book.clients() == ()


def test_a_client_does_not_believe_a_host_without_the_pin(tmp_path: Path, host: Host) -> None:
    def without(message: Message) -> Message:
        return PairDone(mac=bytes(32)) if isinstance(message, PairDone) else message

    client = client_gate(tmp_path, pin=host.offer.open(now=0.0))
    assert "has no PIN" in refusal(client, host.gate(), between=without)
    assert not client.is_open
    assert not client.has_paired


def test_a_proof_that_was_heard_is_worth_nothing_on_another_connection(host: Host, paired: Path) -> None:
    knock, _, proof, _ = meet(client_gate(paired), host.gate())
    gate = host.gate()
    gate.receive(knock, now=1.0)
    with pytest.raises(RemoteProtocolError, match="the proof is wrong") as caught:
        gate.receive(proof, now=1.0)
    assert caught.value.code == ErrorCode.REFUSED


def test_a_proof_for_one_host_is_worth_nothing_at_another(host: Host, paired: Path) -> None:
    assert "the proof is wrong" in refusal(client_gate(paired, fingerprint=OTHER_KEY), host.gate())


def test_a_client_that_was_revoked_is_refused(host: Host, paired: Path) -> None:
    (known,) = host.book.clients()
    host.book.revoke(known.key)
    assert "does not know this client" in refusal(client_gate(paired), host.gate())


def test_a_host_that_lets_everybody_in_needs_no_proof(tmp_path: Path) -> None:
    client = client_gate(tmp_path)
    assert client.receive(Welcome()) == []
    assert client.is_open


def test_with_a_pin_a_welcome_without_pairing_is_not_believed(tmp_path: Path, host: Host) -> None:
    client = client_gate(tmp_path, pin="123456")
    client.receive(Challenge(nonce=bytes(32)))
    with pytest.raises(RemoteProtocolError):
        client.receive(Welcome())


KNOCK = Knock(public_key=bytes(32), nonce=bytes(32))
TO_A_HOST = [
    KNOCK,
    Proof(signature=bytes(64)),
    PairStart(element=bytes(33)),
    PairConfirm(mac=bytes(32), signature=bytes(64)),
    PairPin(pin="000000", signature=bytes(64)),
]
TO_A_CLIENT = [
    Challenge(nonce=bytes(32), certificate=bytes(32)),
    PairAnswer(element=bytes(33)),
    PairDone(mac=bytes(32)),
    Welcome(),
]


NOT_ON_THE_CURVE = bytes.fromhex("42cf2480a35512bf0fef3f72cf080475a4f7045c6c1bf76e455db90c3a4380de01")


@pytest.mark.parametrize("element", [NOT_ON_THE_CURVE, b"B" + b"\xff" * 32, b"A" + bytes(32), bytes(33)])
def test_what_is_no_element_breaks_the_protocol(element: bytes, tmp_path: Path) -> None:
    client = client_gate(tmp_path, pin="123456")
    client.receive(Challenge(nonce=bytes(32)))
    with pytest.raises(RemoteProtocolError):
        client.receive(PairAnswer(element=element))


@pytest.mark.parametrize("message", TO_A_HOST[1:])
def test_nothing_is_to_be_said_before_the_knock(message: Message, host: Host) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        host.gate().receive(message, now=0.0)
    assert caught.value.code == ErrorCode.PROTOCOL_VIOLATION


@pytest.mark.parametrize("order", [(a, b, c) for a in TO_A_CLIENT for b in TO_A_CLIENT for c in TO_A_CLIENT])
def test_a_host_may_say_what_it_likes_in_any_order(order: tuple[Message, ...], tmp_path: Path) -> None:
    client = client_gate(tmp_path, pin="123456")
    try:
        for message in order:
            client.receive(message)
    except RemoteProtocolError:
        pass
    assert not client.has_paired


@pytest.mark.parametrize("is_browser", [False, True], ids=["native", "browser"])
@pytest.mark.parametrize("order", [(a, b, c) for a in TO_A_HOST for b in TO_A_HOST for c in TO_A_HOST])
def test_a_client_may_say_what_it_likes_in_any_order(order: tuple[Message, ...], is_browser: bool, host: Host) -> None:
    host.offer.open(now=0.0)
    gate, answered = host.web_gate() if is_browser else host.gate(), 0
    try:
        for message in (*order, KNOCK):
            gate.receive(message, now=0.0)
            answered += 1
    except RemoteProtocolError:
        pass
    assert answered < 4
    assert gate.client is None


@pytest.mark.parametrize("message", [*TO_A_HOST, *TO_A_CLIENT])
def test_a_byte_too_much_or_too_little_breaks_the_protocol(message: Message) -> None:
    kinds = MessageKinds(TO_HOST if message in TO_A_HOST else TO_CLIENT)
    assert MessageDecoder(kinds).receive(encode_message(message)) == [message]
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if not isinstance(value, bytes):
            continue
        for wrong in (value + b"x", value[1:]):
            with pytest.raises(RemoteProtocolError):
                MessageDecoder(kinds).receive(encode_message(msgspec.structs.replace(message, **{name: wrong})))


def test_the_audit_has_a_line_for_each_event_and_no_secret(
    tmp_path: Path, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        pin = host.offer.open(now=0.0)
        refusal(client_gate(tmp_path / "a", pin="x" * 6), host.gate())
        meet(client_gate(tmp_path / "a", pin=pin), host.gate())
        meet(client_gate(tmp_path / "a"), host.gate())
        refusal(client_gate(tmp_path / "b"), host.gate())
    lines = [record.getMessage() for record in caplog.records if record.name == "wavry.audit"]
    assert len(lines) == 4
    assert all(
        word in line for word, line in zip(("wrong PIN", "was paired", "came in", "refused"), lines, strict=True)
    )
    assert pin not in caplog.text
    assert HOST_KEY.hex() not in caplog.text


def test_what_a_client_calls_itself_makes_no_line_of_its_own_in_the_audit(
    tmp_path: Path, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    name = "desk\n12:00:00 INFO    wavry.audit: 10.0.0.7:4790 is revoked\x1b[2J"
    with caplog.at_level(logging.INFO, "wavry.audit"):
        meet(client_gate(tmp_path / "a", pin=host.offer.open(now=0.0), name=name), host.gate())
        meet(PageGate(tmp_path / "b", pin=host.offer.open(now=0.0), name=name), host.web_gate())
        meet(client_gate(tmp_path / "a"), host.gate())
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert all("desk?12:00:00" in line and line.isprintable() for line in lines)
