"""What the host says of its pointer, on its way to the window."""

from __future__ import annotations

from tests.client.test_session import watch
from tests.support.aio import in_loop, until
from tests.support.transport import Listener
from wavry.client.cursor import CursorSession, HostPointer, PointerNews
from wavry.media import CursorImage
from wavry.rift import Hello, encode_message
from wavry.rift.cursor.datagrams import CursorPlace, CursorState
from wavry.rift.cursor.messages import CursorShape
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

SHAPE = CursorShape.of(CursorImage(1, 1, 0, 0, b"\x01\x02\x03\xff"))
HERE, THERE = CursorPlace(True, 1, 1), CursorPlace(True, 2, 2)


def test_the_window_is_woken_once_and_takes_the_newest() -> None:
    wakes: list[None] = []
    pointer = HostPointer()
    pointer.wake_with(lambda: wakes.append(None))
    pointer.set_place(HERE)
    pointer.set_shape(SHAPE)
    pointer.set_place(THERE)
    assert len(wakes) == 1
    assert pointer.take() == PointerNews(SHAPE, THERE, True)
    pointer.set_place(THERE)
    assert len(wakes) == 1  # it is there already
    pointer.set_control(False)
    assert len(wakes) == 2
    assert pointer.take() == PointerNews(SHAPE, THERE, False)


def test_a_host_that_is_gone_is_forgotten_and_control_stays_as_it_was() -> None:
    pointer = HostPointer()
    pointer.set_control(False)
    pointer.set_shape(SHAPE)
    pointer.set_place(HERE)
    assert pointer.used_bytes == len(SHAPE.pixels)
    pointer.forget()
    assert pointer.take() == PointerNews(None, None, False)
    assert pointer.used_bytes == 0
    assert pointer.high_water_bytes == len(SHAPE.pixels)


@in_loop
async def test_a_session_takes_shapes_and_places_and_forgets_them_at_its_end() -> None:
    client, host = loopback_pair()
    at_host = Listener(host)
    pointer = HostPointer()
    session = watch(client, CursorSession(pointer), Hello(cursor=True))
    await until(lambda: at_host.control)
    host.send_stream(Channel.CONTROL, encode_message(SHAPE))
    for state in (CursorState(5, THERE), CursorState(4, HERE)):
        host.send_datagram(state.to_bytes())
    host.send_datagram(CursorState(6, HERE).to_bytes()[:-1])
    host.flush()
    await until(lambda: pointer.take()[:2] == (SHAPE, THERE))
    host.close(0, "")
    await session.ended
    assert pointer.take()[:2] == (None, None)
    client.close(0, "")
    await host.wait_closed()
