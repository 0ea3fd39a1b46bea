"""The control stream before that."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pairing.helpers import Host, client_gate, meet
from wavry.rift import MessageDecoder, MessageKinds, encode_message
from wavry.rift.pairing import TO_CLIENT, TO_HOST

if TYPE_CHECKING:
    from random import Random


class PairingTarget:
    """What both sides say before a client is let in. A gate takes a few inputs; a PIN is opened now and then."""

    cap_bytes = 0

    def __init__(self, dice: Random) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="wavry-fuzz-"))
        atexit.register(shutil.rmtree, self._home)
        self._dice = dice
        self._host = Host(self._home / "host")
        client = client_gate(self._home, pin=self._host.offer.open(now=0.0))
        said = meet(client, self._host.gate()) + meet(client_gate(self._home), self._host.gate())
        self.seeds = [encode_message(message) for message in said]
        self._fed = 0
        self._renew()

    def _renew(self) -> None:
        self._at_host, self._at_client = self._host.gate(), client_gate(self._home, pin="123456")
        self._decoders = MessageDecoder(MessageKinds(TO_HOST)), MessageDecoder(MessageKinds(TO_CLIENT))

    def feed(self, data: bytes) -> None:
        """Say it to both."""
        self._fed += 1
        if self._fed % 5 == 0:
            self._renew()
        if self._fed % 5_000 == 0:
            self._host.offer.open(now=float(self._fed))
        try:
            for message in self._decoders[0].receive(data):
                self._at_host.receive(message, now=float(self._fed))
        finally:
            for message in self._decoders[1].receive(data):
                self._at_client.receive(message)
        if self._at_host.client is not None:
            raise AssertionError("somebody was let in")
