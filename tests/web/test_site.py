"""A site, asked by whoever may and whoever may not."""

from __future__ import annotations

import asyncio
import gc
import re
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.web_response import Response, StreamResponse

from tests.support.aio import in_loop, until
from tests.support.web import ADDRESS, TOKEN, ask, ask_on, connect, host_of, port_of, site, until_closed
from wavry.transport.identity import HostIdentity
from wavry.web import connections as module
from wavry.web.access import Access
from wavry.web.certificate import Certificate
from wavry.web.connections import MAX_CONNECTIONS, MAX_REQUEST_BYTES
from wavry.web.site import Asked, Route

if TYPE_CHECKING:
    from pathlib import Path

LARGE = bytes(range(256)) * 1024


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    page = tmp_path / "page"
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>page</title>")
    (page / "large.js").write_bytes(LARGE)
    return page


async def echo(asked: Asked) -> StreamResponse:
    answer = Response(text=asked.match[1])
    await answer.prepare(asked.request)
    await answer.write_eof()
    return answer


ECHO = Route("POST", re.compile(r"/echo/(\d+)"), echo)


@in_loop
async def test_a_page_is_served_with_what_keeps_others_out(folder: Path) -> None:
    async with site(folder) as made:
        answer = await ask(made)
    assert answer.status == 200
    assert answer.body == b"<!doctype html><title>page</title>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    for name, value in (
        ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"), ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"), ("server", "wavry"),
    ):  # fmt: skip
        assert answer.headers[name] == value


@in_loop
async def test_a_file_that_is_known_is_not_sent_again(folder: Path) -> None:
    async with site(folder) as made:
        first = await ask(made, "/large.js")
        again = await ask(made, "/large.js", headers={"If-None-Match": first.headers["etag"]})
        head = await ask(made, "/large.js", method="HEAD")
    assert (first.status, first.body) == (200, LARGE)
    assert (again.status, again.body) == (304, b"")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(LARGE)))


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/", "GET", {"Host": "rebound.example"}, 421),
        ("/", "GET", {"Host": ""}, 421),
        ("/", "GET", {"Origin": "http://evil.example"}, 403),
        ("/", "GET", {"Origin": "null"}, 403),
        ("/", "GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}, 403),
        ("/", "GET", {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Dest": "iframe"}, 403),
        ("/", "GET", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("/echo/1", "POST", {"Content-Length": "0"}, 403),
        ("/echo/1", "POST", {"Content-Length": "5", "Origin": "{origin}"}, 413),
        ("/echo/1", "GET", {}, 405),
        ("/", "POST", {"Content-Length": "0", "Origin": "{origin}"}, 405),
        ("/nothing", "GET", {}, 404),
        ("/../outside.js", "GET", {}, 404),
        ("/%2e%2e/outside.js", "GET", {}, 404),
        ("/..%2foutside.js", "GET", {}, 404),
    ],
)  # fmt: skip
@in_loop
async def test_what_is_wrong_is_refused(
    folder: Path, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    (folder.parent / "outside.js").write_text("no")
    async with site(folder, routes=[ECHO]) as made:
        filled = {name: value.format(origin=f"http://{host_of(made)}") for name, value in headers.items()}
        answer = await ask(made, path, method=method, headers=filled)
    assert answer.status == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "script"},
    ],
    ids=lambda headers: headers["Sec-Fetch-Site"],
)
@in_loop
async def test_a_page_is_there_for_itself_and_for_who_follows_a_link(folder: Path, headers: dict[str, str]) -> None:
    async with site(folder) as made:
        assert (await ask(made, headers=headers)).status == 200


@in_loop
async def test_a_page_of_ours_may_change_something(folder: Path) -> None:
    async with site(folder, routes=[ECHO]) as made:
        headers = {"Content-Length": "0", "Origin": f"http://{host_of(made)}"}
        answer = await ask(made, "/echo/42", method="POST", headers=headers)
    assert (answer.status, answer.body) == (200, b"42")


@in_loop
async def test_what_is_no_http_is_refused_with_the_same_headers(folder: Path) -> None:
    async with site(folder) as made:
        reader, writer = await connect(made)
        writer.write(b"\x16\x03\x01\x00\xff nonsense\r\n\r\n")
        answer = await until_closed(reader)
        writer.close()
        assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
        assert b"nosniff" in answer
        assert (await ask(made)).status == 200


@in_loop
async def test_a_token_is_asked_for_and_becomes_a_cookie(folder: Path) -> None:
    access = Access(TOKEN)
    async with site(folder, access=access) as made:
        assert (await ask(made)).status == 401
        assert (await ask(made, "/?token=wrong")).status == 401
        shown = await ask(made, f"/?token={access.token}")
        assert (shown.status, shown.headers["location"]) == (303, "/")
        cookie, _, rest = shown.headers["set-cookie"].partition(";")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {each.strip() for each in rest.split(";")}
        assert (await ask(made, headers={"Cookie": cookie})).status == 200
        assert (await ask(made, headers={"Cookie": cookie[:-1]})).status == 401
        assert (await ask(made, headers={"Authorization": f"Bearer {access.token}"})).status == 200
        for _ in range(7):
            last = await ask(made, headers={"Authorization": "Bearer wrong"})
        assert last.status == 429
        assert (await ask(made, headers={"Authorization": f"Bearer {access.token}"})).status == 429
        assert (await ask(made, headers={"Cookie": cookie})).status == 200  # who has shown it need not wait


@in_loop
async def test_on_loopback_everybody_gets_a_session_with_the_page(folder: Path) -> None:
    access = Access(None)
    async with site(folder, access=access) as made:
        answer = await ask(made)
        assert answer.status == 200
        name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
        assert name == f"wavry-{port_of(made)}"
        assert access.session_of(value) is not None
        again = await ask(made, headers={"Cookie": f"{name}={value}"})
        assert "set-cookie" not in again.headers


@in_loop
async def test_of_many_connections_the_longest_idle_give_way(folder: Path) -> None:
    async with site(folder) as made:
        held = [await connect(made) for _ in range(4 * MAX_CONNECTIONS)]
        await until(lambda: made.connections.drops == 3 * MAX_CONNECTIONS)
        assert len(made.connections) == MAX_CONNECTIONS
        assert made.connections.used_bytes == made.connections.cap_bytes
        assert await until_closed(held[0][0]) == b""
        assert (await ask(made)).status == 200
        for _, writer in held:
            writer.close()
        await until(lambda: len(made.connections) == 0)


@in_loop
async def test_a_connection_that_is_answered_is_not_given_up(folder: Path) -> None:
    goes_on = asyncio.Event()

    async def wait(asked: Asked) -> StreamResponse:
        await goes_on.wait()
        return await echo(asked)

    async with site(folder, routes=[Route("GET", re.compile(r"/wait/(\d+)"), wait)]) as made:
        reader, writer = await connect(made)
        asked = asyncio.create_task(ask_on(reader, writer, "/wait/7", headers={"Host": host_of(made)}))
        held = [await connect(made) for _ in range(2 * MAX_CONNECTIONS)]
        await until(lambda: made.connections.drops > MAX_CONNECTIONS)
        goes_on.set()
        assert (await asked).body == b"7"
        for _, each in [*held, (reader, writer)]:
            each.close()


@in_loop
async def test_who_sends_too_much_or_nothing_is_closed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with site(folder) as made:
        reader, writer = await connect(made)
        writer.write(b"GET / HTTP/1.1\r\nHost: " + host_of(made).encode() + b"\r\n")
        for number in range(MAX_REQUEST_BYTES // 100):
            writer.write(f"X-{number:04}: {'x' * 100}\r\n".encode())
        assert b"200 OK" not in await until_closed(reader)
        writer.close()
        monkeypatch.setattr(module, "IDLE_S", -1.0)  # everybody has been idle for too long
        reader, writer = await connect(made)
        writer.write(b"GET / HTT")  # and then never again
        assert await until_closed(reader) == b""
        writer.close()


@in_loop
async def test_requests_may_follow_each_other_on_one_connection(folder: Path) -> None:
    async with site(folder) as made:
        reader, writer = await connect(made)
        for _ in range(3):
            answer = await ask_on(reader, writer, "/large.js", headers={"Host": host_of(made)})
            assert answer.body == LARGE
        assert len(made.connections) == 1
        writer.close()


@in_loop
async def test_a_reader_who_takes_nothing_holds_little(folder: Path) -> None:
    (folder / "large.js").write_bytes(LARGE * 64)
    async with site(folder) as made:
        reader, writer = await connect(made)
        writer.write(f"GET /large.js HTTP/1.1\r\nHost: {host_of(made)}\r\n\r\n".encode())
        await reader.readline()
        place = next(iter(made.connections._places))
        assert place.transport is not None
        await until(lambda: place.transport.get_write_buffer_size() > 0)  # type: ignore[union-attr]
        assert place.transport.get_write_buffer_size() <= 2 * module.WRITE_BYTES
        writer.transport.abort()


@in_loop
async def test_https_speaks_with_the_host_s_own_certificate(folder: Path, tmp_path: Path) -> None:
    identity = HostIdentity.load_or_create(tmp_path / "data")
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    async with site(folder, certificate=Certificate.of_host(identity), access=Access(None)) as made:
        assert made.url.startswith(f"https://{ADDRESS}:")
        answer = await ask(made, tls=trusting)
        assert answer.status == 200
        assert "Secure" in answer.headers["set-cookie"]
        reader, writer = await connect(made)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")  # plain HTTP to a TLS port
        assert b"200 OK" not in await until_closed(reader)
        writer.close()
        await until(lambda: len(made.connections) == 0)


@in_loop
async def test_a_certificate_that_can_not_be_had_now_costs_that_connection_alone(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    identity = HostIdentity.load_or_create(tmp_path)
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    failures = [OSError("no space left")]

    class Failing(Certificate):
        def context(self) -> ssl.SSLContext:
            if failures:
                raise failures.pop()
            return super().context()

    failing = Failing.of_host(identity)
    async with site(folder, certificate=failing) as made:
        reader, writer = await connect(made)
        assert await until_closed(reader) == b""
        writer.close()
        await until(lambda: len(made.connections) == 0)
        assert (await ask(made, tls=trusting)).status == 200
    gc.collect()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "no space left" in caplog.text


@in_loop
async def test_requests_that_are_sent_ahead_wait_in_the_system_and_not_here(folder: Path) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(asked: Asked) -> StreamResponse:
        begun.set()
        await may_end.wait()
        return await echo(asked)

    async with site(folder, routes=[Route("POST", re.compile(r"/slow/(\d+)"), slow)]) as made:
        _, writer = await connect(made)
        host = host_of(made)
        request = f"POST /slow/1 HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 0\r\n\r\n"
        writer.write(request.encode())
        await begun.wait()
        place = next(iter(made.connections._places))
        transport: Any = place.transport
        protocol = transport.get_protocol()
        writer.write(request.encode() * (MAX_REQUEST_BYTES // len(request)))
        await until(lambda: protocol._received_bytes > MAX_REQUEST_BYTES // 2)
        assert len(protocol._messages) <= 32
        assert len(made.connections) == 1
        writer.write(request.encode() * 2)
        await until(lambda: not transport.is_reading())
        may_end.set()
        writer.transport.abort()
