"""The dashboard's site: its page, and what the page and other programs ask for."""

from __future__ import annotations

import asyncio
import math
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from aiohttp.web_response import Response

from wavry.clock import monotonic
from wavry.server.dashboard.checkpoints import LastCheckpoints
from wavry.server.dashboard.readers import Readers
from wavry.web.access import Access
from wavry.web.site import Refused, Route, Site
from wavry.web.static import StaticFolder

if TYPE_CHECKING:
    from types import ModuleType

    from aiohttp.web_response import StreamResponse

    from wavry.server.figures import Figures
    from wavry.web.certificate import Certificate
    from wavry.web.origins import Origins
    from wavry.web.site import Asked

FLAG = "--dashboard"
CSRF_HEADER = "X-Wavry-Csrf"
DAY_S = 86_400.0
_SHORTEST_S = 60.0

HISTORY_S = 5.0
"""For a reader to take its history: others wait for theirs meanwhile."""


class Dashboard:
    """A site that shows a host. On the loop.

    Args:
        address: Where to listen.
        origins: Under which names.
        certificate: For HTTPS.
        figures: The host's; opened.
        token: What those who come have to show; None where everybody may come.
    """

    def __init__(
        self,
        address: tuple[str, int],
        origins: Origins,
        certificate: Certificate | None,
        figures: Figures,
        *,
        token: str | None,
    ) -> None:
        self._figures = figures
        self.access = Access(token)
        self._reading_history = asyncio.Lock()
        self._checkpoints = LastCheckpoints()
        self._checkpoints.start()
        self.readers = Readers(figures, self._now)
        """Belongs into the budget."""
        self.site = Site(
            FLAG,
            address,
            origins=origins,
            folder=StaticFolder(Path(__file__).parent / "static"),
            routes=[
                Route("GET", re.compile(r"/api/session"), self._session),
                Route("GET", re.compile(r"/api/memory"), self._memory),
                Route("GET", re.compile(r"/api/history"), self._history),
                Route("GET", re.compile(r"/api/events"), self._events, is_endless=True),
                Route("POST", re.compile(r"/api/sessions/(\d{1,9})/disconnect"), self._disconnect),
                Route("GET", re.compile(r"/metrics"), self._metrics),
            ],
            access=self.access,
            certificate=certificate,
        )

    @property
    def url(self) -> str:
        """Where it is, with the token. Not for a log."""
        token = self.access.token
        return self.site.url if token is None else f"{self.site.url}?token={token}"

    async def close(self) -> None:
        """End."""
        self._checkpoints.stop()
        self.readers.close()
        await self.site.stop()

    def _now(self, *, with_objects: bool = False) -> dict[str, object]:
        return self._figures.now(with_objects=with_objects) | {"checkpoints": self._checkpoints.as_list()}

    async def _session(self, asked: Asked) -> StreamResponse:
        """Tell a page what it has to send with what changes something."""
        token = None if asked.session is None else self.access.csrf_token(asked.session)
        return await self._json(asked, {"csrf": token})

    async def _memory(self, asked: Asked) -> StreamResponse:
        return await self._json(asked, self._now(with_objects=True))

    async def _history(self, asked: Asked) -> StreamResponse:
        """Send samples: `since`, seconds back; `columns`, names with commas."""
        query = asked.request.query
        try:
            since_s = float(query.get("since", "300"))
        except ValueError:
            since_s = math.nan
        if math.isnan(since_s):
            raise Refused(400, "since is a number of seconds")
        since_s = min(max(since_s, _SHORTEST_S), DAY_S)
        names = query["columns"].split(",") if "columns" in query else None
        async with self._reading_history, asyncio.timeout(HISTORY_S):  # a day has 0.3 MB: one at a time, off the loop
            body = await asyncio.to_thread(self._read_history, since_s, names)
            return await self.site.finish(asked.request, Response(body=body, content_type="application/json"))

    def _read_history(self, since_s: float, names: list[str] | None) -> bytes:
        history = self._figures.history
        return msgspec.json.encode(history.columns(since_s, now=monotonic(), wall_s=time.time(), names=names))

    async def _events(self, asked: Asked) -> StreamResponse:
        return await self.readers.answer(asked, self.site)

    async def _disconnect(self, asked: Asked) -> StreamResponse:
        if not self.access.allows_change(asked.session, asked.request.headers.get(CSRF_HEADER)):
            raise Refused(403, "only the page itself may do that")
        number = int(asked.match[1])
        if not self._figures.disconnect(number):
            raise Refused(404, "that session has ended")
        return await self._json(asked, {"disconnected": number})

    async def _metrics(self, asked: Asked) -> StreamResponse:
        metrics = await asyncio.to_thread(_load_metrics)
        body = metrics.render(self._figures)
        answer = Response(body=body, headers={"Content-Type": metrics.CONTENT_TYPE})
        return await self.site.finish(asked.request, answer)

    async def _json(self, asked: Asked, told: object) -> StreamResponse:
        answer = Response(body=msgspec.json.encode(told), content_type="application/json")
        return await self.site.finish(asked.request, answer)


def _load_metrics() -> ModuleType:
    """Return the module; it takes 60 ms the first time, which is too much for the loop: pictures would wait."""
    from wavry.server.dashboard import metrics

    return metrics
