from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.support.aio import PATIENCE_S
from wavry.errors import ConfigError
from wavry.transport.identity import HostIdentity, key_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def pem(key: PrivateKeyTypes, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def test_the_key_is_made_once_and_stays(tmp_path: Path) -> None:
    first = HostIdentity.load_or_create(tmp_path / "deep" / "down")
    assert HostIdentity.load_or_create(tmp_path / "deep" / "down").fingerprint == first.fingerprint
    assert HostIdentity.load_or_create(tmp_path / "elsewhere").fingerprint != first.fingerprint


def test_only_its_owner_may_read_the_key(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        HostIdentity.load_or_create(tmp_path / "wavry")
    finally:
        os.umask(before)
    (file,) = (tmp_path / "wavry").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_threads_that_come_at_once_get_the_same_key(tmp_path: Path) -> None:
    for attempt in range(10):
        start = threading.Barrier(4)

        def load(directory: Path, start: threading.Barrier = start) -> str:
            start.wait(PATIENCE_S)
            return HostIdentity.load_or_create(directory).fingerprint

        with ThreadPoolExecutor(4) as threads:
            fingerprints = set(threads.map(load, [tmp_path / str(attempt)] * 4))
        assert len(fingerprints) == 1
        assert len(list((tmp_path / str(attempt)).iterdir())) == 1


LOAD = """
import sys
from pathlib import Path
from wavry.transport.identity import HostIdentity

sys.stdin.readline()
print(HostIdentity.load_or_create(Path(sys.argv[1])).fingerprint)
"""


def test_processes_that_come_at_once_get_the_same_key(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", LOAD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    fingerprints = {process.communicate(timeout=60)[0] for process in processes}
    assert len(fingerprints) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key at all",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        pem(ec.generate_private_key(ec.SECP256R1()))[:100],
        pem(ec.generate_private_key(ec.SECP256R1()), b"secret"),
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65537, 2048)),
        pem(ed25519.Ed25519PrivateKey.generate()),
        # PKCS #8 with the algorithm 1.2.3.4
        b"-----BEGIN PRIVATE KEY-----\nMA0CAQAwBQYDKgMEBAEA\n-----END PRIVATE KEY-----\n",
    ],
    ids=["empty", "text", "rubbish", "cut", "encrypted", "another curve", "rsa", "ed25519", "unknown"],
)
def test_a_file_that_is_no_p256_key_is_refused_and_left_alone(content: bytes, tmp_path: Path) -> None:
    HostIdentity.load_or_create(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="P-256 key"):
        HostIdentity.load_or_create(tmp_path)
    assert file.read_bytes() == content


def test_a_place_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match="host-key"):
        HostIdentity.load_or_create(tmp_path / "file" / "wavry")


def test_the_fingerprint_is_the_sha256_of_the_public_key(tmp_path: Path) -> None:
    identity = HostIdentity.load_or_create(tmp_path)
    spki = identity.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert identity.fingerprint == hashlib.sha256(spki).hexdigest()
    assert identity.fingerprint == key_fingerprint(identity.certificate().public_key())


def test_a_certificate_is_valid_for_thirteen_days_and_signed_by_its_own_key(tmp_path: Path) -> None:
    certificate = HostIdentity.load_or_create(tmp_path).certificate(at=NOW)
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc == timedelta(days=13)
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc
    certificate.verify_directly_issued_by(certificate)


def test_a_certificate_is_renewed_under_the_same_key_before_its_end(tmp_path: Path) -> None:
    identity = HostIdentity.load_or_create(tmp_path)
    first = identity.certificate(at=NOW)
    assert identity.certificate(at=NOW + timedelta(days=10)) is first
    second = identity.certificate(at=NOW + timedelta(days=12))
    assert second is not first
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > NOW + timedelta(days=20)
    assert key_fingerprint(second.public_key()) == key_fingerprint(first.public_key())


def test_a_clock_that_was_set_back_gets_a_certificate_that_is_valid_then(tmp_path: Path) -> None:
    identity = HostIdentity.load_or_create(tmp_path)
    identity.certificate(at=NOW)
    earlier = NOW - timedelta(days=100)
    certificate = identity.certificate(at=earlier)
    assert certificate.not_valid_before_utc <= earlier <= certificate.not_valid_after_utc


def test_pages_are_told_of_the_next_certificate_a_day_before_it_is_shown(tmp_path: Path) -> None:
    identity = HostIdentity.load_or_create(tmp_path)

    def shown(days: float) -> str:
        return hashlib.sha256(
            identity.certificate(at=NOW + timedelta(days=days)).public_bytes(serialization.Encoding.DER)
        ).hexdigest()

    def told(days: float) -> list[str]:
        return identity.certificate_hashes(at=NOW + timedelta(days=days))

    first = shown(0)
    assert told(0) == told(9.9) == [first]
    both = told(10.5)
    assert (len(both), both[0]) == (2, first)
    assert told(10.9) == both
    assert shown(10.9) == first
    assert shown(11.1) == both[1]
    assert told(11.2) == [both[1]]
    assert told(40) == [shown(40)] != [both[1]]
