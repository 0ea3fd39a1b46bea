"""Which names are ours."""

from __future__ import annotations

import socket

import pytest

from wavry.web.origins import Origins, is_same_place


def origins(host: str = "127.0.0.1", *, scheme: str = "http", names: tuple[str, ...] = ()) -> Origins:
    made = Origins(host, scheme=scheme, names=names)
    made.port = 9790
    return made


@pytest.mark.parametrize("host", ["127.0.0.1:9790", "localhost:9790", "LOCALHOST", "[::1]:9790", "localhost:12345"])
def test_a_loopback_site_answers_to_loopback_names_at_any_port_of_a_tunnel(host: str) -> None:
    assert origins().allows_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:9790",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "192.0.2.7",
        "localhost:99999",
        "localhost:9790/",
        "user@localhost",
        "localhost, evil.example",
        "a" * 400,
        "[::1",
        "localhost\u00e9",
    ],
)
def test_a_loopback_site_answers_to_no_other_name(host: str) -> None:
    assert not origins().allows_host(host)


def test_a_site_on_all_addresses_answers_to_addresses_and_the_machine_s_name_but_to_no_foreign_one() -> None:
    made = origins("0.0.0.0")
    assert made.allows_host("192.0.2.7:9790")
    assert made.allows_host("[2001:db8::1]:9790")
    assert made.allows_host(socket.gethostname())
    assert not made.allows_host("rebound.example:9790")


def test_a_site_answers_to_the_names_of_its_certificate() -> None:
    made = origins("192.0.2.7", scheme="https", names=("desk.example", "*.lan.example"))
    assert made.allows_host("desk.example:9790")
    assert made.allows_host("any.lan.example")
    assert not made.allows_host("lan.example")
    assert not made.allows_host("two.deep.lan.example")


def test_an_origin_is_ours_with_scheme_name_and_port() -> None:
    made = origins()
    assert made.allows_origin("http://127.0.0.1:9790")
    assert made.allows_origin("http://localhost:9790")
    for foreign in (
        "https://127.0.0.1:9790", "http://127.0.0.1", "http://127.0.0.1:9791", "http://evil.example:9790", "null", "",
        "http://127.0.0.1:9790/path", "file://", "http://192.0.2.7:9790",
    ):  # fmt: skip
        assert not made.allows_origin(foreign), foreign


def test_the_default_port_need_not_be_said() -> None:
    made = origins("desk.example", scheme="https")
    made.port = 443
    assert made.allows_origin("https://desk.example")
    assert not made.allows_origin("http://desk.example")


def test_on_all_addresses_only_those_of_this_machine_are_origins_of_ours() -> None:
    made = origins("0.0.0.0")
    assert made.allows_origin("http://127.0.0.1:9790")
    assert not made.allows_origin("http://192.0.2.7:9790")


def test_a_site_that_does_not_listen_has_no_origin() -> None:
    assert not Origins("127.0.0.1", scheme="http").allows_origin("http://127.0.0.1:0")


def test_the_same_place_is_the_same_name_and_port() -> None:
    assert is_same_place("http://localhost:9790", "localhost:9790")
    assert is_same_place("https://desk.example", "desk.example:443")
    assert not is_same_place("http://localhost:9791", "localhost:9790")
    assert not is_same_place("http://evil.example:9790", "localhost:9790")
    assert not is_same_place("null", "localhost:9790")
