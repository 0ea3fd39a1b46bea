from __future__ import annotations

import pytest

from wavry.encode import registry
from wavry.encode.config import EncoderConfig
from wavry.encode.encoder import VideoEncoder
from wavry.encode.registry import open_encoder
from wavry.errors import BackendUnavailableError, ConfigError, EncodeError, NoBackendError
from wavry.media import Codec, Size

SIZE = Size(64, 64)


def test_auto_falls_back_to_software_and_tells_who_refused_and_why() -> None:
    opened = open_encoder(EncoderConfig(size=SIZE))
    opened.backend.close()
    tried = [candidate.name for candidate in registry.candidates(Codec.H264)]
    assert [refusal.name for refusal in opened.refusals] == tried[: tried.index(opened.name)]
    assert all(refusal.reason and "\n" not in refusal.reason for refusal in opened.refusals)


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(ConfigError, match=r"--encoder x264: allowed is auto, nvenc, .*libx264"):
        open_encoder(EncoderConfig(size=SIZE), wanted="x264")


def test_an_encoder_of_another_codec_is_an_unknown_name() -> None:
    with pytest.raises(ConfigError):
        open_encoder(EncoderConfig(size=SIZE, codec=Codec.HEVC), wanted="libx264")


def test_an_encoder_that_needs_what_is_not_here_carries_a_reason() -> None:
    with pytest.raises(NoBackendError, match="no h264 encoder runs on this machine") as caught:
        open_encoder(EncoderConfig(size=SIZE), wanted="mediafoundation")
    assert [str(refusal) for refusal in caught.value.refusals] == ["mediafoundation: not on linux"]


def test_an_encoder_ffmpeg_does_not_have_carries_a_reason() -> None:
    with pytest.raises(BackendUnavailableError, match="not in this build of FFmpeg"):
        VideoEncoder("mediafoundation", "h264_mf", EncoderConfig(size=SIZE))


def test_an_encoder_that_failed_before_is_not_tried_again_and_keeps_its_reason() -> None:
    with pytest.raises(NoBackendError, match="libx264: broke down"):
        open_encoder(EncoderConfig(size=SIZE), wanted="libx264", without={"libx264": "broke down"})
    with pytest.raises(NoBackendError, match="libx264: broke down"):
        open_encoder(EncoderConfig(size=SIZE), without={"libx264": "broke down"})


def test_one_that_opens_but_does_not_encode_is_refused_like_one_that_does_not_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(self: VideoEncoder, *_: object, **__: object) -> None:
        raise EncodeError(self.name, "the device went away")

    monkeypatch.setattr(VideoEncoder, "encode", fail)
    with pytest.raises(NoBackendError, match="libx264: the device went away"):
        open_encoder(EncoderConfig(size=SIZE), wanted="libx264")


def test_one_that_swallows_every_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VideoEncoder, "encode", lambda *_, **__: None)
    with pytest.raises(NoBackendError, match="libx264: no output after 4 frames"):
        open_encoder(EncoderConfig(size=SIZE), wanted="libx264")
