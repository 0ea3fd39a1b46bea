"""What is sent with every answer."""

from __future__ import annotations

import pytest

from wavry.web.headers import ContentPolicy


def test_only_a_page_that_asks_for_it_may_compile_webassembly_and_none_may_evaluate_text() -> None:
    assert "script-src 'self';" in ContentPolicy().headers("desk.local")["Content-Security-Policy"]
    policy = ContentPolicy(compiles=True).headers("desk.local")["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in policy
    assert "'unsafe-eval'" not in policy


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("desk.local", "https://desk.local:4790"),
        ("192.0.2.7", "https://192.0.2.7:4790"),
        ("[2001:db8::7]", "https://*:4790"),  # no source can name it: Chromium ignores one that tries
    ],
)
def test_a_page_may_connect_to_the_host_under_the_name_that_it_was_asked_for(host: str, source: str) -> None:
    policy = ContentPolicy(connect=("https://{host}:4790",)).headers(host)["Content-Security-Policy"]
    assert f"connect-src 'self' {source};" in policy
