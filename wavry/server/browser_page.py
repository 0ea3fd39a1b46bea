"""The page that makes a browser a client: its files, and what it has to know of this host."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from aiohttp.web_response import Response

from wavry.browser import FILES
from wavry.web.headers import ContentPolicy
from wavry.web.site import Route, Site
from wavry.web.static import StaticFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.web_response import StreamResponse

    from wavry.web.certificate import Certificate
    from wavry.web.origins import Origins
    from wavry.web.site import Asked

FLAG = "--web"
PATH = "/wavry"
"""Of the WebTransport session."""


def browser_site(
    address: tuple[str, int],
    origins: Origins,
    certificate: Certificate | None,
    *,
    udp_port: int,
    certificate_hashes: Callable[[], list[str]],
    needs_pairing: bool,
    name: str,
) -> Site:
    """Return the site with the page. It has no secret: everybody may load it, and the door says who may be a client.

    Args:
        address: Where to listen.
        origins: Under which names.
        certificate: For HTTPS.
        udp_port: Where the host listens for WebTransport.
        certificate_hashes: SHA-256 of the certificates that it may show there, in hex.
        needs_pairing: Whether a client has to prove who it is.
        name: What the host is called.
    """

    async def session(asked: Asked) -> StreamResponse:
        told = {
            "port": udp_port,
            "path": PATH,
            "certificateHashes": certificate_hashes(),
            "needsPairing": needs_pairing,
            "name": name,
        }
        return await site.finish(
            asked.request, Response(body=json.dumps(told).encode(), content_type="application/json")
        )

    site = Site(
        FLAG,
        address,
        origins=origins,
        folder=StaticFolder(FILES),
        routes=[Route("GET", re.compile(r"/session\.json"), session)],
        policy=ContentPolicy(
            connect=(f"https://{{host}}:{udp_port}",),
            compiles=True,
            images=("data:", "blob:"),
            permissions="camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
        certificate=certificate,
    )
    return site
