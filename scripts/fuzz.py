#!/usr/bin/env python3
"""Feeds mutated inputs to a parser of a peer's bytes: each gives a value or RemoteProtocolError, and nothing grows.

Inputs are made from valid ones, seeded, so that a failure can be had again with the same arguments. Behind `parity` is
a decoder, behind `packet` a receiver and behind `input` all of a host's hands, which get what was parsed. Prints JSON;
exit 1 on the first input that raises something else or leaves more memory held than the parser's caps allow.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import random
import sys
import tempfile
import time
import tracemalloc
from array import array
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.pairing.helpers import Host, client_gate, meet
from tests.support.fec import protect, random_frames
from tests.support.hands import RecordingInjector
from tests.support.rift import make_unit
from wavry.errors import RemoteProtocolError
from wavry.media import Codec, CursorImage, Rect
from wavry.media.cursor import HIDDEN
from wavry.rift import (
    CONTROL,
    Bye,
    Hello,
    Message,
    MessageDecoder,
    MessageKinds,
    Ping,
    Receiver,
    ReceiverConfig,
    Sender,
    SenderConfig,
    SoundConfig,
    StreamConfig,
    clipboard,
    encode_message,
    pairing,
)
from wavry.rift.arrivals import ArrivalReport
from wavry.rift.clipboard import ClipboardData, ClipboardOffer, ClipboardReceiver, ClipboardSender
from wavry.rift.cursor.datagrams import MAX_SHARE, CursorPlace, CursorState
from wavry.rift.cursor.messages import MAX_SIDE, CursorShape
from wavry.rift.cursor.receiver import CursorReceiver
from wavry.rift.fec import FecConfig, ParityPacket, SourcePacket, StreamingFecDecoder, StreamingFecEncoder
from wavry.rift.input.datagrams import PadState, PointerState
from wavry.rift.input.messages import TO_HOST, Button, Held, Key, Pad, ReleaseAll, Scroll, Text
from wavry.rift.input.receiver import InputReceiver
from wavry.rift.nack import serialize_nacks
from wavry.rift.packet import PROTOCOL_MAJOR
from wavry.rift.sound import SoundPlayout, SoundReceiver, SoundSender
from wavry.server.hands import Hands, HandsStage

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from wavry.rift.input.events import InputEvent

_CHECK_EVERY = 1000
"""Inputs between two looks at the memory."""

_PARSING_BYTES = 64_000
"""WIRE.md allows this besides what is returned and held."""


class Target(Protocol):
    """A parser with what stands behind it."""

    seeds: list[bytes]
    """Valid inputs."""

    cap_bytes: int
    """Most that may be held."""

    def feed(self, data: bytes) -> None:
        """Take an input; raise RemoteProtocolError or nothing."""


class ParityTarget:
    """Parity packets, and a decoder with a window around them that moves on with every tenth input."""

    def __init__(self, dice: Random) -> None:
        config = FecConfig(200, 300, 0.3)
        stream = protect(StreamingFecEncoder(config), random_frames(dice, [36, 5, 80, 1, 1, 60], longest=300))
        stream += protect(StreamingFecEncoder(FecConfig(200, 300, 0.2, 1)), random_frames(dice, [36, 80], longest=300))
        self.seeds = [packet.to_bytes() for packet in stream if isinstance(packet, ParityPacket)]
        self.decoder = StreamingFecDecoder(config)
        self.cap_bytes = self.decoder.cap_bytes
        self._fed = 0

    def feed(self, data: bytes) -> None:
        """Read it and let it repair what it can."""
        self._fed += 1
        if self._fed % 10 == 0 and self._fed % 30:  # each third packet is lost
            self.decoder.add_source_packet(SourcePacket(self._fed // 10 % 300, data[:300]))
        self.decoder.add_parity_packet(ParityPacket.from_bytes(data))


class PacketTarget:
    """Packets with parity and some that are sent again, and a receiver."""

    def __init__(self, dice: Random) -> None:
        sender = sender_of(dice)
        self.seeds = sender.datagrams_to_send(now=0.0)
        sender.receive_datagram(serialize_nacks(range(0, 40, 3))[0], now=0.0)
        self.seeds += sender.datagrams_to_send(now=0.0)
        self._receiver = Receiver(ReceiverConfig(window_packets=64, window_bytes=64_000))
        self._receiver.rtt_s = 0.02
        self.cap_bytes = sum(holder.cap_bytes for holder in self._receiver.holders().values())
        self._now = 0.0

    def feed(self, data: bytes) -> None:
        """Receive it, 0.1 ms after the last."""
        self._now += 1e-4
        try:
            self._receiver.receive_datagram(data, now=self._now)
        finally:
            self._receiver.handle_timer(now=self._now)
            self._receiver.datagrams_to_send(now=self._now)
            self._receiver.events()


class ViewerTarget:
    """What a viewer sends as datagrams, requests and times of arrival, and a sender that streams on."""

    def __init__(self, dice: Random) -> None:
        ids = range(dice.randint(0, 5), 90, 7)
        steps = array("H", [dice.randint(0, 0xFFFF) for _ in range(100)])
        self.seeds = [*serialize_nacks(ids), ArrivalReport(0, 3, 10**9, steps).serialize()]
        self._sender = sender_of(dice)
        self.cap_bytes = sum(holder.cap_bytes for holder in self._sender.holders().values())
        self._fed = 0

    def feed(self, data: bytes) -> None:
        """Receive it, 0.1 ms after the last; a frame leaves every 16 ms."""
        self._fed += 1
        now = self._fed * 1e-4
        if self._fed % 160 == 0:
            frame_id = self._fed // 160
            self._sender.send_access_unit(make_unit(frame_id, keyframe=self._sender.needs_keyframe), now=now)
        try:
            self._sender.receive_datagram(data, now=now)
        finally:
            self._sender.handle_timer(now=now)
            self._sender.datagrams_to_send(now=now)
            self._sender.events()


def sender_of(dice: Random) -> Sender:
    """Return a sender with twenty frames to send."""
    sender = Sender(SenderConfig(redundancy=0.2))
    for frame_id in range(20):
        sender.send_access_unit(make_unit(frame_id, size=dice.randint(1, 6000)), now=0.0)
    return sender


class SoundTarget:
    """Sound packets with parity, a receiver, and a playout that is pulled from."""

    def __init__(self, dice: Random) -> None:
        sender = SoundSender()
        self.seeds = []
        for number in range(40):
            sender.send_packet(
                dice.randbytes(dice.randint(1, 120)), 5000 * number, now=0.0, is_silent=number % 13 == 12
            )
            self.seeds += sender.datagrams_to_send(now=0.0)
        self._receiver, self._playout = SoundReceiver(), SoundPlayout()
        self.cap_bytes = self._receiver.fec.cap_bytes + self._playout.cap_bytes
        self._now = 0.0

    def feed(self, data: bytes) -> None:
        """Receive it and play a block, 5 ms after the last."""
        self._now += 0.005
        try:
            for packet in self._receiver.receive_datagram(data):
                self._playout.add(packet, now=self._now)
        finally:
            self._playout.pull(now=self._now)


class ControlTarget:
    """The control stream, begun anew for each input."""

    cap_bytes = 0

    def __init__(self, dice: Random) -> None:
        messages = (
            Hello(name="fuzz", codecs=("h264", "hevc")),
            StreamConfig(
                epoch=1, codec=Codec.H264, width=1920, height=1080, fps=60, bitrate_bps=dice.randint(1, 10**9)
            ),
            SoundConfig(epoch=dice.randint(0, 255), channels=6, available=False, reason="no card"),
            Ping(ping_id=1, sent_us=2),
            Bye(code=1, reason="done"),
        )
        self.seeds = [encode_message(message) for message in messages]

    def feed(self, data: bytes) -> None:
        """Receive it."""
        MessageDecoder(CONTROL).receive(data)


class PairingTarget:
    """What both sides say before a client is let in. A gate takes a few inputs; a PIN is opened now and then."""

    cap_bytes = 0

    def __init__(self, dice: Random) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="wavry-fuzz-")
        self._home = Path(self._directory.name)
        self._dice = dice
        self._host = Host(self._home / "host")
        client = client_gate(self._home, pin=self._host.offer.open(now=0.0))
        said = meet(client, self._host.gate()) + meet(client_gate(self._home), self._host.gate())
        self.seeds = [encode_message(message) for message in said]
        self._fed = 0
        self._renew()

    def _renew(self) -> None:
        self._at_host, self._at_client = self._host.gate(), client_gate(self._home, pin="123456")
        self._decoders = MessageDecoder(MessageKinds(pairing.TO_HOST)), MessageDecoder(MessageKinds(pairing.TO_CLIENT))

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


class InputTarget:
    """Messages and datagrams of clients' hands, down to an injector.

    A client stays for 500 inputs, and nothing may be down when it has gone.
    """

    def __init__(self, dice: Random) -> None:
        messages: list[Message] = [
            Key(usage=4, is_down=True, text="a"),
            Key(usage=0xE1, is_down=True),
            Key(usage=4, is_down=False),
            Text(text="ab\n\u0416"),
            Button(button=1, is_down=True, sequence=dice.getrandbits(32), x=1, y=65_535),
            Button(button=1, is_down=False, sequence=3),
            Scroll(horizontal=-30, vertical=dice.randint(1, 12_000)),
            Held(keys=(4, 0xE1), buttons=(1, 2)),
            ReleaseAll(),
            Pad(pad=2, is_there=True, name="a pad", buttons=0b101),
            Pad(pad=2, is_there=False),
        ]
        states: list[PointerState | PadState] = [
            PointerState(dice.getrandbits(32), False, 1, 65_535, 0, 0),
            PointerState(dice.getrandbits(32), True, 0, 0, -5, dice.getrandbits(31)),
            PadState(dice.getrandbits(32), 2, 1, -2, 3, -4, 5, 32_767),
        ]
        # A message begins with 0, the highest byte of its size; a datagram with 1, its version.
        self.seeds = [encode_message(message) for message in messages] + [state.to_bytes() for state in states]
        self._kinds = MessageKinds(TO_HOST)
        self._hands = Hands(1, lambda _: None)
        self._injector = RecordingInjector(keeps=False)
        self._stage = HandsStage(
            self._hands.queue,
            lambda: Rect(0, 0, 1920, 1080),
            lambda *_: None,
            open_keys=lambda: self._injector,
            open_pads=lambda _: self._injector,
        )
        self.cap_bytes = self._hands.queue.cap_bytes + self._hands.receivers.cap_bytes
        self._fed = 0
        self._join()

    def _join(self) -> None:
        self._decoder, self.receiver = MessageDecoder(self._kinds), InputReceiver()
        self._client = self._hands.join(self)

    def feed(self, data: bytes) -> None:
        """Take it and do what comes of it, a millisecond after the last, sometimes seconds, sometimes much later."""
        self._fed += 1
        now = self._fed * 1e-3 + self._fed // 100 * 3.0
        try:
            self._do(self.receiver.handle_timer(now=now))
            if data[:1] == b"\x01":
                self._do(self.receiver.receive_datagram(data))
            else:
                for message in self._decoder.receive(data):
                    self._do(self.receiver.receive_message(message, now=now))
        except RemoteProtocolError:
            self._decoder = MessageDecoder(self._kinds)
            raise
        finally:
            if self._fed % 500 == 0:
                self._leave()
            elif self._fed % 2000 < 1000:
                self._stage.do_what_waits()

    def rumble(self, pad: int, low: int, high: int, duration_ms: int) -> None:
        """Do nothing: nobody shakes the recorder's pads."""

    def _do(self, events: list[InputEvent]) -> None:
        self._hands.do(self._client, events)

    def _leave(self) -> None:
        self._do(self.receiver.end())
        self._hands.leave(self._client, self)
        self._stage.do_what_waits()
        if self._injector.is_anything_down:
            raise AssertionError(f"left down: {self._injector.keys or self._injector.buttons or self._injector.pads}")
        self._join()


class CursorTarget:
    """The cursor's shapes and places: each input is taken as what its first byte says, and unpacked."""

    cap_bytes = 4 * MAX_SIDE * MAX_SIDE

    def __init__(self, dice: Random) -> None:
        shapes = [
            CursorImage(width, height, width // 2, height - 1, dice.randbytes(8) * (width * height // 2))
            for width, height in ((2, 1), (24, 24), (96, 64), (256, 256))
        ]
        places = [CursorPlace(True, 0, MAX_SHARE), CursorPlace(False, dice.getrandbits(16), 7, warps=255)]
        self.seeds = [encode_message(CursorShape.of(shape)) for shape in (*shapes, HIDDEN, None)]
        self.seeds += [CursorState(dice.getrandbits(32), place).to_bytes() for place in places]
        self._receiver = CursorReceiver()

    def feed(self, data: bytes) -> None:
        """Receive it."""
        if data[:1] == bytes([PROTOCOL_MAJOR]):
            self._receiver.receive_datagram(data)
            return
        for message in MessageDecoder(CONTROL).receive(data):
            if isinstance(message, CursorShape):
                image = message.image()
                assert image is None or len(image.pixels) == 4 * image.width * image.height


class ClipboardTarget:
    """The bulk stream, begun anew for each input, and a receiver that goes on with what it has."""

    def __init__(self, dice: Random) -> None:
        sender = ClipboardSender(rate_bps=dice.randint(500_000, 5_000_000))
        self.seeds = []
        for number in range(8):
            sender.offer(("ä€😀" * dice.randint(0, 4000)).encode() if number else b"")
            said = []
            while (message := sender.next_message(backlog_bytes=0, now=sender.next_timer or 0.0)) is not None:
                said.append(encode_message(message))
            self.seeds += [b"".join(said), b"".join(said[:2])]
        self._receiver = ClipboardReceiver()
        self.cap_bytes = self._receiver.cap_bytes

    def feed(self, data: bytes) -> None:
        """Receive it."""
        for message in MessageDecoder(MessageKinds(clipboard.TO_CLIENT)).receive(data):
            if isinstance(message, ClipboardOffer):
                self._receiver.receive_offer(message)
            elif isinstance(message, ClipboardData):
                self._receiver.receive_data(message)


TARGETS: dict[str, Callable[[Random], Target]] = {
    "parity": ParityTarget,
    "packet": PacketTarget,
    "viewer": ViewerTarget,
    "sound": SoundTarget,
    "control": ControlTarget,
    "pairing": PairingTarget,
    "input": InputTarget,
    "cursor": CursorTarget,
    "clipboard": ClipboardTarget,
}


def mutate(dice: Random, data: bytes) -> bytes:
    """Change a few bytes, mostly of the header; sometimes cut, stretch or replace the whole."""
    mutable = bytearray(data)
    kind = dice.random()
    if kind < 0.05:
        return dice.randbytes(dice.randint(0, 64))
    if kind < 0.15:
        del mutable[dice.randint(0, len(mutable)) :]
    elif kind < 0.2:
        mutable += dice.randbytes(dice.randint(1, 1500))
    for _ in range(dice.randint(0, 4)):
        if mutable:
            place = dice.randrange(min(len(mutable), dice.choice([12, 24, 65_535])))
            mutable[place] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.getrandbits(8)])
    return bytes(mutable)


def fuzz(target: Target, dice: Random, count: int) -> dict[str, int]:
    """Feed so many inputs and return what was seen; raises what the target should not have raised."""
    values = most_bytes = 0
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        data = mutate(dice, dice.choice(target.seeds))
        try:
            target.feed(data)
            values += 1
        except RemoteProtocolError:
            pass
        except Exception:
            print(f"input {number}: {data.hex()}", file=sys.stderr)
            raise
        if number % _CHECK_EVERY == 0:
            gc.collect()  # of exceptions and their tracebacks
            most_bytes = max(most_bytes, tracemalloc.get_traced_memory()[0] - base)
    tracemalloc.stop()
    return {
        "inputs": count,
        "values": values,
        "refused": count - values,
        "most_held_bytes": most_bytes,
        "allowed_bytes": target.cap_bytes + _PARSING_BYTES,
    }


def main() -> None:
    """Fuzz one parser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parser", choices=TARGETS)
    parser.add_argument("--count", type=int, default=100_000, help="inputs")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    dice = random.Random(options.seed)
    target = TARGETS[options.parser](dice)
    for data in target.seeds:  # what is made once, tables and caches, is no growth
        with suppress(RemoteProtocolError):  # a valid input may come at the wrong time
            target.feed(data)
    began_at = time.perf_counter()
    result = fuzz(target, dice, options.count)
    seconds = round(time.perf_counter() - began_at, 1)
    print(json.dumps({"parser": options.parser, "seed": options.seed, **result, "seconds": seconds}))
    sys.exit(int(result["most_held_bytes"] > result["allowed_bytes"]))


if __name__ == "__main__":
    main()
