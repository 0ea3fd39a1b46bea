"""Who may see a page: on loopback everybody of this machine, elsewhere whoever has the token that the host printed.

A browser shows its token once and gets a cookie; programs send it with each request (`Authorization: Bearer`). What
changes something needs a second proof, which only a page of ours can read (CSRF token). Cookies and proofs are made of
one secret of this run, so nothing is kept for those who come.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING

from wavry.failures import FailureLog

if TYPE_CHECKING:
    from collections.abc import Mapping

_SESSION = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")
_BEARER = "Bearer "


class Access:
    """Tokens and cookies of one site. On the loop.

    Args:
        token: What those who come have to show; None where everybody may come.
    """

    def __init__(self, token: str | None) -> None:
        self.token = token
        """What the host prints."""
        self._secret = secrets.token_bytes(32)
        self.failures = FailureLog()
        """Who has shown wrong tokens; belongs into the budget where tokens are shown."""

    def new_session(self) -> str:
        """Return the value of a new cookie."""
        session = secrets.token_hex(16)
        return f"{session}.{self._proof('session', session)}"

    def session_of(self, cookie: str | None) -> str | None:
        """Return the session that a cookie proves; None if it proves nothing."""
        match = _SESSION.fullmatch(cookie or "")
        if match is None or not hmac.compare_digest(match[2], self._proof("session", match[1])):
            return None
        return match[1]

    def csrf_token(self, session: str) -> str:
        """Return what a page of this session has to send with what changes something."""
        return self._proof("csrf", session)

    def allows_change(self, session: str | None, csrf_token: str | None) -> bool:
        """Whether a request comes from a page of ours."""
        if session is None or csrf_token is None or not csrf_token.isascii():
            return False
        return hmac.compare_digest(csrf_token, self.csrf_token(session))

    def wait_s(self, address: str, *, now: float) -> float:
        """Return for how long no token from an address is looked at, after too many wrong ones; 0 for not at all."""
        return self.failures.wait_s(address, now=now)

    def is_token(self, given: str, address: str, *, now: float) -> bool:
        """Whether somebody shows the token; a wrong one is remembered. Ask `wait_s` first."""
        if self.token is None:
            return False
        if given.isascii() and hmac.compare_digest(given, self.token):
            self.failures.forgive(address)
            return True
        self.failures.note(address, now=now)
        return False

    def _proof(self, purpose: str, session: str) -> str:
        return hmac.new(self._secret, f"{purpose}:{session}".encode(), hashlib.sha256).hexdigest()


def bearer_token(headers: Mapping[str, str]) -> str | None:
    """Return the token that a program sends."""
    header = headers.get("Authorization", "")
    return header.removeprefix(_BEARER) if header.startswith(_BEARER) else None
