"""Every back end of every kind, tried. "Available" means that a picture or sound went through it just now."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from wavry.errors import (
    BackendError,
    BackendUnavailableError,
    CaptureError,
    CodecError,
    ConfigError,
    NoBackendError,
    WavryError,
)
from wavry.media import AccessUnit, Codec, Size, UnitTimings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wavry.backends import Candidate
    from wavry.clipboard.board import ClipboardBoard
    from wavry.encode.encoder import VideoEncoder

_TRIAL_SIZE = Size(640, 360)
"""Large enough for every hardware encoder, small enough to cost nothing."""

_FIRST_FRAME_S = 2.0

_FIRST_SOUND_S = 3.0
"""A sound server that had nothing to do may have rendered two seconds ahead."""

_CHANNELS = {1: "mono", 2: "stereo", 6: "5.1"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One back end."""

    name: str
    """What the user writes to ask for it, where there is a flag."""

    is_available: bool
    reason: str
    """Why it was refused; otherwise what else there is to know, or nothing."""


def examine_back_ends() -> dict[str, list[Finding]]:
    """Return all back ends by kind, each kind in order of preference."""
    kinds = {"capture": _captures(), "source": _sources()}
    for codec in Codec:
        encoders, unit = _encoders(codec)
        kinds[f"encoder {codec.value}"] = encoders
        kinds[f"decoder {codec.value}"] = [_decoder(codec, unit)]
    kinds["renderer"] = _renderers()
    kinds["sound"] = _sounds()
    kinds["input"] = _inputs()
    kinds["cursor"] = _cursors()
    kinds["clipboard"] = _clipboards()
    return kinds


def _try(name: str, attempt: Callable[[], str]) -> Finding:
    """Return what an attempt says, or why it failed."""
    try:
        return Finding(name, True, attempt())
    except (BackendError, CaptureError, CodecError, ConfigError) as error:
        return Finding(name, False, _reason(name, error))


def _reason(name: str, error: WavryError) -> str:
    """Return why, without the name that stands beside it."""
    if isinstance(error, NoBackendError):
        return "; ".join(refusal.reason for refusal in error.refusals)
    return str(error).removeprefix(f"{name}: ")


# Capture.


def _captures() -> list[Finding]:
    from wavry.capture import registry

    return [_try(each.name, lambda name=each.name: _capture("screen", name)) for each in registry.SCREEN_CANDIDATES]  # type: ignore[misc] # a lambda's default


def _sources() -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="wavry-doctor-") as directory:
        path = Path(directory) / "trial.mkv"
        _write_video(path)
        return [_try("testcard", lambda: _capture("testcard")), _try("file", lambda: _capture(str(path)))]


def _capture(source: str, backend: str = "auto") -> str:
    from wavry.capture import CaptureConfig, open_source

    opened = open_source(CaptureConfig(source=source, backend=backend)).backend
    try:
        frame = opened.next_frame(_FIRST_FRAME_S)
        if frame is None:
            raise BackendError(f"gave no picture within {_FIRST_FRAME_S} s")
        size = frame.size
        frame.release()
        return "; ".join([str(size), *opened.notes])
    finally:
        opened.close()


def _write_video(path: Path) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(30))
        stream.width, stream.height, stream.pix_fmt = *_TRIAL_SIZE, "yuv420p"
        picture = av.VideoFrame(*_TRIAL_SIZE, "yuv420p")
        for plane in picture.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        container.mux([*stream.encode(picture), *stream.encode(None)])


def _cursors() -> list[Finding]:
    from wavry.capture.cursor import CURSOR_CANDIDATES

    return [_try(each.name, lambda each=each: _cursor(each)) for each in CURSOR_CANDIDATES]  # type: ignore[misc] # a lambda's default


def _cursor(candidate: Candidate) -> str:
    from wavry.capture.cursor import open_cursor

    source = open_cursor(None, candidates=(candidate,)).backend
    try:
        source.look(0)
        image = source.image()
    finally:
        source.close()
    if image is None:
        return "its shape can't be read now"
    return "hidden by a program" if image.is_hidden else f"{image.width}x{image.height}"


# Sound.


def _sounds() -> list[Finding]:
    """Try the ways to what the machine plays, and Opus."""
    from wavry.capture.sound import registry

    found = [_try(each.name, lambda each=each: _sound("system", each)) for each in registry.DEVICE_CANDIDATES]  # type: ignore[misc] # a lambda's default
    return [*found, *(_try(each.name, lambda each=each: _sound("tone", each)) for each in registry.TONE_CANDIDATES)]  # type: ignore[misc]


def _sound(source: str, candidate: Candidate) -> str:
    from wavry.capture.sound import SoundCaptureConfig
    from wavry.capture.sound.registry import open_sound

    opened = open_sound(SoundCaptureConfig(source=source), device_candidates=(candidate,)).backend
    try:
        block = opened.next_block(_FIRST_SOUND_S)
        if block is None:
            raise BackendError(f"gave no sound within {_FIRST_SOUND_S} s")
        return "; ".join([_CHANNELS[opened.channels], *opened.notes])
    finally:
        opened.close()


# Input.


def _inputs() -> list[Finding]:
    """Open the ways to keys and pointer, and to game pads; nothing is pressed."""
    from wavry.input import registry

    findings = [_try(each.name, lambda name=each.name: _input(name)) for each in registry.CANDIDATES]  # type: ignore[misc] # a lambda's default
    return [*findings, _try("pads", _pads)]


def _input(name: str) -> str:
    from wavry.input import open_injector

    injector = open_injector(wanted=name).backend
    injector.close()
    return "; ".join(injector.notes)


def _pads() -> str:
    from wavry.input import open_pad_injector

    opened = open_pad_injector(lambda *_: None)
    opened.backend.close()
    return f"game pads through {opened.name}"


# Codecs.


def _encoders(codec: Codec) -> tuple[list[Finding], AccessUnit | None]:
    """Return the encoders of a codec, and a keyframe that one of them has made."""
    from wavry.encode.registry import candidates

    units: list[AccessUnit] = []
    findings = [
        _try(each.name, lambda name=each.name: _encode(codec, name, units))  # type: ignore[misc] # a lambda's default
        for each in candidates(codec)
    ]
    return findings, units[0] if units else None


def _encode(codec: Codec, name: str, units: list[AccessUnit]) -> str:
    from wavry.encode.config import EncoderConfig
    from wavry.encode.registry import open_encoder

    encoder = open_encoder(EncoderConfig(codec=codec, size=_TRIAL_SIZE), wanted=name).backend
    try:
        units.extend(_keyframes(encoder))
        delay = encoder.delay_frames
        return f"{delay} frames of delay" if delay else ""
    finally:
        encoder.close()


def _keyframes(encoder: VideoEncoder) -> Iterator[AccessUnit]:
    """Encode until there is a keyframe."""
    import av

    picture = av.VideoFrame(*_TRIAL_SIZE, encoder.layout.value)
    for plane in picture.planes:
        plane.update(bytes([128]) * plane.buffer_size)
    for _ in range(encoder.delay_frames + 1):
        encoded = encoder.encode(picture, force_keyframe=True)
        if encoded is not None and encoded.is_keyframe:
            yield AccessUnit(encoded.data, True, 0, 0, 0, UnitTimings())
            return


def _decoder(codec: Codec, unit: AccessUnit | None) -> Finding:
    from wavry.decode.decoder import VideoDecoder

    def attempt() -> str:
        decoder = VideoDecoder(codec, _TRIAL_SIZE)
        try:
            if unit is None:
                return "opened, but no encoder here makes a picture to try it with"
            if decoder.decode(unit) is None:
                raise BackendError("gave no picture for a keyframe")
            return ""
        finally:
            decoder.close()

    return _try(codec.value, attempt)


# The window.


def _renderers() -> list[Finding]:
    """Try the renderers in a window that is never shown."""
    try:
        from wavry.client.window import renderer
        from wavry.client.window.sdl import sdl2, sdl_error, start_video
    except ImportError as error:
        return [Finding("window", False, str(error))]
    renderer.set_hints()
    try:
        start_video()
    except BackendUnavailableError as error:
        return _no_window(error.reason)
    window = None
    try:
        window = sdl2.SDL_CreateWindow(b"wavry", 0, 0, *_TRIAL_SIZE, sdl2.SDL_WINDOW_HIDDEN)
        return _renderers_of(window) if window else _no_window(sdl_error())
    finally:
        if window:
            sdl2.SDL_DestroyWindow(window)
        sdl2.SDL_Quit()


def _no_window(reason: str) -> list[Finding]:
    from wavry.client.window.renderer import RENDERERS

    return [Finding(name, False, reason) for name in RENDERERS]


def _renderers_of(window: object) -> list[Finding]:
    import av

    from wavry.client.window.renderer import RENDERERS, open_renderer

    try:
        chosen = open_renderer(window, av.VideoFrame(*_TRIAL_SIZE, "yuv420p"))
    except NoBackendError as error:
        return [Finding(refusal.name, False, refusal.reason) for refusal in error.refusals]
    refused = {refusal.name: refusal.reason for refusal in chosen.refusals}
    name = chosen.name
    chosen.close()
    return [
        Finding(each, each not in refused, refused.get(each, "the quickest here" if each == name else ""))
        for each in RENDERERS
    ]


# The clipboard.


def _clipboards() -> list[Finding]:
    """Reach for the clipboard each way, without a look at what is on it."""
    return [_try("x11", _x11_clipboard), _sdl_clipboard()]


def _x11_clipboard() -> str:
    from wavry.clipboard.registry import X11

    board = cast("ClipboardBoard", X11.load()())
    board.close()
    return ""


def _sdl_clipboard() -> Finding:
    try:
        from wavry.client.window.sdl import sdl2, start_video
    except ImportError as error:
        return Finding("sdl", False, str(error))
    try:
        start_video()
    except BackendUnavailableError as error:
        return Finding("sdl", False, error.reason)
    sdl2.SDL_Quit()
    return Finding("sdl", True, "for the client's window, where it is not on X11")
