"""Control messages: what they say. How they travel is in `framing.py`; WIRE.md section 7 is the definition.

Every field has bounds, and decoding enforces them: what arrives here as an object is safe to use. Fields that a newer
minor version adds are ignored, fields that it may leave out have defaults.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Protocol, TypeAlias

from msgspec import Meta, Struct

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.media import Codec  # noqa: TC001 (msgspec reads the annotations at run time)
from wavry.rift.cursor.messages import CursorShape
from wavry.rift.framing import Message, MessageKinds
from wavry.rift.packet import MAX_DATAGRAM_BYTES, MIN_DATAGRAM_BYTES, PROTOCOL_MAJOR, PROTOCOL_MINOR

U8: TypeAlias = Annotated[int, Meta(ge=0, le=2**8 - 1)]
U16: TypeAlias = Annotated[int, Meta(ge=0, le=2**16 - 1)]
U32: TypeAlias = Annotated[int, Meta(ge=0, le=2**32 - 1)]
U63: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
NONCE_BYTES = 32

Nonce: TypeAlias = Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]
PublicKey: TypeAlias = Annotated[bytes, Meta(min_length=32, max_length=32)]
"""Ed25519, raw (RFC 8032)."""

ShortText: TypeAlias = Annotated[str, Meta(max_length=32)]
Text: TypeAlias = Annotated[str, Meta(max_length=256)]
Side: TypeAlias = Annotated[int, Meta(ge=1, le=65_535)]
MAX_MONITORS = 16
MonitorName: TypeAlias = Annotated[str, Meta(max_length=64)]


class Knock(Message, frozen=True, kw_only=True):
    """Client to host, first: who it is. The version's fields keep their meaning in every version."""

    kind: ClassVar[str] = "knock"

    version_major: U16 = PROTOCOL_MAJOR
    version_minor: U16 = PROTOCOL_MINOR
    public_key: PublicKey
    nonce: Nonce


class Welcome(Message, frozen=True, kw_only=True):
    """Host to client: come in. `hello` follows."""

    kind: ClassVar[str] = "welcome"


class Hello(Message, frozen=True, kw_only=True):
    """First message of each side. `version_major` and `version_minor` keep their meaning in every version."""

    kind: ClassVar[str] = "hello"

    version_major: U16 = PROTOCOL_MAJOR
    version_minor: U16 = PROTOCOL_MINOR
    name: Text = ""
    """For people: the machine's name, or what its owner calls it."""

    codecs: Annotated[tuple[ShortText, ...], Meta(max_length=16)] = ()
    """`Codec` values, best first: what the client can decode, what the host can encode. Unknown ones are no error."""

    max_datagram_bytes: Annotated[int, Meta(ge=MIN_DATAGRAM_BYTES, le=MAX_DATAGRAM_BYTES)] = 1170
    """Largest RIFT packet this side takes."""

    sound: bool = False
    """Of a client: it wants sound. A host sends none to a client that does not say so."""

    input: bool = False
    """Of a client: it means to send input. A host takes none from a client that does not say so."""

    cursor: bool = False
    """Of a client: it draws the pointer itself, and wants to know its shape and place."""

    clipboard_send: bool = False
    """This side tells what is on its clipboard, if the other takes it."""

    clipboard_receive: bool = False
    """This side takes what is on the other's clipboard."""


class StreamConfig(Message, frozen=True, kw_only=True):
    """Host to client: what the units of `epoch` are. Sent before the first of them, on every change."""

    kind: ClassVar[str] = "stream_config"

    epoch: U8
    codec: Codec
    width: Annotated[int, Meta(ge=1, le=16_384)]
    height: Annotated[int, Meta(ge=1, le=16_384)]
    fps: Annotated[int, Meta(ge=1, le=1000)]
    """Ceiling; a still screen sends less."""

    bitrate_bps: Annotated[int, Meta(ge=1, le=10_000_000_000)]
    """Ceiling at this moment."""

    color: ShortText = "bt709"
    """Matrix, primaries and transfer."""

    full_range: bool = False


class SoundConfig(Message, frozen=True, kw_only=True):
    """Host to client: what the sound packets of `epoch` are, and whether there is sound at all; on every change."""

    kind: ClassVar[str] = "sound_config"

    epoch: U8
    codec: ShortText = "opus"
    """A client that does not know it plays nothing."""

    channels: Annotated[int, Meta(ge=1, le=255)] = 2
    """At 48 kHz. In Opus's order: left, right, or of 6 front left, centre, right, rear left, right, LFE."""

    frame_us: Annotated[int, Meta(ge=2_500, le=60_000)] = 5_000
    """Length of the block in each packet."""

    available: bool = True
    """Whether there is something to hear, silence included."""

    reason: Text = ""
    """Why not, for people."""


class KeyframeRequest(Message, frozen=True, kw_only=True):
    """Client to host: send a keyframe newer than `after_frame_id`."""

    kind: ClassVar[str] = "keyframe_request"

    epoch: U8
    after_frame_id: U32


class Feedback(Message, frozen=True, kw_only=True):
    """Client to host, regularly: what arrived. All counts are totals since the connection began."""

    kind: ClassVar[str] = "feedback"

    epoch: U8
    highest_packet_id: U32
    """The newest packet seen; says nothing while `packets_received` is 0."""

    packets_received: U63
    packets_lost: U63
    """Expected by their ids and not come by themselves. May shrink when one comes late."""

    packets_repaired: U63 = 0
    """Of the lost ones, those that parity or sending them again has replaced."""

    packets_duplicate: U63
    frames_received: U63
    """Units delivered to the decoder."""

    frames_lost: U63
    bytes_received: U63
    """Datagrams, headers included."""

    jitter_us: U32
    is_playout_behind: bool = False
    """Whether the client decodes slower than frames come."""

    reorder_permille: Annotated[int, Meta(ge=0, le=1000)] | None = None
    """How full the reorder window is, 1000 at its bound; None of a client that does not say. So are all below."""

    fec_pending_groups: U16 | None = None
    """Parity packets that wait for others of their window."""

    network_us: U32 | None = None
    """Of the newest picture that was decoded since the last report, as the three below: from the host's encoder to the
    client's whole unit. None of them where there was no such picture, or the host's clock is not known."""

    playout_us: U32 | None = None
    """From there to the decoder."""

    decode_us: U32 | None = None
    """In the decoder."""

    capture_to_decoded_us: U32 | None = None
    """All the way."""


class Ping(Message, frozen=True, kw_only=True):
    """Either side: answer with a `Pong` at once."""

    kind: ClassVar[str] = "ping"

    ping_id: U32
    sent_us: U63
    """On the asker's monotonic clock."""


class Pong(Message, frozen=True, kw_only=True):
    """The answer: the ping's own fields, and when it came."""

    kind: ClassVar[str] = "pong"

    ping_id: U32
    sent_us: U63
    received_us: U63
    """On the answerer's monotonic clock. With the time of return it gives round trip and clock offset."""


class SourceState(Message, frozen=True, kw_only=True):
    """Host to client: whether there is a picture to send, and why not."""

    kind: ClassVar[str] = "source_state"

    available: bool
    reason: Text = ""


class RightsGranted(Message, frozen=True, kw_only=True):
    """Host to client: what it may do. Sent after the host's `Hello` and on every change."""

    kind: ClassVar[str] = "rights_granted"

    rights: Annotated[tuple[ShortText, ...], Meta(max_length=16)] = ()
    """`Right` values. Unknown ones are no error."""


class Denied(Message, frozen=True, kw_only=True):
    """Host to client: something came that needs a right which the client does not have. Said once for each right."""

    kind: ClassVar[str] = "denied"

    right: ShortText


class MonitorInfo(Struct, frozen=True, kw_only=True):
    """One monitor of the host; its number is its place in the list."""

    name: MonitorName = ""
    width: Side
    height: Side


class MonitorList(Message, frozen=True, kw_only=True):
    """Host to client: what it could show. Sent after the host's `Hello`, on every change, and as a refusal."""

    kind: ClassVar[str] = "monitor_list"

    monitors: Annotated[tuple[MonitorInfo, ...], Meta(max_length=MAX_MONITORS)] = ()
    """Empty: there is nothing to choose from."""

    captured: Annotated[int, Meta(ge=0, le=MAX_MONITORS - 1)] | None = None
    """Which one is shown; None where that is none of them."""

    refusal: Text = ""
    """Why the client's last choice was not followed, for people."""


class ChooseMonitor(Message, frozen=True, kw_only=True):
    """Client to host: show this monitor instead. Needs the right "pointer"."""

    kind: ClassVar[str] = "choose_monitor"

    number: U16
    """One that does not exist is refused by a `MonitorList`."""


class Bye(Message, frozen=True, kw_only=True):
    """Either side: the last message."""

    kind: ClassVar[str] = "bye"

    code: U16
    """An `ErrorCode`, or one that a newer version defines."""

    reason: Text = ""


CONTROL_MESSAGES: tuple[type[Message], ...] = (
    Knock,
    Welcome,
    Hello,
    StreamConfig,
    SoundConfig,
    KeyframeRequest,
    Feedback,
    Ping,
    Pong,
    SourceState,
    RightsGranted,
    Denied,
    CursorShape,
    MonitorList,
    ChooseMonitor,
    Bye,
)
"""What is said on the control stream."""

CONTROL = MessageKinds(CONTROL_MESSAGES)


class Versioned(Protocol):
    """A first message."""

    @property
    def version_major(self) -> int:
        """Another one, and nothing can be understood."""

    @property
    def version_minor(self) -> int:
        """Others are understood."""


def check_version(hello: Versioned) -> None:
    """Make sure that we can talk with the peer. Unlike minor versions can.

    Raises:
        RemoteProtocolError: It speaks another major version; the code is UNSUPPORTED_VERSION, the text names both.
    """
    if hello.version_major == PROTOCOL_MAJOR:
        return
    older = "this side" if hello.version_major > PROTOCOL_MAJOR else "the peer"
    raise RemoteProtocolError(
        f"the peer speaks RIFT {hello.version_major}.{hello.version_minor}, this side {PROTOCOL_MAJOR}."
        f"{PROTOCOL_MINOR}; update {older}",
        code=ErrorCode.UNSUPPORTED_VERSION,
    )
