from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import av
import pytest

from tests.support.aio import PATIENCE_S, in_loop, until
from tests.support.transport import Listener
from wavry.client import session as session_module
from wavry.client.clock_sync import ClockSync
from wavry.client.session import HostSession
from wavry.client.sound.figures import SoundFigures
from wavry.client.sound.session import SoundSession
from wavry.client.sound.stage import SoundStage
from wavry.client.statistics import Statistics
from wavry.decode import ReceivedUnit, StreamFormat
from wavry.decode.picture import Picture
from wavry.errors import ErrorCode
from wavry.media import AccessUnit, Codec, Size, UnitTimings
from wavry.memory import MemoryBudget
from wavry.rift import CONTROL, Bye, Feedback, Hello, MessageDecoder, Pong, SoundConfig, encode_message
from wavry.rift.sound import SoundPacket, SoundSender
from wavry.session import SessionPart
from wavry.transport import Channel
from wavry.transport.loopback import LoopbackConnection, loopback_pair

if TYPE_CHECKING:
    from collections.abc import Sequence


def watch(
    connection: LoopbackConnection,
    part: SessionPart | None = None,
    hello: Hello | None = None,
    statistics: Statistics | None = None,
) -> HostSession:
    return HostSession(
        connection,
        hello or Hello(name="test", codecs=("h264",)),
        statistics or Statistics(ClockSync()),
        MemoryBudget(),
        on_stream=lambda _: None,
        on_unit=lambda _: None,
        on_source_state=lambda *_: None,
        is_behind=lambda: False,
        parts=[part] if part is not None else [],
    )


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_SILENCE_S", 0.03)
    for interval in ("PING_INTERVAL_S", "_SETTLING_PING_INTERVAL_S"):
        monkeypatch.setattr(session_module, interval, 0.005)


@in_loop
async def test_a_host_that_says_nothing_for_too_long_is_given_up() -> None:
    client, host = loopback_pair()
    Listener(host)
    session = watch(client)
    async with asyncio.timeout(PATIENCE_S):
        error = await session.ended
    assert error.code == ErrorCode.TIMEOUT
    assert "silent" in str(error)
    client.close(0, "")
    await host.wait_closed()


@in_loop
async def test_a_host_that_answers_pings_is_not_given_up_however_long_it_sends_no_picture() -> None:
    client, host = loopback_pair()
    pings = 0
    enough = asyncio.Event()

    class Answering(Listener):
        def stream_received(self, channel: Channel, data: bytes, *, now: float) -> None:
            nonlocal pings
            pings += 1
            host.send_stream(Channel.CONTROL, encode_message(Pong(ping_id=0, sent_us=0, received_us=0)))
            host.flush()
            if pings == 20:  # several times the silence that would end it
                enough.set()

    Answering(host)
    session = watch(client)
    async with asyncio.timeout(PATIENCE_S):
        await enough.wait()
    assert not session.ended.done()
    client.close(0, "")
    await host.wait_closed()


@in_loop
async def test_the_host_is_told_once_where_the_time_of_the_newest_picture_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_SILENCE_S", PATIENCE_S)
    client, host = loopback_pair()
    at_host = Listener(host)
    statistics = Statistics(ClockSync())
    session = watch(client, statistics=statistics)
    statistics.clock.on_pong(sent_us=1_000, host_us=501_500, now_us=2_000)  # the host's clock is half a second ahead
    unit = AccessUnit(b"", True, 7, 1, 600_000, UnitTimings(1000, 1500, 4000))
    received = ReceivedUnit(unit, StreamFormat(1, Codec.H264, Size(64, 64)), 107_000, 107_500)
    statistics.on_picture(Picture(av.VideoFrame(64, 64), received, 112_000))

    def reports() -> list[Feedback]:
        messages = MessageDecoder(CONTROL).receive(bytes(at_host.control))
        return [each for each in messages if isinstance(each, Feedback)]

    await until(lambda: len(reports()) >= 3)
    before, with_picture, after = reports()[:3]
    assert (with_picture.network_us, with_picture.playout_us, with_picture.decode_us) == (3000, 500, 4500)
    assert with_picture.capture_to_decoded_us == 12_000
    assert (with_picture.reorder_permille, with_picture.fec_pending_groups) == (0, 0)
    assert {before.network_us, after.network_us, after.capture_to_decoded_us} == {None}
    session.leave(ErrorCode.NO_ERROR, "")
    await host.wait_closed()


@in_loop
async def test_a_goodbye_ends_the_session_whether_the_connection_is_closed_or_not() -> None:
    client, host = loopback_pair()
    Listener(host)
    session = watch(client)
    host.send_stream(Channel.CONTROL, encode_message(Bye(code=ErrorCode.REFUSED, reason="too many")))
    host.flush()
    async with asyncio.timeout(PATIENCE_S):
        error = await session.ended
    assert (error.code, error.reason) == (ErrorCode.REFUSED, "too many")
    client.close(0, "")
    await host.wait_closed()


@in_loop
async def test_parts_hear_of_the_end_once_though_the_connection_ends_later() -> None:
    client, host = loopback_pair()
    Listener(host)
    ends: list[str] = []

    class Part(SessionPart):
        def ended(self) -> None:
            ends.append("ended")

    session = watch(client)
    session.talk.add(Part())
    async with asyncio.timeout(PATIENCE_S):
        await session.ended  # the host says nothing
    client.close(0, "")
    await client.wait_closed()
    assert ends == ["ended"]


class Told(SoundStage):
    """A stage that only writes down what it is told."""

    def __init__(self, figures: SoundFigures, budget: MemoryBudget) -> None:
        super().__init__(figures, budget, has_card=False)
        self.configs: list[SoundConfig] = []
        self.packets: list[SoundPacket] = []
        self.enough = asyncio.Event()

    def configure(self, config: SoundConfig) -> None:
        self.configs.append(config)

    def take(self, packets: Sequence[SoundPacket], *, now: float) -> None:
        self.packets += packets
        if len(self.packets) == 4:
            self.enough.set()


@in_loop
async def test_a_host_hears_what_the_client_wants_and_takes() -> None:
    client, host = loopback_pair()
    heard = Listener(host)
    session = watch(client, hello=Hello(name="me", codecs=("av1",), sound=True))
    client.flush()
    async with asyncio.timeout(PATIENCE_S):
        await until(lambda: bool(heard.control))
    (hello, *_) = MessageDecoder(CONTROL).receive(bytes(heard.control))
    assert hello == Hello(name="me", codecs=("av1",), sound=True, max_datagram_bytes=client.largest_datagram_bytes)
    client.close(0, "")
    await session.ended


@in_loop
async def test_sound_goes_to_the_speakers_and_into_the_recording_and_what_is_malformed_is_skipped() -> None:
    client, host = loopback_pair()
    Listener(host)
    budget, figures = MemoryBudget(), SoundFigures(ClockSync())
    stage = Told(figures, budget)
    recorded: list[tuple[SoundPacket, SoundConfig]] = []
    configs: list[SoundConfig] = []
    sound = SoundSession(stage, figures, budget, configs.append, lambda *each: recorded.append(each))
    session = watch(client, sound)
    config = SoundConfig(epoch=3)
    host.send_stream(Channel.CONTROL, encode_message(config))
    sender = SoundSender()
    sender.epoch = 3
    for number in range(4):
        sender.send_packet(b"opus", 5000 * number, now=0.0)
    host.send_datagram(b"\x01\x04")
    for datagram in sender.datagrams_to_send(now=0.0):
        host.send_datagram(datagram)
    host.flush()
    async with asyncio.timeout(PATIENCE_S):
        await stage.enough.wait()
    assert stage.configs == configs == [config]
    assert [packet.capture_us for packet in stage.packets] == [0, 5000, 10_000, 15_000]
    assert recorded == [(packet, config) for packet in stage.packets]
    assert [entry.name for entry in budget.entries()] == ["rift.sound_fec"]
    host.close(0, "")
    await session.ended
    report = figures.report()
    assert report is not None
    assert report["packets_received"] == 4
    session.release()
    assert not budget.entries()
