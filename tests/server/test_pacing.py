"""When a viewer's wish for later pictures is followed, over a session in memory."""

from __future__ import annotations

from tests.support.aio import in_loop, until
from tests.support.transport import Listener
from tests.support.viewers import viewer_session
from wavry.errors import ErrorCode
from wavry.rift import CaptureShift, Hello, encode_message
from wavry.server.pacing import SHIFT_INTERVAL_S, ViewerPacing
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair


def test_at_most_two_wishes_a_second_are_followed() -> None:
    shifts: list[float] = []
    pacing = ViewerPacing(lambda: True, shifts.append)
    for quarter in range(9):
        pacing.message_received(CaptureShift(later_us=1000 * (quarter + 1)), now=100 + SHIFT_INTERVAL_S * quarter / 4)
    assert shifts == [0.001, 0.005, 0.009]


def test_nobody_shifts_what_others_watch() -> None:
    shifts: list[float] = []
    viewers = 2
    pacing = ViewerPacing(lambda: viewers == 1, shifts.append)
    pacing.message_received(CaptureShift(later_us=5000), now=1.0)
    assert shifts == []
    viewers = 1
    pacing.message_received(CaptureShift(later_us=5000), now=1.1)
    assert shifts == [0.005]


@in_loop
async def test_a_viewer_says_so_in_its_session() -> None:
    shifts: list[float] = []
    client, host = loopback_pair()
    Listener(client)
    viewer_session(host, lambda viewer: viewer.talk.add(ViewerPacing(lambda: True, shifts.append)))
    for message in (Hello(), CaptureShift(later_us=100_000)):
        client.send_stream(Channel.CONTROL, encode_message(message))
    client.flush()
    await until(lambda: shifts == [0.1])
    client.close(ErrorCode.NO_ERROR, "")
    await host.wait_closed()
