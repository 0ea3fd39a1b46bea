"""Tokens in files; keys are in tests/transport/test_identity.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wavry.errors import ConfigError
from wavry.keyfile import load_or_create_token

if TYPE_CHECKING:
    from pathlib import Path


def test_a_token_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "token"
    token = load_or_create_token(path, what="token")
    assert len(token) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_token(path, what="token") == token
    assert load_or_create_token(tmp_path / "other", what="token") != token


@pytest.mark.parametrize("text", ["", "short\n", "with spaces " * 4, "\u00fc" * 40, "x" * 300])
def test_a_file_that_holds_no_token_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="token"):
        load_or_create_token(path, what="token")


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "token"
    load_or_create_token(path, what="token")
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_or_create_token(path, what="token")
