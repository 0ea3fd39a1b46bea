"""The one tree of exceptions.

    WavryError
    ├─ ConfigError (also ValueError)      a value that cannot be: field, value, allowed
    ├─ BackendError
    │  ├─ BackendUnavailableError         expected while probing: name, reason
    │  └─ NoBackendError                  nothing of that kind runs here: kind, refusals
    ├─ CaptureError
    │  └─ CaptureLostError                the screen went away; the supervisor reopens it
    ├─ InputLostError                     keys and pointer can't be moved any more; opening it again may work
    ├─ CodecError
    │  ├─ EncodeError
    │  └─ DecodeError
    ├─ ProtocolError                      abstract
    │  ├─ LocalProtocolError              we misused the API; nothing was sent
    │  └─ RemoteProtocolError             the peer's bytes are wrong
    ├─ TransportError
    │  ├─ ConnectFailedError
    │  ├─ ConnectionLostError
    │  └─ DatagramTooLargeError
    └─ ResourceError
       ├─ PoolExhaustedError
       └─ BufferReleasedError             a lease was released twice or used after its release

Each class carries fields; the message is made from them. Exceptions of other libraries are translated once, where
they enter a package. A peer's bytes can only ever cause `RemoteProtocolError`.
"""

from __future__ import annotations

from enum import IntEnum


class WavryError(Exception):
    """Base of everything wavry raises on purpose."""


class ConfigError(WavryError, ValueError):
    """A setting has a value that cannot be used.

    Args:
        field: The setting as the user wrote it, for example `--fps`.
        value: What was given.
        allowed: What would have been accepted, in words.
    """

    def __init__(self, field: str, value: object, allowed: str) -> None:
        super().__init__(field, value, allowed)
        self.field = field
        self.value = value
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field} {self.value}: allowed is {self.allowed}"


class BackendError(WavryError):
    """A capture, encoder, decoder or window back end is the trouble."""


class BackendUnavailableError(BackendError):
    """One back end cannot run here. Expected while probing, never a fault by itself."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, reason)
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class NoBackendError(BackendError):
    """No back end of a kind runs here.

    Args:
        kind: What was looked for, for example `screen capture` or `h264 encoder`.
        refusals: Every candidate that was tried, with its reason, in order.
    """

    def __init__(self, kind: str, refusals: tuple[BackendUnavailableError, ...]) -> None:
        super().__init__(kind, refusals)
        self.kind = kind
        self.refusals = refusals

    def __str__(self) -> str:
        tried = "; ".join(str(refusal) for refusal in self.refusals) or "none is known on this platform"
        return f"no {self.kind} runs on this machine ({tried})"


class CaptureError(WavryError):
    """A picture or sound could not be taken."""


class CaptureLostError(CaptureError):
    """The source went away while it was in use; opening it again may work."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(source, reason)
        self.source = source
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.source} was lost: {self.reason}"


class InputLostError(WavryError):
    """The way to keys and pointer went away while it was in use; opening it again may work."""

    def __init__(self, backend: str, reason: str) -> None:
        super().__init__(backend, reason)
        self.backend = backend
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.backend} was lost: {self.reason}"


class CodecError(WavryError):
    """An encoder or decoder failed on one picture."""

    def __init__(self, backend: str, reason: str) -> None:
        super().__init__(backend, reason)
        self.backend = backend
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.backend}: {self.reason}"


class EncodeError(CodecError):
    """A frame could not be encoded."""


class DecodeError(CodecError):
    """An access unit could not be decoded."""


class ErrorCode(IntEnum):
    """Why a session ended, as it travels in a QUIC CONNECTION_CLOSE and in `Bye`. WIRE.md lists them."""

    NO_ERROR = 0
    """Left on purpose."""
    PROTOCOL_VIOLATION = 1
    """The peer sent bytes that WIRE.md forbids."""
    UNSUPPORTED_VERSION = 2
    """The peer speaks another major version."""
    REFUSED = 3
    """The peer is not allowed in, or there is no room."""
    INTERNAL_ERROR = 4
    """A fault of our own."""
    TIMEOUT = 5
    """The peer said nothing in time."""
    SHUTTING_DOWN = 6
    """The host or the client is being stopped."""


class ProtocolError(WavryError):
    """Abstract: somebody broke the protocol."""

    def __init__(self, message: str, *, code: ErrorCode = ErrorCode.PROTOCOL_VIOLATION) -> None:
        if type(self) is ProtocolError:
            raise TypeError("raise LocalProtocolError or RemoteProtocolError")
        super().__init__(message)
        self.code = code


class LocalProtocolError(ProtocolError):
    """We tried something the protocol forbids; nothing was sent and nothing changed."""


class RemoteProtocolError(ProtocolError):
    """The peer's bytes are wrong. A datagram is counted and skipped, a control stream is closed with `code`."""


class TransportError(WavryError):
    """The way to the peer is the trouble."""


class ConnectFailedError(TransportError):
    """No connection came about: wrong address, nobody there, or refused."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(address, reason)
        self.address = address
        self.reason = reason

    def __str__(self) -> str:
        return f"could not connect to {self.address}: {self.reason}"


class NotLetInError(ConnectFailedError):
    """The host does not let this client in, or is not the one that is known; trying again changes nothing."""


class ConnectionLostError(TransportError):
    """A connection that stood has ended.

    Args:
        reason: What the peer or the transport said.
        code: The code that travelled.
        was_local: True when this side closed it.
    """

    def __init__(self, reason: str, *, code: int = ErrorCode.NO_ERROR, was_local: bool = False) -> None:
        super().__init__(reason, code, was_local)
        self.reason = reason
        self.code = code
        self.was_local = was_local

    def __str__(self) -> str:
        return self.reason or f"closed with code {self.code}"


class DatagramTooLargeError(TransportError):
    """A datagram would not fit into one packet; sending it would block all later ones."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__(size_bytes, limit_bytes)
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes

    def __str__(self) -> str:
        return f"datagram of {self.size_bytes} bytes, at most {self.limit_bytes} fit"


class ResourceError(WavryError):
    """A bounded resource is used up or misused."""


class PoolExhaustedError(ResourceError):
    """Every buffer of a pool is in use; the caller must drop or wait."""

    def __init__(self, pool: str, capacity: int) -> None:
        super().__init__(pool, capacity)
        self.pool = pool
        self.capacity = capacity

    def __str__(self) -> str:
        return f"pool {self.pool}: all {self.capacity} buffers are in use"


class BufferReleasedError(ResourceError):
    """A buffer was released twice, or touched after its release.

    Args:
        pool: Its name.
        frame_id: The loan.
        story: Where it was taken and released, when the pool remembers that.
    """

    def __init__(self, pool: str, frame_id: int, story: str = "") -> None:
        super().__init__(pool, frame_id, story)
        self.pool = pool
        self.frame_id = frame_id
        self.story = story

    def __str__(self) -> str:
        return f"pool {self.pool}: buffer {self.frame_id} is not in use{self.story and f' ({self.story})'}"
