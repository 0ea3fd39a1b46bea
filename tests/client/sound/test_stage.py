from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import pytest

from tests.client.sound.test_player import LevelDecoder
from tests.support.aio import PATIENCE_S
from wavry.backends import Candidate
from wavry.client.clock_sync import ClockSync
from wavry.client.sound import stage as stage_module
from wavry.client.sound.figures import SoundFigures
from wavry.client.sound.stage import SoundStage, open_decoder
from wavry.clock import monotonic, monotonic_us
from wavry.errors import BackendUnavailableError
from wavry.memory import MemoryBudget
from wavry.rift import SoundConfig
from wavry.rift.sound import SoundPacket, SoundStats

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wavry.client.sound.player import SoundPlayer
    from wavry.memory.budget import Bounded, Registration

FRAME_US = 5_000
CONFIG = SoundConfig(epoch=0)


class Card:
    """A sound card that plays as soon as it is asked to, and can be pulled out. One at a time is the newest."""

    opened: list[Card]
    changed = threading.Condition()
    is_there = True
    name = "card"
    latency_s = 0.0

    def __init__(self, channels: int, device: str | None) -> None:
        if not Card.is_there:
            raise BackendUnavailableError("card", "it is not there")
        self.channels, self.device = channels, device
        self.player: SoundPlayer | None = None
        self.began, self.pulled_out, self.is_closed = threading.Event(), threading.Event(), threading.Event()
        with Card.changed:
            Card.opened.append(self)
            Card.changed.notify_all()

    def play(self, player: SoundPlayer, stopped: threading.Event) -> None:
        self.player = player
        self.began.set()
        while not stopped.wait(0.001):
            if self.pulled_out.is_set():
                raise BackendUnavailableError("card", "pulled out")
            player.next_block(now=monotonic())

    def close(self) -> None:
        self.is_closed.set()


class Broken(Card):
    def play(self, player: SoundPlayer, stopped: threading.Event) -> None:
        raise ZeroDivisionError


CARDS = (Candidate(name="card", target=f"{__name__}:Card"),)


class Heard(SoundFigures):
    """Says when something was heard."""

    heard = threading.Event()

    def on_heard(self, capture_us: int, heard_us: int) -> None:
        super().on_heard(capture_us, heard_us)
        self.heard.set()


class Running:
    """A stage whose thread runs."""

    def __init__(self, **settings: object) -> None:
        self.budget = MemoryBudget()
        self.figures = Heard(ClockSync())
        self.has_player = threading.Event()
        settings = {"has_card": True, "candidates": CARDS, "open_decoder": lambda _: LevelDecoder()} | settings
        self.stage = SoundStage(self.figures, self.budget, **settings)  # type: ignore[arg-type] # any of them
        register = self.budget.register

        def note_player(name: str, holder: Bounded, *, policy: str) -> Registration:
            self.has_player.set()
            return register(name, holder, policy=policy)

        self.budget.register = note_player  # type: ignore[method-assign] # what registers is the player's playout
        self.thread = threading.Thread(target=self.stage.run)
        self.thread.start()
        self.next_id = 0

    def feed(self) -> None:
        """Give it a packet that was captured just now."""
        packet = SoundPacket(self.next_id, monotonic_us() - 1000, b"\x10\x00")
        self.next_id += 1
        self.stage.take([packet], now=monotonic())

    def until(self, happened: threading.Event) -> None:
        assert happened.wait(PATIENCE_S)

    def card(self, number: int = 0) -> Card:
        """The so-manyth card that was opened, once it plays."""
        with Card.changed:
            assert Card.changed.wait_for(lambda: len(Card.opened) > number, PATIENCE_S)
        card = Card.opened[number]
        self.until(card.began)
        return card


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setattr(stage_module, "_RETRY_S", 0.02)
    Card.opened, Card.is_there = [], True
    running = Running()
    yield running
    running.stage.stop()
    running.thread.join(PATIENCE_S)
    assert not running.thread.is_alive()


def test_nothing_is_opened_before_the_host_has_sound(running: Running) -> None:
    running.stage.configure(SoundConfig(epoch=0, available=False, reason="it is off"))
    assert not running.stage.wanted.is_set()
    running.stage.configure(CONFIG)
    assert running.stage.wanted.is_set()
    assert running.card().channels == 2
    assert len(Card.opened) == 1


def test_what_waits_to_be_played_is_in_the_budget_also_after_the_end(running: Running) -> None:
    running.stage.configure(CONFIG)
    running.card()
    running.stage.end_connection()
    running.until(Card.opened[0].is_closed)
    assert [entry.name for entry in running.budget.entries()] == ["rift.sound_playout"]


def test_a_card_that_is_pulled_out_is_looked_for_until_it_is_back(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    running.stage.configure(CONFIG)
    first = running.card()
    Card.is_there = False
    first.pulled_out.set()
    running.until(first.is_closed)
    Card.is_there = True
    assert running.card(1).player is first.player
    assert "pulled out; waiting for it to come back" in caplog.text


def test_without_a_card_there_is_one_line_and_sound_is_still_counted(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    Card.is_there = False
    Heard.heard.clear()
    running.stage.configure(CONFIG)
    running.until(running.has_player)
    running.feed()
    running.until(Heard.heard)
    assert [record.levelno for record in caplog.records].count(logging.WARNING) == 1
    assert "it is not there" in caplog.text


def test_another_form_of_sound_opens_the_card_again(running: Running) -> None:
    running.stage.configure(CONFIG)
    first = running.card()
    running.stage.configure(SoundConfig(epoch=1, channels=1))
    running.until(first.is_closed)
    assert running.card(1).channels == 1
    assert running.card(1).player is not first.player


def test_packets_of_another_epoch_are_not_played(running: Running) -> None:
    running.stage.configure(SoundConfig(epoch=1))
    player = running.card().player
    assert player is not None
    running.stage.take([SoundPacket(0, monotonic_us(), b"\x10\x00", epoch=0)], now=monotonic())
    assert player.playout.high_water_bytes == player.playout.used_bytes
    running.stage.take([SoundPacket(1, monotonic_us(), b"\x10\x00", epoch=1)], now=monotonic())
    assert player.playout.high_water_bytes > 320


def test_mute_and_volume_reach_the_player(running: Running) -> None:
    running.stage.configure(CONFIG)
    player = running.card().player
    assert player is not None
    running.stage.is_muted = True
    assert player.volume == 0.0
    running.stage.is_muted = False
    assert player.volume == 1.0


def test_a_codec_that_is_not_known_is_one_line_and_no_sound(caplog: pytest.LogCaptureFixture) -> None:
    for config, word in ((SoundConfig(epoch=0, codec="g711"), "g711"), (SoundConfig(epoch=0, channels=3), "channels")):
        with pytest.raises(BackendUnavailableError, match=word):
            open_decoder(config)


def test_a_decoder_that_does_not_open_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    Card.opened, Card.is_there = [], True
    refused = threading.Event()

    def refuse(_: SoundConfig) -> LevelDecoder:
        if refused.is_set():
            return LevelDecoder()
        refused.set()
        raise BackendUnavailableError("opus", "there is no libopus")

    running = Running(open_decoder=refuse)
    running.stage.configure(CONFIG)
    running.until(refused)
    running.stage.configure(SoundConfig(epoch=1))
    running.card()
    running.stage.stop()
    running.thread.join(PATIENCE_S)
    assert "no sound: opus: there is no libopus" in caplog.text


def test_a_fault_of_ours_ends_the_sound_with_a_traceback_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    Card.opened, Card.is_there = [], True
    running = Running(candidates=(Candidate(name="card", target=f"{__name__}:Broken"),))
    running.stage.configure(CONFIG)
    running.thread.join(PATIENCE_S)
    assert not running.thread.is_alive()
    assert "the picture goes on" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    running.feed()  # which is ignored


def test_figures_add_up_over_connections() -> None:
    figures = SoundFigures(ClockSync())
    assert figures.report() is None
    figures.take(SoundStats(packets_received=10, packets_lost=2, packets_repaired=1))
    figures.finish()
    figures.take(SoundStats(packets_received=5))
    report = figures.report()
    assert report is not None
    assert (report["packets_received"], report["packets_lost"], report["packets_repaired"]) == (15, 2, 1)
    assert report["offset_ms"] is None


def test_figures_say_how_long_sound_takes() -> None:
    clock = ClockSync()
    figures = SoundFigures(clock)
    clock.on_pong(sent_us=0, host_us=1_000_000, now_us=0)
    figures.take(SoundStats(packets_received=1))
    figures.on_heard(1_000_000, 30_000)
    figures.lipsync.note_picture(1_000_000, 20_000)
    report = figures.report()
    assert report is not None
    assert report["capture_to_heard"]["p50"] == pytest.approx(30, rel=0.02)  # type: ignore[index] # a summary
    assert report["offset_ms"] == 10.0
