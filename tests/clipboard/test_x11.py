"""The clipboard of an X server, with other programs on the same screen: good ones, slow ones, and some that die."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from Xlib import X
from Xlib.display import Display

from tests.support.clipboard import PATIENCE_S, XCLIP, XSEL, ClipboardWatch, copy, paste, text_of
from tests.support.xserver import XServer
from wavry.clipboard import x11_offer, x11_reading
from wavry.clipboard.x11 import X11Clipboard
from wavry.errors import BackendUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

pytestmark = pytest.mark.integration

MIB = 1024 * 1024


def until(condition: Callable[[], object]) -> None:
    """Let the clipboard's thread work until something is true."""
    deadline = monotonic() + PATIENCE_S
    while not condition():
        assert monotonic() < deadline
        os.sched_yield()


class Running:
    """A clipboard at work, and what it told."""

    def __init__(self, display: str) -> None:
        self.board = X11Clipboard(display)
        self._told: queue.Queue[tuple[bytes | None, bool]] = queue.Queue()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.board.run()
        except BackendUnavailableError as error:
            self.error = error

    def take(self, text: bytes | None, *, is_change: bool) -> None:
        self._told.put((text, is_change))

    def next_told(self) -> tuple[bytes | None, bool]:
        return self._told.get(timeout=PATIENCE_S)

    def wait_for(self, text: bytes) -> None:
        """Wait until a text is told."""
        while self.next_told()[0] != text:
            pass

    @property
    def is_silent(self) -> bool:
        return self._told.empty()

    def join(self) -> None:
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.board.stop()
        self.join()


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    with XServer() as server:
        yield server.display


@pytest.fixture
def running(display: str) -> Iterator[Running]:
    with Running(display) as running:
        yield running


class Stranger:
    """A program that uses the clipboard as it likes, request by request."""

    def __init__(self, display: str) -> None:
        self.display = Display(display)
        self.window = self.display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self.window.change_attributes(event_mask=X.PropertyChangeMask)
        self.display.sync()

    def atom(self, name: str) -> int:
        return int(self.display.intern_atom(name))

    def ask(self, target: str, property_name: str = "ANSWER") -> int:
        """Ask for the clipboard; return the type of the answer, 0 for a refusal."""
        self.window.convert_selection(
            self.atom("CLIPBOARD"), self.atom(target), self.atom(property_name), X.CurrentTime
        )
        while (event := self.display.next_event()).type != X.SelectionNotify:
            pass
        found = self.window.get_property(event.property, X.AnyPropertyType, 0, 1) if event.property else None
        return 0 if found is None else int(found.property_type)

    def fetch_rest(self, property_name: str = "ANSWER") -> bytes:
        """Fetch what comes in pieces."""
        text, name = b"", self.atom(property_name)
        self.window.delete_property(name)
        while True:
            event = self.display.next_event()
            if event.type != X.PropertyNotify or event.atom != name or event.state != X.PropertyNewValue:
                continue
            found = self.window.get_full_property(name, X.AnyPropertyType)
            self.window.delete_property(name)
            if not found.value:
                return text
            text += found.value

    def own(self) -> None:
        self.window.set_selection_owner(self.atom("CLIPBOARD"), X.CurrentTime)
        self.display.sync()

    def next_request(self) -> object:
        """Wait until somebody asks for what we own."""
        while (event := self.display.next_event()).type != X.SelectionRequest:
            pass
        return event

    def announce(self, request: object, size: int) -> None:
        """Answer that the text comes in pieces."""
        request.requestor.change_property(request.property, self.atom("INCR"), 32, [size])  # type: ignore[attr-defined]
        self.answer(request)

    def answer(self, request: object, *, is_refused: bool = False) -> None:
        from Xlib.protocol.event import SelectionNotify

        fields = {name: getattr(request, name) for name in ("time", "requestor", "selection", "target", "property")}
        if is_refused:
            fields["property"] = 0
        request.requestor.send_event(SelectionNotify(**fields))  # type: ignore[attr-defined]
        self.display.sync()

    def close(self) -> None:
        self.display.close()


@pytest.fixture
def stranger(display: str) -> Iterator[Stranger]:
    stranger = Stranger(display)
    yield stranger
    stranger.close()


@pytest.mark.parametrize("program", [XCLIP, XSEL])
def test_what_others_copy_is_told_whatever_its_size(display: str, running: Running, program: str) -> None:
    copy(display, b"before", program)
    running.board.listen(running.take)
    running.wait_for(b"before")
    for size in (1, 64 * 1024, MIB):
        copy(display, text_of(size), program)
        assert running.next_told() == (text_of(size), True)
    copy(display, text_of(MIB + 1), program)
    assert running.next_told() == (None, True)
    assert running.is_silent
    assert running.board.used_bytes <= running.board.high_water_bytes <= running.board.cap_bytes


def test_what_was_there_before_is_told_as_such(display: str) -> None:
    with ClipboardWatch(display) as watch:
        copy(display, b"")
        watch.wait_for(b"")
    with Running(display) as running:
        running.board.listen(running.take)
        assert running.next_told() == (b"", False)  # an empty text is a text


@pytest.mark.parametrize("program", [XCLIP, XSEL])
def test_others_paste_what_was_put_whatever_its_size(display: str, running: Running, program: str) -> None:
    with ClipboardWatch(display) as watch:
        for size in (0, 1, 64 * 1024, MIB):
            running.board.put(text_of(size))
            watch.wait_for(text_of(size))
            assert paste(display, program) == text_of(size)


def test_what_was_put_is_not_told(display: str, running: Running) -> None:
    with ClipboardWatch(display) as watch:
        running.board.listen(running.take)
        running.board.put(b"ours")
        watch.wait_for(b"ours")
        copy(display, b"theirs")
        told = [running.next_told()]
        while told[-1][0] != b"theirs":
            told.append(running.next_told())
    assert (b"ours", True) not in told


def test_nobody_is_told_while_nobody_listens(display: str, running: Running) -> None:
    running.board.listen(running.take)
    copy(display, b"first")
    running.wait_for(b"first")
    running.board.listen(None)
    with ClipboardWatch(display) as watch:
        copy(display, b"second")
        watch.wait_for(b"second")
        copy(display, b"third")
        watch.wait_for(b"third")
    running.board.listen(running.take)
    assert running.next_told()[0] == b"third"
    assert running.is_silent


def test_all_guises_are_offered(display: str, running: Running, stranger: Stranger) -> None:
    with ClipboardWatch(display) as watch:
        running.board.put("grün 漢".encode())
        watch.wait_for("grün 漢".encode())
    assert stranger.ask("TARGETS") == stranger.atom("ATOM")
    targets = stranger.window.get_full_property(stranger.atom("ANSWER"), X.AnyPropertyType).value
    assert {stranger.display.get_atom_name(each) for each in targets} >= {"UTF8_STRING", "STRING", "TEXT", "TIMESTAMP"}
    for target, kind, text in (
        ("UTF8_STRING", "UTF8_STRING", "grün 漢".encode()),
        ("TEXT", "UTF8_STRING", "grün 漢".encode()),
        ("text/plain;charset=utf-8", "text/plain;charset=utf-8", "grün 漢".encode()),
        ("STRING", "STRING", "grün ?".encode("latin-1")),
    ):
        assert stranger.ask(target) == stranger.atom(kind)
        found = stranger.window.get_full_property(stranger.atom("ANSWER"), X.AnyPropertyType).value
        assert (found if isinstance(found, bytes) else found.encode("latin-1")) == text
    assert stranger.ask("TIMESTAMP") == stranger.atom("INTEGER")
    assert stranger.ask("image/png") == 0


def test_several_guises_may_be_had_at_once(display: str, running: Running, stranger: Stranger) -> None:
    with ClipboardWatch(display) as watch:
        running.board.put(b"one")
        watch.wait_for(b"one")
    pairs = ["UTF8_STRING", "A", "image/png", "B", "STRING", "C"]
    numbers = [stranger.atom(name) for name in pairs]
    stranger.window.change_property(stranger.atom("ANSWER"), stranger.atom("ATOM_PAIR"), 32, numbers)
    assert stranger.ask("MULTIPLE") == stranger.atom("ATOM_PAIR")
    got = stranger.window.get_full_property(stranger.atom("ANSWER"), X.AnyPropertyType).value
    assert list(got) == [*numbers[:3], 0, *numbers[4:]]
    assert stranger.window.get_full_property(stranger.atom("A"), X.AnyPropertyType).value == b"one"


def test_who_never_finishes_fetching_holds_up_nobody(display: str, running: Running, stranger: Stranger) -> None:
    with ClipboardWatch(display) as watch:
        running.board.put(text_of(MIB))
        watch.wait_for(text_of(MIB))
    names = [f"ANSWER_{number}" for number in range(x11_offer.MAX_TRANSFERS + 2)]
    for name in names:
        assert stranger.ask("UTF8_STRING", name) == stranger.atom("INCR")
    assert paste(display) == text_of(MIB)
    assert running.board.drops == 3
    assert running.board.used_bytes == MIB  # all of them fetch the same
    assert stranger.fetch_rest(names[-1]) == text_of(MIB)


def test_who_takes_too_long_is_given_up(
    display: str, running: Running, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11_offer, "TRANSFER_TIMEOUT_S", 0.01)
    dropped = running.board.drops
    with ClipboardWatch(display) as watch:
        running.board.put(text_of(100_000))
        until(lambda: watch.changes)
    assert stranger.ask("UTF8_STRING") == stranger.atom("INCR")
    until(lambda: running.board.drops > dropped)


def test_who_dies_while_fetching_is_forgotten(display: str, running: Running) -> None:
    with ClipboardWatch(display) as watch:
        running.board.put(text_of(MIB))
        watch.wait_for(text_of(MIB))
        dying = Stranger(display)
        assert dying.ask("UTF8_STRING") == dying.atom("INCR")
        dying.close()
        copy(display, b"theirs")
        watch.wait_for(b"theirs")
    until(lambda: running.board.used_bytes == 0)


def test_an_owner_that_does_not_answer_is_given_up(
    display: str, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(x11_reading, "ANSWER_TIMEOUT_S", 0.01)
    stranger.own()
    with Running(display) as running:
        running.board.listen(running.take)
        assert running.next_told() == (None, False)
        monkeypatch.undo()
        copy(display, b"theirs")
        assert running.next_told() == (b"theirs", True)


def test_an_owner_that_dies_in_the_middle_leaves_nothing(display: str) -> None:
    dying = Stranger(display)
    dying.own()
    with Running(display) as running:
        running.board.listen(running.take)
        request = dying.next_request()
        request.requestor.change_attributes(event_mask=X.PropertyChangeMask)  # type: ignore[attr-defined]
        dying.announce(request, 100_000)
        while (event := dying.display.next_event()).type != X.PropertyNotify or event.state != X.PropertyDelete:
            pass  # once it is deleted, the first piece is wanted
        request.requestor.change_property(request.property, request.target, 8, b"a" * 1000)  # type: ignore[attr-defined]
        dying.display.sync()
        dying.close()
        assert running.next_told() == (None, True)
        copy(display, b"theirs")
        assert running.next_told() == (b"theirs", True)
        assert running.is_silent


def test_an_owner_that_announces_too_much_is_left_alone(display: str, stranger: Stranger) -> None:
    stranger.own()
    with Running(display) as running:
        running.board.listen(running.take)
        stranger.announce(stranger.next_request(), MIB + 1)
        assert running.next_told() == (None, False)


def test_an_owner_that_has_only_pictures_is_asked_for_all_guises_of_text(display: str, stranger: Stranger) -> None:
    stranger.own()
    with Running(display) as running:
        running.board.listen(running.take)
        asked = []
        for _ in range(3):
            request = stranger.next_request()
            asked.append(stranger.display.get_atom_name(request.target))  # type: ignore[attr-defined]
            stranger.answer(request, is_refused=True)
        assert asked == ["UTF8_STRING", "STRING", "TEXT"]
        assert running.next_told() == (None, False)


def test_an_old_programs_latin_1_becomes_utf_8(display: str, stranger: Stranger) -> None:
    stranger.own()
    with Running(display) as running:
        running.board.listen(running.take)
        stranger.answer(stranger.next_request(), is_refused=True)
        request = stranger.next_request()
        request.requestor.change_property(request.property, request.target, 8, b"gr\xfcn")  # type: ignore[attr-defined]
        stranger.answer(request)
        assert running.next_told() == ("grün".encode(), False)


def test_a_server_that_goes_ends_it_with_a_reason() -> None:
    with XServer() as server:
        running = Running(server.display)
        server.kill()
        running.join()
    assert running.error is not None
    assert "the X server closed the connection" in str(running.error)
    running.board.put(b"too late")  # harmless


def test_without_a_display_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(BackendUnavailableError, match="DISPLAY is not set"):
        X11Clipboard()
    with pytest.raises(BackendUnavailableError, match="cannot connect to X display :99999"):
        X11Clipboard(":99999")


def test_a_server_without_xfixes_is_refused() -> None:
    try:
        server = XServer(640, 480, "-extension", "XFIXES")
    except RuntimeError:
        pytest.skip("this X server always has XFIXES")
    with server, pytest.raises(BackendUnavailableError, match="XFIXES"):
        X11Clipboard(server.display)


def test_primary_is_left_alone(display: str, running: Running) -> None:
    subprocess.run(["xclip", "-selection", "primary", "-in", "-display", display], input=b"primary", check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    with ClipboardWatch(display) as watch:
        running.board.put(b"clipboard")
        watch.wait_for(b"clipboard")
    found = subprocess.run(
        ["xclip", "-selection", "primary", "-out", "-display", display], check=True, capture_output=True
    )
    assert found.stdout == b"primary"
