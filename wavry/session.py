"""What both ends of a session share: messages on streams, and parts that take those and datagrams of their own.

The stream of pictures is the session's own business. Whatever else the two sides do for each other (input, cursor,
clipboard) is a `SessionPart`: it says what it takes, and gets a `Talk` to say things with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift import CONTROL, MessageDecoder, MessageKinds, encode_message
from wavry.transport import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wavry.rift import Hello, Message
    from wavry.transport import Connection


class SessionPart:
    """One thing that a session does beside the stream. On the loop; nothing of it may block.

    Subclasses name what they take and override what they need.
    """

    datagram_streams: tuple[int, ...] = ()
    """`Stream` values of the datagrams it takes."""

    channel = Channel.CONTROL
    """Where its messages travel. What the control stream carries is in `CONTROL_MESSAGES`."""

    message_types: tuple[type[Message], ...] = ()
    """Messages that it takes."""

    says: tuple[type[Message], ...] = ()
    """Messages that it sends on another stream than the control stream."""

    def welcomed(self, talk: Talk, peer: Hello) -> None:
        """Note that the host has said hello; from now on a client may say things with `talk`."""

    def datagram_received(self, datagram: bytes, *, now: float) -> None:
        """Take a datagram.

        Raises:
            RemoteProtocolError: It is malformed; it is counted and skipped.
        """

    def message_received(self, message: Message, *, now: float) -> None:
        """Take a message.

        Raises:
            RemoteProtocolError: It can't be said now; the session ends.
        """

    def writable(self, *, now: float) -> None:
        """Note that something that waited may have left; called at the end of each wake-up of the connection."""

    def ended(self) -> None:
        """Note that the session has ended; nothing more can be said."""

    def release(self) -> None:
        """Take what it holds out of the budget, where it stays after the end for a last report."""


class Talk:
    """Says messages on the streams they belong to, and hands what comes to whoever takes it.

    Args:
        connection: What carries it; not owned.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._kinds: dict[Channel, MessageKinds] = {}
        """What is taken on the streams besides the control stream."""
        self._decoders = {Channel.CONTROL: MessageDecoder(CONTROL)}
        self._channels: dict[type[Message], Channel] = {}
        """Where messages are said that do not go on the control stream."""
        self._parts: list[SessionPart] = []
        self._by_stream: dict[int, SessionPart] = {}
        self._by_message: dict[type[Message], SessionPart] = {}

    def add(self, part: SessionPart) -> None:
        """Have a part take what it names."""
        self._parts.append(part)
        if part.channel is not Channel.CONTROL:
            kinds = self._kinds.setdefault(part.channel, MessageKinds(()))
            kinds.add(part.message_types)
            self._decoders.setdefault(part.channel, MessageDecoder(kinds))
            self._channels |= dict.fromkeys(part.says, part.channel)
        self._by_stream |= dict.fromkeys(part.datagram_streams, part)
        self._by_message |= dict.fromkeys(part.message_types, part)

    def say(self, message: Message) -> None:
        """Queue a message on its stream; `flush` sends it.

        Raises:
            LocalProtocolError: It is too long.
        """
        channel = self._channels.get(type(message), Channel.CONTROL)
        self.connection.send_stream(channel, encode_message(message))

    def flush(self) -> None:
        """Send what was queued."""
        self.connection.flush()

    def messages(self, channel: Channel, data: bytes) -> Sequence[Message]:
        """Return the messages that became whole with the next bytes of a stream; nothing where no part takes any.

        Raises:
            RemoteProtocolError: See `MessageDecoder.receive`.
        """
        decoder = self._decoders.get(channel)
        return () if decoder is None else decoder.receive(data)

    def message_received(self, message: Message, *, now: float) -> bool:
        """Hand a message to the part that takes it; say whether there is one."""
        part = self._by_message.get(type(message))
        if part is None:
            return False
        part.message_received(message, now=now)
        return True

    def part_of(self, datagram: bytes) -> SessionPart | None:
        """Return the part that takes a datagram, if there is one."""
        return self._by_stream.get(datagram[1]) if len(datagram) > 1 else None

    def welcomed(self, peer: Hello) -> None:
        """Tell all parts."""
        for part in self._parts:
            part.welcomed(self, peer)

    def writable(self, *, now: float) -> None:
        """Tell all parts."""
        for part in self._parts:
            part.writable(now=now)

    def ended(self) -> None:
        """Tell all parts."""
        for part in self._parts:
            part.ended()

    def release(self) -> None:
        """Tell all parts."""
        for part in self._parts:
            part.release()
