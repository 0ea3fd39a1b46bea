"""What Python says the browser understands and can say again; what the one refuses the other refuses too."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from wavry.errors import RemoteProtocolError
from wavry.media import Codec
from wavry.rift import (
    CONTROL,
    Bye,
    ChooseMonitor,
    Denied,
    Feedback,
    Hello,
    KeyframeRequest,
    Message,
    MessageDecoder,
    MonitorInfo,
    MonitorList,
    Ping,
    Pong,
    RightsGranted,
    SoundConfig,
    SourceState,
    StreamConfig,
    encode_message,
)
from wavry.rift.messages import Knock, Welcome

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="no node")

REPLAY = Path(__file__).with_name("replay_messages.mjs")
MUTATIONS = 20_000

MESSAGES: tuple[Message, ...] = (
    Hello(),
    Hello(
        name="höst \N{GRINNING FACE}" * 20, codecs=("h264", "av1"), max_datagram_bytes=65_535, sound=True, input=True
    ),
    StreamConfig(epoch=255, codec=Codec.AV1, width=16_384, height=1, fps=1000, bitrate_bps=10_000_000_000),
    StreamConfig(
        epoch=0, codec=Codec.HEVC, width=1, height=16_384, fps=1, bitrate_bps=1, color="x" * 32, full_range=True
    ),
    SoundConfig(epoch=3, channels=6, frame_us=60_000, available=False, reason="quiet"),
    KeyframeRequest(epoch=1, after_frame_id=2**32 - 1),
    Feedback(
        epoch=1,
        highest_packet_id=2**32 - 1,
        packets_received=2**53 - 1,
        packets_lost=1,
        packets_duplicate=2**33,
        frames_received=0,
        frames_lost=127,
        bytes_received=128,
        jitter_us=2**32 - 1,
        is_playout_behind=True,
        reorder_permille=1000,
    ),
    Ping(ping_id=0, sent_us=2**53 - 1),
    Pong(ping_id=2**32 - 1, sent_us=0, received_us=65_536),
    SourceState(available=False, reason="r" * 256),
    RightsGranted(rights=("view", "keys")),
    Denied(right="pads"),
    MonitorList(monitors=(MonitorInfo(name="HDMI-1", width=1, height=65_535),) * 16, captured=15, refusal="no"),
    MonitorList(),
    ChooseMonitor(number=65_535),
    Knock(public_key=bytes(range(32)), nonce=b"\xff" * 32),
    Welcome(),
    Bye(code=65_535, reason="\N{ZERO WIDTH NO-BREAK SPACE}bye"),
)


def test_what_python_says_comes_back_from_the_browser() -> None:
    frames = [encode_message(message) for message in MESSAGES]
    for message, answer in zip(MESSAGES, browser(frames), strict=True):
        assert understood(bytes.fromhex(answer)) == [message]


def test_the_browser_refuses_and_skips_what_python_does() -> None:
    chance = random.Random(1)
    frames = [mutated(encode_message(chance.choice(MESSAGES)), chance) for _ in range(MUTATIONS)]
    verdicts = [verdict(frame) for frame in frames]
    found = ["taken" if answer not in ("skipped", "refused") else answer for answer in browser(frames)]
    differ = [(frame.hex(), *pair) for frame, *pair in zip(frames, verdicts, found, strict=True) if pair[0] != pair[1]]
    assert not differ, differ[:5]
    assert {"taken", "skipped", "refused"} == set(verdicts)


def browser(frames: list[bytes]) -> list[str]:
    lines = "\n".join(frame.hex() for frame in frames)
    done = subprocess.run(["node", str(REPLAY)], input=lines, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def understood(frame: bytes) -> list[Message]:
    return list(MessageDecoder(CONTROL).receive(frame))


def verdict(frame: bytes) -> str:
    try:
        return "taken" if understood(frame) else "skipped"
    except RemoteProtocolError:
        return "refused"


def mutated(frame: bytes, chance: random.Random) -> bytes:
    """Change the body of a message here and there; its length stays true."""
    body = bytearray(frame[4:])
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                body[at] ^= 1 << chance.randrange(8)
            case 2:
                del body[at : at + chance.randrange(1, 4)]
            case _:
                body[at:at] = chance.randbytes(chance.randrange(1, 4))
        body = body or bytearray(1)
    return len(body).to_bytes(4, "big") + body
