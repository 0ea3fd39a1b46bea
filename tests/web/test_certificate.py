"""What HTTPS speaks with."""

from __future__ import annotations

import os
import ssl
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from wavry.transport.identity import HostIdentity
from wavry.web.certificate import Certificate

if TYPE_CHECKING:
    from pathlib import Path


def shown_by(context: ssl.SSLContext) -> bytes:
    """Shake hands in memory; return the certificate (DER) that the server showed."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    client = trusting.wrap_bio(to_client, to_server)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            pass
    shown = client.getpeercert(binary_form=True)
    assert shown is not None
    return shown


def no_directory(*_: Any, **__: Any) -> None:
    raise FileNotFoundError("no usable temporary directory")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere OpenSSL needs a file")
def test_the_host_s_key_is_on_no_disk_and_needs_no_place_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = HostIdentity.load_or_create(tmp_path)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", no_directory)
    before = set(os.listdir("/proc/self/fd"))
    certificate = Certificate.of_host(identity)
    for days in (0, 12):
        identity.certificate(at=datetime.now(UTC) + timedelta(days=days))
        assert len(shown_by(certificate.context())) > 200
    assert set(os.listdir("/proc/self/fd")) == before


def test_where_there_is_no_file_in_memory_one_on_disk_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    identity = HostIdentity.load_or_create(tmp_path / "data")
    assert len(shown_by(Certificate.of_host(identity).context())) > 200
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
