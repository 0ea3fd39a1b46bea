"""Who may choose what is shown, over sessions in memory."""

from __future__ import annotations

from tests.support.aio import in_loop, until
from tests.support.viewers import viewer_session
from wavry.capture.area import Monitor
from wavry.capture.layout import Layout
from wavry.client.monitors import HostMonitors, MonitorLayout, MonitorsSession
from wavry.errors import ErrorCode
from wavry.media import Rect
from wavry.rift import CONTROL, ChooseMonitor, Denied, Hello, Message, MessageDecoder, Right, encode_message
from wavry.rift.rights import ALL_RIGHTS
from wavry.server.monitors import Monitors
from wavry.session import Talk
from wavry.transport import Channel
from wavry.transport.loopback import loopback_pair

WEST = Monitor(0, "west", Rect(0, 0, 320, 480), True)
EAST = Monitor(1, "east\n", Rect(320, 0, 200, 100), False)
BOTH = Layout((WEST, EAST), 0)


class Pair:
    """A viewer's session with its monitors, and the client's side of it."""

    def __init__(self, monitors: Monitors, rights: frozenset[Right] = ALL_RIGHTS) -> None:
        self.client, self.host = loopback_pair()
        self.heard: list[Message] = []
        self.hints: list[str] = []
        self.known = HostMonitors(self.hints.append)
        self._decoder = MessageDecoder(CONTROL)
        self.part = MonitorsSession(self.known)
        self.client.observe(self)
        session = viewer_session(self.host, monitors.join, rights=rights)
        assert not session.is_watching
        self.part.begin(Talk(self.client))
        self.say(Hello())

    def say(self, message: Message) -> None:
        self.client.send_stream(Channel.CONTROL, encode_message(message))
        self.client.flush()

    def datagrams_received(self, datagrams: object, *, now: float) -> None:
        pass

    def writable(self, *, now: float) -> None:
        pass

    def connection_lost(self, error: object) -> None:
        self.part.ended()

    def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
        for message in self._decoder.receive(data):
            self.heard.append(message)
            if isinstance(message, self.part.message_types):
                self.part.message_received(message, now=now)

    async def close(self) -> None:
        self.client.close(ErrorCode.NO_ERROR, "")
        await self.host.wait_closed()


@in_loop
async def test_a_viewer_hears_of_the_monitors_and_chooses_for_all() -> None:
    shown: list[int] = []
    monitors = Monitors(BOTH, shown.append)
    first, second = Pair(monitors), Pair(monitors)
    both = (("west", 320, 480), ("east?", 200, 100))
    await until(lambda: first.known.layout == second.known.layout == MonitorLayout(both, 0))
    first.known.choose(1)
    await until(lambda: shown == [1])
    monitors.changed(BOTH._replace(captured=1))
    await until(lambda: first.known.layout == second.known.layout == MonitorLayout(both, 1))
    await first.close()
    await second.close()
    assert first.known.layout == MonitorLayout()  # nobody can be asked any more
    first.known.choose(0)
    assert shown == [1]


@in_loop
async def test_a_monitor_that_does_not_exist_is_refused_with_what_there_is() -> None:
    shown: list[int] = []
    pair = Pair(Monitors(BOTH, shown.append))
    await until(lambda: pair.known.layout.monitors)
    for number in (7, 65_535, 2):
        pair.say(ChooseMonitor(number=number))
    await until(lambda: pair.hints)
    pair.say(ChooseMonitor(number=1))
    await until(lambda: shown == [1])
    assert pair.hints == ["there is no monitor 7 to show: 0 is west 320x480, 1 is east? 200x100"]  # said once
    await pair.close()


@in_loop
async def test_a_host_of_a_region_offers_no_choice() -> None:
    shown: list[int] = []
    pair = Pair(Monitors(Layout(), shown.append))
    pair.say(ChooseMonitor(number=0))
    await until(lambda: pair.hints)
    assert "offers no choice" in pair.hints[0]
    assert not shown
    await pair.close()


@in_loop
async def test_who_may_not_point_may_not_choose() -> None:
    shown: list[int] = []
    monitors = Monitors(BOTH, shown.append)
    guest, owner = Pair(monitors, frozenset({Right.VIEW})), Pair(monitors)
    await until(lambda: guest.known.layout.monitors and owner.known.layout.monitors)
    guest.known.choose(1)
    await until(lambda: Denied(right="pointer") in guest.heard)
    owner.known.choose(0)
    await until(lambda: shown == [0])
    await guest.close()
    await owner.close()


@in_loop
async def test_many_choices_come_to_the_newest_one() -> None:
    shown: list[int] = []
    pair = Pair(Monitors(BOTH, shown.append))
    await until(lambda: pair.known.layout.monitors)
    for number in (1, 0, 1, 0, 1, 0):
        pair.say(ChooseMonitor(number=number))
    await until(lambda: len(shown) == 2)
    assert shown == [1, 0]
    await pair.close()
