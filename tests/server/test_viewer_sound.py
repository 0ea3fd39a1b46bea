"""Sound to those who want it, ahead of the picture, over connections in memory."""

from __future__ import annotations

import asyncio

from tests.support.aio import in_loop, until
from tests.support.listening import SoundListener
from tests.support.transport import Listener
from wavry.encode.stage import EncodeOutput, output_bytes
from wavry.errors import ErrorCode
from wavry.media import AccessUnit, UnitTimings
from wavry.pipeline import BoundedQueue, Overflow
from wavry.rift import Hello, encode_message
from wavry.rift.packet import Stream
from wavry.server.broadcast import Broadcast
from wavry.server.sound_stage import SoundPacketOut, SoundState, new_sound_queue
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair


class Stage:
    """A broadcast whose sound the test makes."""

    def __init__(self, *, has_sound: bool = True) -> None:
        outputs: BoundedQueue[EncodeOutput] = BoundedQueue(
            "outputs", max_items=2, max_bytes=1_000_000, overflow=Overflow.BLOCK, size_of=output_bytes
        )
        self.broadcast = Broadcast(
            outputs, request_keyframe=lambda: None, on_watched=lambda _: None, on_target=lambda *_: None
        )
        self.packets = new_sound_queue()
        self.wanted: list[bool] = []
        if has_sound:
            self.broadcast.add_sound(self.packets, self.wanted.append)

    def listen(self) -> SoundListener:
        client, host = loopback_pair()
        listener = SoundListener(client)
        self.broadcast.admit(host)
        return listener

    def watch(self) -> Listener:
        """Have somebody come who does not want sound."""
        client, host = loopback_pair()
        listener = Listener(client)
        client.send_stream(Channel.CONTROL, encode_message(Hello(codecs=("h264",))))
        client.flush()
        self.broadcast.admit(host)
        return listener

    def send(self, number: int, *, epoch: int = 0, is_silent: bool = False) -> None:
        self.packets.put_nowait(SoundPacketOut(bytes([number]) * 80, 5_000 * number, epoch, is_silent))


@in_loop
async def test_only_who_asked_gets_sound() -> None:
    stage = Stage()
    running = asyncio.create_task(stage.broadcast.run_sound())
    listener, watcher = stage.listen(), stage.watch()
    await until(lambda: len(stage.broadcast.viewers) == 2)
    assert stage.wanted == [True]
    stage.broadcast.tell_sound_state(SoundState(7, 2, 5_000))
    for number in range(3):
        stage.send(number, epoch=7)
        await until(lambda count=number + 1: len(listener.packets) == count)  # type: ignore[misc] # a default
    assert [(each.packet_id, each.capture_us, each.epoch) for each in listener.packets] == [
        (0, 0, 7), (1, 5_000, 7), (2, 10_000, 7),
    ]  # fmt: skip
    assert [(each.epoch, each.channels, each.available) for each in listener.configs] == [(7, 2, True)]
    assert not [each for each in watcher.datagrams if each[1] in (Stream.SOUND, Stream.SOUND_PARITY)]
    assert b"sound_config" not in watcher.control
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await stage.broadcast.close()


@in_loop
async def test_who_comes_later_is_told_how_sound_is_coded_or_why_there_is_none() -> None:
    stage = Stage()
    stage.broadcast.tell_sound_state(SoundState(3, 2, 5_000, "x" * 400))
    listener = stage.listen()
    await until(lambda: listener.configs != [])
    assert (listener.configs[0].available, listener.configs[0].reason) == (False, "x" * 256)
    await stage.broadcast.close()


@in_loop
async def test_sound_is_taken_while_a_listener_is_there() -> None:
    stage = Stage()
    first = stage.listen()
    await until(lambda: stage.wanted == [True])
    second = stage.listen()
    await until(lambda: len(stage.broadcast.viewers) == 2)
    first.connection.close(ErrorCode.NO_ERROR, "")
    await until(lambda: len(stage.broadcast.viewers) == 1)
    assert stage.wanted == [True]
    second.connection.close(ErrorCode.NO_ERROR, "")
    await until(lambda: stage.wanted == [True, False])
    assert stage.broadcast.holders["rift.sound_queues"].members == ()
    assert stage.broadcast.holders["rift.sound_queues"].cap_bytes > 0


@in_loop
async def test_a_host_without_sound_sends_none_and_says_nothing() -> None:
    stage = Stage(has_sound=False)
    listener = stage.listen()
    await until(lambda: len(stage.broadcast.viewers) == 1)
    assert stage.broadcast.viewers[0].sound is None
    await stage.broadcast.run_sound()
    await stage.broadcast.close()
    assert listener.configs == []


@in_loop
async def test_sound_goes_ahead_of_a_picture_that_waits() -> None:
    stage = Stage()
    client, host = loopback_pair(queue_limit_bytes=4_000)
    listener = SoundListener(client)
    stage.broadcast.admit(host)
    await until(lambda: len(stage.broadcast.viewers) == 1)
    viewer = stage.broadcast.viewers[0]
    unit = AccessUnit(bytes(200_000), True, 0, 0, 0, UnitTimings())
    viewer.send_unit(unit)
    assert viewer.sender.queued_bytes > 100_000
    viewer.send_sound([SoundPacketOut(b"opus", 5_000, 0, False)])
    await until(lambda: listener.packets != [])
    assert viewer.sender.queued_bytes > 100_000
    await stage.broadcast.close()


@in_loop
async def test_a_packet_that_fits_into_no_datagram_is_left_out_and_the_next_one_comes() -> None:
    stage = Stage()
    listener = stage.listen()
    await until(lambda: len(stage.broadcast.viewers) == 1)
    viewer = stage.broadcast.viewers[0]
    viewer.send_sound([SoundPacketOut(bytes(1_270), 0, 0, False), SoundPacketOut(b"opus", 5_000, 0, False)])
    await until(lambda: listener.packets != [])
    assert [packet.opus for packet in listener.packets] == [b"opus"]
    await stage.broadcast.close()


@in_loop
async def test_what_waited_while_the_loop_was_held_up_is_sent_and_not_dropped() -> None:
    stage = Stage()
    listener = stage.listen()
    await until(lambda: len(stage.broadcast.viewers) == 1)
    for number in range(20):
        stage.send(number)
    running = asyncio.create_task(stage.broadcast.run_sound())
    await until(lambda: len(listener.packets) == 20)
    assert [packet.capture_us for packet in listener.packets] == [5_000 * number for number in range(20)]
    assert stage.packets.drops == 0
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await stage.broadcast.close()
