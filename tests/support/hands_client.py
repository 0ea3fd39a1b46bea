"""A client that has hands and no eyes: it says hello and then what a test tells it.

As a program it presses a key, says so, and tells the host twice a second that it holds it, until it is killed.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.aio import until
from tests.support.transport import Listener
from wavry.errors import ErrorCode
from wavry.rift import CONTROL, Hello, Message, MessageDecoder, RightsGranted, encode_message
from wavry.rift.input.datagrams import PointerState
from wavry.rift.input.messages import Button, Held, Key, Text
from wavry.transport import Channel
from wavry.transport.quic.client import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wavry.transport import Connection

HELLO = Hello(name="hands", codecs=("h264", "hevc", "av1"), input=True)


class HandsClient:
    """Says what hands do, over a connection that is not owned."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.heard = Listener(connection)
        self._decoder = MessageDecoder(CONTROL)
        self._read = 0
        self._messages: list[Message] = []
        self._sequence = 0
        connection.send_stream(Channel.CONTROL, encode_message(HELLO))
        connection.flush()

    @property
    def told(self) -> list[Message]:
        """What the host has said on the control stream."""
        news = bytes(self.heard.control[self._read :])
        self._read += len(news)
        self._messages += self._decoder.receive(news)
        return self._messages

    async def welcome(self) -> None:
        """Wait until the host takes input."""
        await until(lambda: any(isinstance(message, RightsGranted) for message in self.told))

    def say(self, *messages: Message) -> None:
        """Send messages on the input stream, all at once."""
        for message in messages:
            self.connection.send_stream(Channel.INPUT, encode_message(message))
        self.connection.flush()

    def press(self, *usages: int, text: str = "") -> None:
        """Press keys one after the other."""
        self.say(*[Key(usage=usage, is_down=True, text=text) for usage in usages])

    def release(self, *usages: int) -> None:
        """Release keys one after the other."""
        self.say(*[Key(usage=usage, is_down=False) for usage in usages])

    def type(self, text: str) -> None:
        """Send text."""
        self.say(Text(text=text))

    def point(self, x: int, y: int) -> None:
        """Send the pointer to a share of the stream."""
        self._sequence += 1
        self.connection.send_datagram(PointerState(self._sequence, False, x, y, 0, 0).to_bytes())
        self.connection.flush()

    def button(self, button: int, is_down: bool, x: int | None = None, y: int | None = None) -> None:
        """Press or release a button at a place."""
        self.say(Button(button=button, is_down=is_down, sequence=self._sequence, x=x, y=y))


@asynccontextmanager
async def hands_on(address: str) -> AsyncIterator[HandsClient]:
    """Connect to a host that runs."""
    name, _, port = address.rpartition(":")
    dialer = await connect(name, int(port))
    try:
        client = HandsClient(dialer.link)
        await client.welcome()
        yield client
    finally:
        dialer.link.close(ErrorCode.NO_ERROR, "")
        dialer.link.flush()
        dialer.close()


async def _hold(address: str, usage: int) -> None:
    async with hands_on(address) as client:
        client.press(usage)
        print("held", flush=True)  # noqa: T201 - that is how it says so
        while True:
            await asyncio.sleep(0.5)
            client.say(Held(keys=(usage,)))


if __name__ == "__main__":
    asyncio.run(_hold(sys.argv[1], int(sys.argv[2])))
