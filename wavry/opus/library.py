"""Finds libopus and binds what wavry calls.

The system's libopus comes first, through opuslib, which knows where each system keeps it. Where there is none, the
libopus that PyAV's wheel brings is loaded from its file; both have the same C interface. opuslib's own encoder
allocates three buffers for each frame and knows no more than two channels, so the functions are bound here.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import re
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wavry.errors import BackendUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# The numbers of opus_defines.h, which are part of the binary interface.
OK = 0
APPLICATION_RESTRICTED_LOWDELAY = 2051
SET_BITRATE = 4002
SET_VBR = 4006
SET_COMPLEXITY = 4010
SET_INBAND_FEC = 4012
SET_PACKET_LOSS_PERC = 4014
SET_DTX = 4016
SET_VBR_CONSTRAINT = 4020

SAMPLES = ctypes.POINTER(ctypes.c_int16)
_STATE, _INT, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
_INT_OUT = ctypes.POINTER(ctypes.c_int)
_SIZE = ctypes.c_int32

_SOUND_AT_CONSTANT_RATE = (1, 5)
"""libopus 1.3.1 takes a constant rate in frames shorter than 20 ms for a quarter of what it is, and mixes both channels
of stereo into one: at 5 ms the difference is 11 % of a chord's energy, 0.3 % with 1.6.1. 1.4 was not looked at."""

Role = Literal["encoder", "decoder"]

_CODING: dict[Role, tuple[str, tuple[object, ...]]] = {
    "encoder": ("encode", (_STATE, SAMPLES, _INT, ctypes.c_void_p, _SIZE)),
    "decoder": ("decode", (_STATE, _TEXT, _SIZE, SAMPLES, _INT, _INT)),
}


class OpusLibrary:
    """libopus with the types of what is called. It has no state, so any thread may use it.

    Args:
        dll: Loaded.
        origin: Where it comes from, for people.

    Raises:
        BackendUnavailableError: It lacks a function: it is another library, or older than libopus 1.1.
    """

    def __init__(self, dll: ctypes.CDLL, origin: str) -> None:
        try:
            version = _bind(dll, "opus_get_version_string", _TEXT)
            self._strerror = _bind(dll, "opus_strerror", _TEXT, _INT)
            self.create_encoder = _bind(dll, "opus_encoder_create", _STATE, _INT, _INT, _INT, _INT_OUT)
            self.create_decoder = _bind(dll, "opus_decoder_create", _STATE, _INT, _INT, _INT_OUT)
            self.create_surround_encoder = _bind(
                dll, "opus_multistream_surround_encoder_create", _STATE,
                _INT, _INT, _INT, _INT_OUT, _INT_OUT, _TEXT, _INT, _INT_OUT,
            )  # fmt: skip
            self.create_surround_decoder = _bind(
                dll, "opus_multistream_decoder_create", _STATE, _INT, _INT, _INT, _INT, _TEXT, _INT_OUT
            )
            self.encoder, self.decoder = OpusCalls(dll, "opus", "encoder"), OpusCalls(dll, "opus", "decoder")
            self.surround_encoder = OpusCalls(dll, "opus_multistream", "encoder")
            self.surround_decoder = OpusCalls(dll, "opus_multistream", "decoder")
        except AttributeError as error:
            raise BackendUnavailableError("opus", f"{origin} is no libopus 1.1 or later: {error}") from error
        text: str = version().decode()
        self.name = f"{text} ({origin})"
        """Version and origin, for people."""
        self.is_sound_at_constant_rate = _version(text) >= _SOUND_AT_CONSTANT_RATE

    def message(self, code: int) -> str:
        """Return what an error code of libopus means."""
        text: bytes = self._strerror(code)
        return text.decode()


class OpusCalls:
    """What an encoder or a decoder is used with; those of one and of several streams take the same arguments."""

    def __init__(self, dll: ctypes.CDLL, prefix: str, role: Role) -> None:
        verb, arguments = _CODING[role]
        self.code = _bind(dll, f"{prefix}_{verb}", _INT, *arguments)
        self.control = _bind(dll, f"{prefix}_{role}_ctl", _INT, _STATE, _INT)  # one more argument, which varies
        self.destroy = _bind(dll, f"{prefix}_{role}_destroy", None, _STATE)


def _bind(dll: ctypes.CDLL, name: str, result: object, *arguments: object) -> Callable[..., Any]:
    """Return a function with its types; indexing makes one of our own, while opuslib sets types on the attribute."""
    function: Callable[..., Any] = dll[name]
    function.restype = result  # type: ignore[attr-defined] # it is a ctypes function
    function.argtypes = arguments  # type: ignore[attr-defined]
    return function


def _version(text: str) -> tuple[int, ...]:
    """Return the numbers of `libopus 1.3.1`; none of a build that does not know its own."""
    match = re.search(r"(\d+)\.(\d+)", text)
    return tuple(map(int, match.groups())) if match else ()


@cache
def load_opus() -> OpusLibrary:
    """Return libopus; loaded once.

    Raises:
        BackendUnavailableError: There is none, with the reason for each place.
    """
    reasons = []
    for find in (of_the_system, of_the_wheel):
        try:
            return find()
        except BackendUnavailableError as refusal:
            reasons.append(refusal.reason)
    raise BackendUnavailableError("opus", "; ".join(reasons))


def library_name() -> str:
    """Return which libopus is used: its version, and where it comes from.

    Raises:
        BackendUnavailableError: There is none.
    """
    return load_opus().name


def of_the_system() -> OpusLibrary:
    """Return the system's libopus.

    Raises:
        BackendUnavailableError: It has none, or opuslib is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # opuslib 3.0.1 compares numbers by `is`
            dll = importlib.import_module("opuslib.api").libopus
    except Exception as error:  # opuslib raises just that when the system has no libopus
        raise BackendUnavailableError("opus", f"opuslib: {error}") from error
    return OpusLibrary(dll, "the system's, through opuslib")


def of_the_wheel() -> OpusLibrary:
    """Return the libopus of PyAV's wheel.

    Raises:
        BackendUnavailableError: There is no such wheel, or it brings none.
    """
    for path in _wheel_files():
        try:
            return OpusLibrary(ctypes.CDLL(str(path)), "from PyAV's wheel")
        except OSError as error:
            raise BackendUnavailableError("opus", f"PyAV's wheel: {error}") from error
    raise BackendUnavailableError("opus", "PyAV's wheel brings no libopus")


def _wheel_files() -> Iterator[Path]:
    """Find libopus among the libraries of PyAV's wheel: beside the package on Linux and Windows, inside it on macOS."""
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for directory in (package.with_name("av.libs"), package / ".dylibs"):
            yield from sorted(directory.glob("libopus*"))
