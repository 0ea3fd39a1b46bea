"""A site of ours, and requests to it as they stand on the wire."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from wavry.web.origins import Origins
from wavry.web.site import Site
from wavry.web.static import StaticFolder

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from wavry.web.access import Access
    from wavry.web.certificate import Certificate
    from wavry.web.site import Route

TOKEN = "0123456789abcdef0123456789-_ABCD"
"""A dashboard's."""

ADDRESS = "127.0.0.1"

_writers: WeakKeyDictionary[Site, list[asyncio.StreamWriter]] = WeakKeyDictionary()
"""What was opened to each site."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    """By names in lower case."""
    body: bytes


@asynccontextmanager
async def site(
    folder: Path,
    *,
    routes: Iterable[Route] = (),
    access: Access | None = None,
    certificate: Certificate | None = None,
) -> AsyncIterator[Site]:
    """Run a site on loopback, on a port of its own."""
    origins = Origins(ADDRESS, scheme="http" if certificate is None else "https")
    made = Site(
        "--web",
        (ADDRESS, 0),
        origins=origins,
        folder=StaticFolder(folder),
        routes=routes,
        access=access,
        certificate=certificate,
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
        await hang_up(made)


async def hang_up(made: Site) -> None:
    """Close what is open to a site that has stopped."""
    for writer in _writers.pop(made, []):
        writer.transport.abort()
        await _closed(writer)


def port_of(made: Site) -> int:
    """Return where a site listens."""
    return int(made.url.rstrip("/").rpartition(":")[2])


async def connect(made: Site) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection; the end of the site's block closes it, if nobody does."""
    reader, writer = await asyncio.open_connection(ADDRESS, port_of(made))
    _writers.setdefault(made, []).append(writer)
    return reader, writer


async def ask(
    made: Site,
    path: str = "/",
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Ask on a connection of its own, with the `Host` that a browser would send unless another is given."""
    reader, writer = await asyncio.open_connection(ADDRESS, port_of(made), ssl=tls)
    try:
        return await ask_on(reader, writer, path, method=method, headers={"Host": host_of(made)} | (headers or {}))
    finally:
        writer.close()
        await _closed(writer)


def host_of(made: Site) -> str:
    """Return the `Host` header that a browser sends."""
    return f"{ADDRESS}:{port_of(made)}"


async def ask_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str],
) -> Answer:
    """Ask on a connection that is open."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    status = int((await reader.readline()).split()[1])
    found: dict[str, str] = {}
    while (line := (await reader.readline()).decode().strip()) != "":
        name, _, value = line.partition(": ")
        found[name.lower()] = value
    length = 0 if method == "HEAD" or status == 304 else int(found.get("content-length", "0"))
    return Answer(status, found, await reader.readexactly(length))


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """Read to the end, however it comes."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def _closed(writer: asyncio.StreamWriter) -> None:
    try:
        await writer.wait_closed()
    except ConnectionError:
        pass  # it was closed from the other side
