"""One site: an address, the pages and answers it has, and what is checked before any of them is given.

In this order: is it our name that was asked for, does the request come from a page of ours if from any, has it the
right to be here; then what it wants. Everything has a time limit and a size limit, and every answer the same headers.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, NamedTuple

from aiohttp.web_response import Response, StreamResponse
from aiohttp.web_server import Server

from wavry.errors import ConfigError
from wavry.failures import address_of
from wavry.web.access import bearer_token
from wavry.web.connections import WRITE_BYTES, Connections, HttpConnection
from wavry.web.headers import ContentPolicy
from wavry.web.origins import is_same_place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiohttp.web_request import BaseRequest

    from wavry.web.access import Access
    from wavry.web.certificate import Certificate
    from wavry.web.origins import Origins
    from wavry.web.static import StaticFile, StaticFolder

logger = logging.getLogger(__name__)

ANSWER_S = 20.0
"""For everything from a request to the end of its answer."""

_PORT = re.compile(r":\d+$")

_FOREIGN = frozenset({"cross-site", "same-site"})
"""What a browser says of a request that a page of somebody else's makes. One for an image or a frame has no `Origin`,
and costs the host its answer though no browser shows it to that page. Who follows a link wants a `document`."""


class Route(NamedTuple):
    """What is done when a path is asked for."""

    method: str
    """`GET` (which includes HEAD) or `POST`."""
    path: re.Pattern[str]
    answer: Callable[[Asked], Awaitable[StreamResponse]]
    is_endless: bool = False
    """Whether the answer has no time limit; then it sees to it that a reader who stalls is left."""


class Asked(NamedTuple):
    """A request that may be answered."""

    request: BaseRequest
    match: re.Match[str]
    """Of the route's path."""
    session: str | None
    """Of the page it comes from, where it has a cookie of ours."""


class Refused(Exception):  # noqa: N818 - it reads as what happened
    """Nothing else is given than a status and a line of text."""

    def __init__(self, status: int, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Site:
    """Pages on one TCP address. On the loop.

    Args:
        flag: The flag that gave the address, for messages: `--dashboard`.
        address: Where to listen; port 0 lets the system choose.
        origins: Under which names it is asked for; told the port.
        folder: Files that are there for whoever may be here.
        routes: And answers that are made.
        policy: What its pages may do besides.
        access: Who may be here; None for everybody.
        certificate: For HTTPS; None for HTTP.
    """

    def __init__(
        self,
        flag: str,
        address: tuple[str, int],
        *,
        origins: Origins,
        folder: StaticFolder,
        routes: Iterable[Route] = (),
        policy: ContentPolicy | None = None,
        access: Access | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self._flag = flag
        self._address = address
        self._folder = folder
        self._routes = tuple(routes)
        self._policy = policy or ContentPolicy()
        self._access = access
        self._scheme = origins.scheme
        self._origins = origins
        server = Server(self._serve, handler_cancellation=True)
        self.connections = Connections(*address, server, None if certificate is None else certificate.context)
        """Belongs into the budget."""

    @property
    def url(self) -> str:
        """Where it is, without a token. After `start`."""
        host = f"[{self._address[0]}]" if ":" in self._address[0] else self._address[0]
        return f"{self._scheme}://{host}:{self._origins.port}/"

    async def start(self) -> None:
        """Listen.

        Raises:
            ConfigError: The address can't be used.
        """
        try:
            self._origins.port = await self.connections.start()
        except OSError as error:
            given = f"{self._address[0]}:{self._address[1]}"
            raise ConfigError(self._flag, given, f"an address that is free here ({error.strerror})") from error

    async def stop(self) -> None:
        """Close everything, whatever is under way."""
        self._origins.port = 0
        await self.connections.stop()

    # What happens with a request.

    async def _serve(self, request: BaseRequest) -> StreamResponse:
        connection = request.protocol
        assert isinstance(connection, HttpConnection)  # no other is made
        connection.begin_work()
        try:
            return await self._answer(request)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the answer was not taken in time") from None
        finally:
            connection.end_work()

    async def _answer(self, request: BaseRequest) -> StreamResponse:
        try:
            session = self._check(request)
            route, match = self._route(request)
        except Refused as refused:
            return await self._refuse(request, refused)
        async with asyncio.timeout(None if route is not None and route.is_endless else ANSWER_S):
            try:
                if route is not None:
                    return await route.answer(Asked(request, match, session))
                return await self._send_file(request, session)
            except Refused as refused:
                return await self._refuse(request, refused)

    async def _refuse(self, request: BaseRequest, refused: Refused) -> StreamResponse:
        answer = Response(status=refused.status, text=f"{refused.reason}\n", headers=refused.headers)
        answer.force_close()
        return await self.finish(request, answer)

    def _check(self, request: BaseRequest) -> str | None:
        """Return the page's session, if it has one.

        Raises:
            Refused: Something is wrong with where the request comes from or goes to, or with its size.
        """
        headers = request.headers
        host = headers.get("Host", "")
        if not self._origins.allows_host(host):
            raise Refused(421, "this host does not answer to that name")
        origin = headers.get("Origin")
        if (origin is None and request.method == "POST") or (origin is not None and not is_same_place(origin, host)):
            raise Refused(403, "only pages of this host may ask")
        if headers.get("Sec-Fetch-Site") in _FOREIGN and headers.get("Sec-Fetch-Dest") != "document":
            raise Refused(403, "only pages of this host may ask")
        if request.body_exists:
            raise Refused(413, "no request here has a body")
        return self._check_access(request) if self._access is not None else None

    def _check_access(self, request: BaseRequest) -> str | None:
        access, now = self._access, asyncio.get_running_loop().time()
        assert access is not None
        session = access.session_of(request.cookies.get(self._cookie_name))
        shown = request.query.get("token") if request.method == "GET" else None
        if access.token is None or (session is not None and shown is None):
            return session
        given = shown or bearer_token(request.headers)
        if given is None:
            raise Refused(401, "open the address with the token that the host has printed", WWW_Authenticate="Bearer")
        address = address_of(f"{request.remote}:0")
        wait_s = access.wait_s(address, now=now)
        if wait_s > 0:
            raise Refused(429, "too many wrong tokens from your address", Retry_After=str(int(wait_s) + 1))
        if not access.is_token(given, address, now=now):
            logger.warning("%s: a wrong token from %s", self._flag, address)
            raise Refused(401, "that is not the token", WWW_Authenticate="Bearer")
        if shown is not None:
            raise Refused(303, "", Location=request.path, Set_Cookie=self._cookie(access.new_session()))
        return None

    def _route(self, request: BaseRequest) -> tuple[Route | None, re.Match[str]]:
        """Return what answers; None for a file.

        Raises:
            Refused: Nothing does.
        """
        wanted = "GET" if request.method == "HEAD" else request.method
        others = False
        for route in self._routes:
            match = route.path.fullmatch(request.path)
            if match is not None and route.method == (request.method if route.is_endless else wanted):
                return route, match
            others = others or match is not None
        is_file = request.path in self._folder
        if is_file and wanted == "GET":
            return None, _ANYTHING.match(request.path)  # type: ignore[return-value]  # it matches
        if is_file or others:
            raise Refused(405, "not that way")
        raise Refused(404, "there is nothing here")

    # Answers.

    async def finish(self, request: BaseRequest, answer: Response, *, session: str | None = None) -> StreamResponse:
        """Send a whole answer, with the headers that each has."""
        body = answer.body
        large = bytes(body) if isinstance(body, bytes) and len(body) > WRITE_BYTES else b""
        if not large:
            self.dress(request, answer)
            await answer.prepare(request)
            await answer.write_eof()
            return answer
        streamed = StreamResponse(status=answer.status, headers=answer.headers)
        streamed.content_length = len(large)
        self.dress(request, streamed)
        await streamed.prepare(request)
        for start in range(0, len(large) if request.method != "HEAD" else 0, WRITE_BYTES):
            await streamed.write(large[start : start + WRITE_BYTES])
        await streamed.write_eof()
        return streamed

    def dress(self, request: BaseRequest, answer: StreamResponse) -> None:
        """Add the headers that each answer has."""
        host = _PORT.sub("", request.headers.get("Host", ""))
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.update(self._policy.headers(host if self._origins.allows_host(host) else "none"))

    async def _send_file(self, request: BaseRequest, session: str | None) -> StreamResponse:
        found = self._folder.open(request.path)
        if found is None:
            raise Refused(404, "there is nothing here any more")
        with found.file:
            answer = StreamResponse(headers={"Cache-Control": "no-cache", "ETag": found.etag})
            if self._access is not None and session is None and request.path == "/":
                answer.headers["Set-Cookie"] = self._cookie(self._access.new_session())
            is_known = request.headers.get("If-None-Match") == found.etag
            answer.set_status(304 if is_known else 200)
            if not is_known:
                answer.content_type, answer.charset = found.content_type, _charset(found.content_type)
                answer.content_length = found.size_bytes
            self.dress(request, answer)
            await answer.prepare(request)
            if not is_known and request.method != "HEAD":
                await _copy(found, answer)
            await answer.write_eof()
            return answer

    @property
    def _cookie_name(self) -> str:
        return f"wavry-{self._origins.port}"  # browsers send a cookie to all ports of a name

    def _cookie(self, value: str) -> str:
        secure = "; Secure" if self._scheme == "https" else ""
        return f"{self._cookie_name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}"


_ANYTHING = re.compile(".*", re.DOTALL)


async def _copy(found: StaticFile, answer: StreamResponse) -> None:
    left = found.size_bytes
    while left > 0:
        piece = found.file.read(min(WRITE_BYTES, left))
        if not piece:
            raise ConnectionResetError("the file has become shorter")
        left -= len(piece)
        await answer.write(piece)


def _charset(content_type: str) -> str | None:
    return "utf-8" if content_type.startswith("text/") else None
