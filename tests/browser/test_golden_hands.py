"""Hands, cursor and clipboard of the browser say and hear what the native client's do, byte for byte."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.test_messages import mutated
from tests.fuzz.mutation import mutate
from tests.support.clipboard import text_of
from wavry.client.window.arrow import ARROW
from wavry.client.window.cursors import straightened
from wavry.errors import RemoteProtocolError
from wavry.media import CursorImage
from wavry.media.cursor import HIDDEN
from wavry.rift import Message, MessageDecoder, MessageKinds, encode_message
from wavry.rift.clipboard import TO_HOST as CLIPBOARD_TO_HOST
from wavry.rift.clipboard import ClipboardData, ClipboardOffer, ClipboardReady, ClipboardReceiver, ClipboardSender
from wavry.rift.cursor.datagrams import CursorPlace, CursorState
from wavry.rift.cursor.messages import CursorShape
from wavry.rift.cursor.receiver import CursorReceiver
from wavry.rift.input.messages import TO_HOST, Rumble
from wavry.rift.input.receiver import InputReceiver
from wavry.rift.input.sender import InputSender

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node")

SCRIPT = Path(__file__).with_name("golden_hands.mjs")


def browser(what: str, lines: Iterable[object]) -> Any:
    """Have the browser's code do something; return what came of it."""
    told = "\n".join(map(json.dumps, (what, *lines)))
    done = subprocess.run(["node", str(SCRIPT)], input=told, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Input: the same calls at the same times.


def some_call(dice: random.Random, now: float, due_at: float | None) -> tuple[str, list[Any]]:
    usage, button, pad = dice.randint(4, 0xE7), dice.randint(1, 5), dice.randint(0, 4)
    calls: list[tuple[str, list[Any]]] = [
        ("press_key", [usage, dice.choice(["", "a", "Ж", "日", "😀", "a\u0301"])]),
        ("release_key", [usage]),
        ("press_key", [4, "a"]),
        ("release_key", [4]),
        ("type_text", [dice.choice(["x", "日本" * 600, "😀" * 1025])]),
        ("move_to", [dice.randint(0, 65_535), dice.randint(0, 65_535)]),
        ("move_to", [7, 8]),
        ("move_by", [dice.randint(-(2**31), 2**31), dice.randint(-9, 9)]),
        ("press_button", [button]),
        ("release_button", [button]),
        ("scroll", [dice.randint(-13_000, 13_000), dice.choice([0, 120])]),
        ("plug_pad", [pad, "p" * dice.randint(0, 80)]),
        ("unplug_pad", [pad]),
        ("press_pad", [pad, dice.getrandbits(24)]),
        ("move_pad", [pad, [dice.randint(-32_768, 32_767) for _ in range(4)] + [dice.randint(0, 32_767)] * 2]),
        ("repeat_pads", []),
        ("release_all", []),
    ]
    if due_at is not None and due_at <= now:
        return "handle_timer", []
    return dice.choice(calls)


TIMED = {"press_key", "move_to", "move_by", "press_button", "release_button", "move_pad", "handle_timer"}


def camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.title, rest))


@pytest.mark.parametrize("seed", range(4))
def test_what_hands_do_is_said_as_the_native_client_says_it(seed: int) -> None:
    dice, sender, now = random.Random(seed), InputSender(), 0.0
    calls, expected = [], []
    for _ in range(1500):
        now += dice.choice([0.0, 0.001, 0.004, 0.03, 0.6])
        name, arguments = some_call(dice, now, sender.next_timer())
        calls.append([now, camel_case(name), *arguments])
        getattr(sender, name)(*arguments, **({"now": now} if name in TIMED else {}))
        expected.append((sender.messages(), sender.datagrams_to_send(now=now), sender.next_timer()))
    receiver, done = InputReceiver(), 0
    answers = browser("input", calls)
    for (at, *_), (messages, datagrams, timer), (said, sent, due_at) in zip(calls, expected, answers, strict=True):
        assert heard(said, TO_HOST) == messages
        assert [bytes.fromhex(each) for each in sent] == datagrams
        assert due_at == (None if timer is None else pytest.approx(timer))
        for message in heard(said, TO_HOST):
            done += len(receiver.receive_message(message, now=at))
        for datagram in sent:
            done += len(receiver.receive_datagram(bytes.fromhex(datagram)))
    assert done > 500


def heard(frames: Iterable[str], kinds: tuple[type[Message], ...]) -> list[Message]:
    """Return the messages that the host reads."""
    decoder = MessageDecoder(MessageKinds(kinds))
    return [message for frame in frames for message in decoder.receive(bytes.fromhex(frame))]


# Cursor.


def test_places_of_the_pointer_are_read_as_the_native_client_reads_them() -> None:
    dice, receiver = random.Random(5), CursorReceiver()
    datagrams: list[bytes] = []
    sequence = 2**32 - 300
    for _ in range(1000):
        sequence = (sequence + dice.choice([0, 1, 1, 1, 5, -3])) % 2**32
        place = CursorPlace(dice.random() < 0.5, dice.getrandbits(16), dice.getrandbits(16), dice.getrandbits(8))
        datagram = CursorState(sequence, place).to_bytes()
        datagrams.append(mutate(dice, datagram) if dice.random() < 0.1 else datagram)
    expected: list[object] = []
    for datagram in datagrams:
        try:
            found = receiver.receive_datagram(datagram)
        except RemoteProtocolError:
            expected.append("malformed")
        else:
            expected.append(None if found is None else list(found))
    assert browser("places", [each.hex() for each in datagrams]) == expected
    assert "malformed" in expected


def some_image(dice: random.Random) -> CursorImage:
    """Return a shape with soft edges, premultiplied."""
    width, height = dice.randint(1, 48), dice.randint(1, 48)
    pixels = bytearray()
    for _ in range(width * height):
        alpha = dice.choice([0, 255, dice.randint(1, 254)])
        pixels += bytes([dice.randint(0, alpha) for _ in range(3)] + [alpha])
    return CursorImage(width, height, dice.randrange(width), dice.randrange(height), bytes(pixels))


def test_shapes_of_the_pointer_are_read_as_the_native_client_reads_them() -> None:
    dice = random.Random(6)
    images = [ARROW, HIDDEN, None, *(some_image(dice) for _ in range(60))]
    shapes = [CursorShape.of(image) for image in images]
    shapes += [
        CursorShape(width=each.width, height=each.height, pixels=mutate(dice, each.pixels)[:27_000])
        for each in shapes[3:] * 3
    ]
    expected: list[CursorImage | str | None] = []
    for shape in shapes:
        try:
            expected.append(shape.image())
        except RemoteProtocolError:
            expected.append("malformed")
    answers = browser("shapes", [encode_message(shape).hex() for shape in shapes])
    for image, answer in zip(expected, answers, strict=True):
        if not isinstance(image, CursorImage):
            assert answer == image
            continue
        *numbers, pixels = answer
        assert tuple(numbers) == (image.width, image.height, image.hot_x, image.hot_y)
        assert_alike(bytes.fromhex(pixels), straightened(image.pixels))
    assert expected.count("malformed") > 100


def assert_alike(rgba: bytes, bgra: bytes) -> None:
    """Colours may be rounded otherwise; where there is nothing to see they count for nothing."""
    assert rgba[3::4] == bgra[3::4]
    for mine, theirs in ((0, 2), (1, 1), (2, 0)):
        pairs = zip(rgba[mine::4], bgra[theirs::4], rgba[3::4], strict=True)
        assert all(abs(one - other) <= 1 for one, other, alpha in pairs if alpha)


def test_rumble_is_read() -> None:
    wish = Rumble(pad=3, low=65_535, high=1, duration_ms=10_000)
    expected = {"pad": 3, "low": 65_535, "high": 1, "durationMs": 10_000}
    assert browser("shapes", [encode_message(wish).hex()]) == [expected]


def test_the_browser_refuses_and_skips_what_the_native_client_does() -> None:
    dice = random.Random(8)
    kinds = MessageKinds((CursorShape, Rumble, ClipboardOffer, ClipboardData))
    said = [
        CursorShape.of(ARROW),
        CursorShape(is_default=True),
        Rumble(pad=3, low=65_535, high=1, duration_ms=10_000),
        ClipboardOffer(transfer=2**32 - 1, size_bytes=1024 * 1024),
        ClipboardData(transfer=0, data=b"x" * 300),
    ]
    frames = [mutated(encode_message(dice.choice(said)), dice) for _ in range(20_000)]
    expected = []
    for frame in frames:
        try:
            expected.append("taken" if MessageDecoder(kinds).receive(frame) else "skipped")
        except RemoteProtocolError:
            expected.append("refused")
    answers = browser("verdicts", [frame.hex() for frame in frames])
    differ = [
        (frame.hex(), *pair) for frame, *pair in zip(frames, expected, answers, strict=True) if pair[0] != pair[1]
    ]
    assert not differ, differ[:5]
    assert {"taken", "skipped", "refused"} == set(expected)


# Clipboard.


def test_texts_of_the_host_become_whole_in_the_browser() -> None:
    dice = random.Random(7)
    texts = [text_of(size, seed=size) for size in (1, 5000, 0, 1024 * 1024, 77)]
    sender, now, stream = ClipboardSender(4_000_000), 0.0, b""
    for text in texts:
        sender.offer(text)
        while (due_at := sender.next_timer) is not None:
            now = max(now, due_at)
            message = sender.next_message(backlog_bytes=0, now=now)
            assert message is not None
            stream += encode_message(message)
    cuts = sorted(dice.sample(range(len(stream)), 300))
    pieces = [stream[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert browser("clipboard", [each.hex() for each in pieces]) == [hashlib.sha256(each).hexdigest() for each in texts]


def test_texts_of_the_browser_become_whole_at_the_host() -> None:
    texts = [text_of(size, seed=size) for size in (3, 200_000, 0, 8001)]
    receiver, whole = ClipboardReceiver(), []
    ready, *said = heard(browser("offers", [each.hex() for each in texts]), CLIPBOARD_TO_HOST)
    assert ready == ClipboardReady()
    for message in said:
        if isinstance(message, ClipboardOffer):
            whole.append(receiver.receive_offer(message))
        else:
            assert isinstance(message, ClipboardData)
            whole.append(receiver.receive_data(message))
    assert [each for each in whole if each is not None] == texts
