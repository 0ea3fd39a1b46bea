"""All targets by the name that `scripts/fuzz.py` knows them by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.clipboard import ClipboardTarget
from tests.fuzz.control import ControlTarget
from tests.fuzz.cursor import CursorTarget
from tests.fuzz.hands import InputTarget
from tests.fuzz.media import PacketTarget, ParityTarget, ViewerTarget
from tests.fuzz.pairing import PairingTarget
from tests.fuzz.sound import SoundTarget
from tests.fuzz.web import BrowserTarget, Http3Target

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.fuzz.target import Target

TARGETS: dict[str, Callable[[Random], Target]] = {
    "parity": ParityTarget,
    "packet": PacketTarget,
    "viewer": ViewerTarget,
    "sound": SoundTarget,
    "control": ControlTarget,
    "pairing": PairingTarget,
    "http3": Http3Target,
    "browser": BrowserTarget,
    "input": InputTarget,
    "cursor": CursorTarget,
    "clipboard": ClipboardTarget,
}

CORPUS = Path(__file__).parent / "corpus"


def corpus_of(name: str) -> list[bytes]:
    """Return the inputs that are kept for a target, in the order of their names."""
    return [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]
