"""The browsers' door: a WebTransport session over HTTP/3, and nothing else. WIRE.md, section 12.

Bounded by `MAX_HTTP_BYTES`, which counts all that a peer says besides the session's own bytes, and by the number of
streams; all of it together is less than 20 kB. Nothing that a peer announces sizes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wavry.errors import ErrorCode, RemoteProtocolError
from wavry.transport.base import Channel
from wavry.transport.quic import http3
from wavry.transport.quic.carriage import PeerLeft, Writing, urgency_of
from wavry.transport.quic.http3 import Frame, Setting, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wavry.transport.base import DoorName

ALPN = "h3"
PATH = b"/wavry"

MAX_HTTP_BYTES = 16_384
"""A browser says about 400 bytes when it comes and 20 when it goes."""

_MAX_CAPSULE_BYTES = 1028
"""A code and the longest reason (draft-ietf-webtrans-http3, section 6)."""

_MAX_REASON_BYTES = 256
_MAX_UNI_STREAMS = 8
"""A browser opens three, and may try whether one of an unknown type is skipped."""

_REQUEST = 0
"""The stream of the one request, whose number is the session's."""

STREAM_IDS = {channel: 4 + 4 * channel for channel in Channel}
"""The next three that a browser opens."""

_CHANNELS = {stream_id: channel for channel, stream_id in STREAM_IDS.items()}
_CONTROL, _ENCODER, _DECODER = 3, 7, 11
"""The host's unidirectional streams."""

_CLOSE_SESSION = 0x2843
_PREFIX = http3.encode_varint(_REQUEST // 4)

_SETTINGS = {
    Setting.MAX_FIELD_SECTION_SIZE: 4096,
    Setting.ENABLE_CONNECT_PROTOCOL: 1,
    Setting.H3_DATAGRAM: 1,
    Setting.ENABLE_WEBTRANSPORT: 1,
}

_H3_NO_ERROR, _H3_GENERAL_PROTOCOL_ERROR, _H3_INTERNAL_ERROR = 0x100, 0x101, 0x102
_CLOSE_CODES: Final[dict[int, int]] = {
    ErrorCode.PROTOCOL_VIOLATION: _H3_GENERAL_PROTOCOL_ERROR,
    ErrorCode.INTERNAL_ERROR: _H3_INTERNAL_ERROR,
}
_ERROR_CODES: Final[dict[int, int]] = {
    _H3_NO_ERROR: ErrorCode.NO_ERROR,
    _H3_GENERAL_PROTOCOL_ERROR: ErrorCode.PROTOCOL_VIOLATION,
}

_CRITICAL = frozenset({Stream.CONTROL, Stream.QPACK_ENCODER, Stream.QPACK_DECODER})


class WebTransportCarriage:
    """The host's `Carriage` of a browser.

    Args:
        allows_origin: Whether pages of an origin (`https://name:port`) may open a session.
    """

    door: DoorName = "web"
    datagram_overhead_bytes = len(_PREFIX)
    stream_ids: Mapping[Channel, int] = STREAM_IDS
    urgency = urgency_of(STREAM_IDS)

    def __init__(self, allows_origin: Callable[[str], bool]) -> None:
        self._allows_origin = allows_origin
        self.is_open = False
        self.left: PeerLeft | None = None
        self._http_bytes = 0
        self._request = http3.Records({Frame.HEADERS, Frame.DATA}, MAX_HTTP_BYTES)
        self._capsules = http3.Records({_CLOSE_SESSION}, _MAX_CAPSULE_BYTES)
        self._has_request = False
        self._unknown: dict[int, bytearray] = {}
        """Beginnings of streams of which it is not known yet what they are."""
        self._uni: dict[int, int] = {}
        """Types of the peer's unidirectional streams."""
        self._channels: set[int] = set()
        """Streams that have said that they are the session's."""
        self._control = http3.Records({Frame.SETTINGS}, http3.MAX_SETTINGS_BYTES)
        self._has_settings = False
        settings = http3.encode_record(Frame.SETTINGS, http3.encode_settings(_SETTINGS))
        self._writings = [
            Writing(_CONTROL, http3.encode_varint(Stream.CONTROL) + settings),
            Writing(_ENCODER, http3.encode_varint(Stream.QPACK_ENCODER)),
            Writing(_DECODER, http3.encode_varint(Stream.QPACK_DECODER)),
        ]

    # What comes.

    def stream_received(self, stream_id: int, data: bytes) -> tuple[Channel, bytes] | None:
        """Take bytes of any stream of the peer; see `Carriage`."""
        if stream_id in self._channels:
            return _CHANNELS[stream_id], data
        self._http_bytes += len(data)
        if self._http_bytes > MAX_HTTP_BYTES:
            raise RemoteProtocolError("HTTP: too much is said besides the session")
        if stream_id == _REQUEST:
            self._take_request(data)
        elif stream_id in _CHANNELS:
            return self._take_preamble(stream_id, data)
        elif stream_id % 4 == 2 and stream_id < 4 * _MAX_UNI_STREAMS:
            self._take_uni(stream_id, data)
        else:
            raise RemoteProtocolError(f"stream {stream_id} is not part of the protocol")
        return None

    def stream_ended(self, stream_id: int) -> None:
        """Take note of an end; only that of the session's own stream is a way to leave."""
        if stream_id == _REQUEST and self.is_open:
            self.left = self.left or PeerLeft(ErrorCode.NO_ERROR, "")
        elif stream_id % 4 != 2 or stream_id >= 4 * _MAX_UNI_STREAMS or self._uni.get(stream_id) in _CRITICAL:
            raise RemoteProtocolError("a stream was ended")

    def _take_preamble(self, stream_id: int, data: bytes) -> tuple[Channel, bytes] | None:
        if not self.is_open:
            raise RemoteProtocolError("HTTP: there is no session yet")
        begun = self._begun(stream_id, data)
        kind = http3.pull_varint(begun, 0)
        if kind is not None and kind[0] != Frame.WEBTRANSPORT_STREAM:
            raise RemoteProtocolError("HTTP: there is one request, and this is not part of it")
        session = None if kind is None else http3.pull_varint(begun, kind[1])
        if session is None:
            return None
        if session[0] != _REQUEST:
            raise RemoteProtocolError("HTTP: there is no such session")
        del self._unknown[stream_id]
        self._channels.add(stream_id)
        return _CHANNELS[stream_id], bytes(begun[session[1] :])

    def _take_uni(self, stream_id: int, data: bytes) -> None:
        kind = self._uni.get(stream_id)
        if kind is None:
            begun = self._begun(stream_id, data)
            known = http3.pull_varint(begun, 0)
            if known is None:
                return
            kind = known[0]
            if kind in (Stream.PUSH, Stream.WEBTRANSPORT) or (kind in _CRITICAL and kind in self._uni.values()):
                raise RemoteProtocolError(f"HTTP: a stream of type {kind:#x} is not part of the protocol")
            self._uni[stream_id] = kind
            data = bytes(begun[known[1] :])
            del self._unknown[stream_id]
        if kind == Stream.CONTROL:
            self._take_control(data)
        # no table was offered, so QPACK has nothing to say; other types are skipped (RFC 9114, section 6.2)

    def _begun(self, stream_id: int, data: bytes) -> bytearray:
        """Return what has come of a stream whose kind is not known."""
        begun = self._unknown.setdefault(stream_id, bytearray())
        begun += data
        return begun

    def _take_control(self, data: bytes) -> None:
        for kind, value in self._control.feed(data):
            if kind in http3.FORBIDDEN_IN_CONTROL or (kind == Frame.SETTINGS) is self._has_settings:
                raise RemoteProtocolError(f"HTTP: frame {kind:#x} has no place here")
            if kind == Frame.SETTINGS:
                self._has_settings = True
                if http3.parse_settings(value).get(Setting.H3_DATAGRAM) != 1:
                    raise RemoteProtocolError("HTTP: the browser takes no datagrams")

    def _take_request(self, data: bytes) -> None:
        for kind, value in self._request.feed(data):
            is_out_of_turn = kind in (Frame.HEADERS, Frame.DATA) and (kind == Frame.HEADERS) is self._has_request
            if kind in http3.FORBIDDEN_IN_REQUEST or is_out_of_turn:
                raise RemoteProtocolError(f"HTTP: frame {kind:#x} has no place here")
            if kind == Frame.HEADERS:
                self._has_request = True
                self._answer(value)
            elif kind == Frame.DATA:
                self._take_capsules(value)

    def _answer(self, block: bytes) -> None:
        if len(block) > http3.MAX_HEADERS_BYTES:
            raise RemoteProtocolError("HTTP: too many headers")
        fields = http3.parse_headers(block)
        headers = dict(fields)
        wanted = {b":method": b"CONNECT", b":protocol": b"webtransport", b":scheme": b"https", b":path": PATH}
        if len(headers) != len(fields) or any(headers.get(name) != value for name, value in wanted.items()):
            self._refuse(404, "there is nothing at that address")
        if not self._allows_origin(headers.get(b"origin", b"").decode("latin-1")):
            self._refuse(403, "pages of that origin are not let in")
        self._writings.append(Writing(_REQUEST, http3.encode_status(200)))
        self.is_open = True

    def _refuse(self, status: int, reason: str) -> None:
        self._writings.append(Writing(_REQUEST, http3.encode_status(status), ends=True))
        raise RemoteProtocolError(f"HTTP: {reason}", code=ErrorCode.REFUSED)

    def _take_capsules(self, data: bytes) -> None:
        for kind, value in self._capsules.feed(data):
            if kind == _CLOSE_SESSION and self.left is None:
                reason = value[4:].decode(errors="replace")
                self.left = PeerLeft(int.from_bytes(value[:4], "big"), reason)

    def unwrap(self, data: bytes) -> bytes | None:
        """Return the session's datagram without the session's number."""
        session = http3.pull_varint(data, 0)
        if session is None or session[0] != _REQUEST // 4 or not self.is_open:
            return None
        return data[session[1] :]

    # What goes.

    def wrap(self, data: bytes) -> bytes:
        """Put the session's number before a datagram."""
        return _PREFIX + data

    def writings(self) -> Sequence[Writing]:
        """Return settings and answers that wait."""
        writings, self._writings = self._writings, []
        return writings

    @property
    def forgets_at_end(self) -> bool:
        """Whether there is a session: a browser throws away what its page has not read of one."""
        return self.is_open and self.left is None

    def farewell(self, code: int, reason: str) -> Sequence[Writing]:
        """Return the capsule that ends the session, behind what waits."""
        writings = list(self.writings())
        if self.is_open and self.left is None:
            text = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore").encode()
            capsule = http3.encode_record(_CLOSE_SESSION, code.to_bytes(4, "big") + text)
            writings.append(Writing(_REQUEST, http3.encode_record(Frame.DATA, capsule), ends=True))
        return writings

    def close_code(self, code: int) -> int:
        """Return HTTP/3's code: ours is in the capsule."""
        return _CLOSE_CODES.get(code, _H3_NO_ERROR)

    def code_of(self, close_code: int) -> int:
        """Return our code for one of HTTP/3's."""
        return _ERROR_CODES.get(close_code, ErrorCode.INTERNAL_ERROR)
