"""What is sent with every answer, so that a browser lets nobody use a page for what it is not there for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentPolicy:
    """What a page may load and do, beyond nothing. Scripts, styles and workers come from the site alone."""

    connect: tuple[str, ...] = ()
    """Where else than to the site it may connect: sources as in a Content-Security-Policy; `{host}` stands for the
    name under which the page was asked for."""

    compiles: bool = False
    """Whether scripts may compile WebAssembly, which comes from the site as they do."""

    images: tuple[str, ...] = ()
    """Images besides the site's own: `data:`, `blob:`."""

    permissions: str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    """The Permissions-Policy."""

    def headers(self, host: str) -> dict[str, str]:
        """Return the headers of an answer.

        Args:
            host: The name under which it was asked for, without the port, and known to be ours.
        """
        name = "*" if host.startswith("[") else host  # a source can't be an IPv6 address; the port has to do
        connect = " ".join(("'self'", *(source.replace("{host}", name) for source in self.connect)))
        images = " ".join(("'self'", *self.images))
        scripts = "'self' 'wasm-unsafe-eval'" if self.compiles else "'self'"
        policy = (
            f"default-src 'none'; script-src {scripts}; style-src 'self'; font-src 'self'; worker-src 'self'; "
            f"img-src {images}; connect-src {connect}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
        return _ALWAYS | {"Content-Security-Policy": policy, "Permissions-Policy": self.permissions}


_ALWAYS = {
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "wavry",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

NOTHING = ContentPolicy()
"""For answers that are no pages."""
