"""Messages on one of QUIC's ordered streams: how they are framed.

Decoding goes in three steps, so that no field of the peer sizes an allocation: the length is checked before a byte of
the body is kept, the envelope is split without looking into it, and only a known kind of bounded size is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import msgspec

from wavry.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_MESSAGE_BYTES = 32 * 1024
"""Largest body on a stream. Room for kinds that are not invented yet."""

_MAX_KIND_BYTES = 66
_LENGTH_BYTES = 4

_Envelope = tuple[msgspec.Raw, msgspec.Raw]
_decode_envelope: Final = msgspec.msgpack.Decoder(_Envelope).decode
_decode_kind: Final = msgspec.msgpack.Decoder(str).decode
_encode: Final = msgspec.msgpack.Encoder().encode


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that one side says. Every field has bounds, which decoding enforces."""

    kind: ClassVar[str]
    """Its name on the wire."""

    max_bytes: ClassVar[int] = 8 * 1024
    """Largest payload. `Hello` with every text at its longest, four bytes each, comes to 3.2 kB."""


def encode_message(message: Message) -> bytes:
    """Return the message as it stands on its stream, length in front.

    Raises:
        LocalProtocolError: A text of it is so long that no peer would take it.
    """
    payload = _encode(message)
    if len(payload) > message.max_bytes:
        raise LocalProtocolError(f"{type(message).__name__} of {len(payload)} bytes, {message.max_bytes} allowed")
    body = _encode((message.kind, msgspec.Raw(payload)))
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


class MessageKinds:
    """What may be said on one stream.

    Args:
        types: The types of its messages.
    """

    def __init__(self, types: Iterable[type[Message]]) -> None:
        self._known: dict[str, tuple[int, Callable[[msgspec.Raw], Message]]] = {}
        self.add(types)

    def add(self, types: Iterable[type[Message]]) -> None:
        """Let more be said."""
        self._known |= {each.kind: (each.max_bytes, msgspec.msgpack.Decoder(each).decode) for each in types}

    def decode(self, kind: str, payload: msgspec.Raw) -> Message | None:
        """Return the message, or None for a kind that is not known.

        Raises:
            RemoteProtocolError: It is larger than its kind may be.
            ValueError: A field is missing, of another type or out of its bounds.
        """
        known = self._known.get(kind)
        if known is None:
            return None
        max_bytes, decode = known
        if len(memoryview(payload)) > max_bytes:
            raise RemoteProtocolError(f"message {kind} of more than {max_bytes} bytes")
        return decode(payload)


class MessageDecoder:
    """Cuts the peer's half of a stream into messages.

    Holds at most one unfinished message, 37 kB. After an error the stream has no meaning any more: every further call
    raises the same.

    Args:
        kinds: What may be said there.
    """

    def __init__(self, kinds: MessageKinds) -> None:
        self._kinds = kinds
        self._buffer = bytearray()
        self._wanted_bytes = _LENGTH_BYTES
        self._is_in_body = False
        self._error: RemoteProtocolError | None = None
        self.messages_skipped = 0
        """Messages of kinds we do not know."""

    def receive(self, data: bytes) -> list[Message]:
        """Take the next bytes of the stream.

        Args:
            data: Any cut of the stream; not kept.

        Returns:
            The messages that became whole, in order; their memory is at most a few times that of `data`.

        Raises:
            RemoteProtocolError: The peer broke the framing or a bound. Messages before the fault in the same `data`
                are not returned; the stream must be closed with `code`.
        """
        if self._error is not None:
            raise RemoteProtocolError(str(self._error), code=self._error.code)
        try:
            return self._receive(data)
        except RemoteProtocolError as error:
            self._error = error
            raise

    def _receive(self, data: bytes) -> list[Message]:
        messages: list[Message] = []
        view = memoryview(data)
        begin = 0
        while begin < len(view):
            end = begin + self._wanted_bytes - len(self._buffer)
            self._buffer += view[begin:end]
            begin = end
            if len(self._buffer) < self._wanted_bytes:
                break
            if self._is_in_body:
                message = self._decode(self._buffer)
                if message is not None:
                    messages.append(message)
                self._expect(_LENGTH_BYTES, is_body=False)
            else:
                size_bytes = int.from_bytes(self._buffer, "big")
                if not 0 < size_bytes <= MAX_MESSAGE_BYTES:
                    raise RemoteProtocolError(f"message of {size_bytes} bytes, 1 to {MAX_MESSAGE_BYTES} allowed")
                self._expect(size_bytes, is_body=True)
        return messages

    def _expect(self, wanted_bytes: int, *, is_body: bool) -> None:
        self._buffer = bytearray()  # a fresh one: an empty bytearray keeps the memory of its fullest day
        self._wanted_bytes = wanted_bytes
        self._is_in_body = is_body

    def _decode(self, body: bytearray) -> Message | None:
        kind = "an unreadable message"
        try:
            raw_kind, raw_payload = _decode_envelope(body)
            if len(memoryview(raw_kind)) > _MAX_KIND_BYTES:
                raise RemoteProtocolError("the name of a message is longer than 64 bytes")
            kind = _decode_kind(raw_kind)
            message = self._kinds.decode(kind, raw_payload)
        except (ValueError, RecursionError) as error:  # msgspec's own errors and UnicodeDecodeError are ValueErrors
            reason = ascii(str(error)[:200])  # it may quote the peer
            raise RemoteProtocolError(f"message {kind}: {reason}") from None
        if message is None:
            self.messages_skipped += 1
        return message
