"""Tokens, cookies, and the second proof for what changes something."""

from __future__ import annotations

from tests.support.web import TOKEN
from wavry.web.access import Access, bearer_token


def test_a_cookie_proves_its_session_and_nothing_that_was_changed_does() -> None:
    access = Access(TOKEN)
    cookie = access.new_session()
    session = access.session_of(cookie)
    assert session is not None
    assert cookie.startswith(session)
    last = "0" if cookie[-1] != "0" else "1"
    for forged in (None, "", session, cookie[:-1], cookie[:-1] + last, "0" * 32 + cookie[32:], cookie + "0"):
        assert access.session_of(forged) is None, forged
    assert Access(TOKEN).session_of(cookie) is None  # of another run


def test_only_the_page_of_the_same_session_may_change_something() -> None:
    access = Access(None)
    one, other = (access.session_of(access.new_session()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert access.allows_change(one, access.csrf_token(one))
    assert not access.allows_change(one, access.csrf_token(other))
    assert not access.allows_change(None, access.csrf_token(one))
    assert not access.allows_change(one, None)
    assert not access.allows_change(one, "\u00fc")


def test_who_shows_wrong_tokens_again_and_again_has_to_wait_and_others_need_not() -> None:
    access = Access(TOKEN)
    assert access.token is not None
    for _ in range(6):
        assert access.wait_s("192.0.2.1", now=10.0) == 0
        assert not access.is_token("wrong", "192.0.2.1", now=10.0)
    assert access.wait_s("192.0.2.1", now=10.0) > 0
    assert access.wait_s("192.0.2.2", now=10.0) == 0
    assert access.wait_s("192.0.2.1", now=12.0) == 0
    assert access.is_token(access.token, "192.0.2.1", now=12.0)


def test_a_token_is_there_only_where_one_is_needed() -> None:
    assert Access(None).token is None
    assert not Access(None).is_token("", "192.0.2.1", now=0.0)
    assert Access(TOKEN).is_token(TOKEN, "192.0.2.1", now=0.0)


def test_programs_send_the_token_in_a_header() -> None:
    assert bearer_token({"Authorization": "Bearer abc"}) == "abc"
    assert bearer_token({"Authorization": "Basic abc"}) is None
    assert bearer_token({}) is None
