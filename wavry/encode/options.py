"""How each encoder is told to be quick: one function per family, giving FFmpeg's option names.

All say the same with other words: no B frames, no lookahead, CBR with a buffer of about two frames, parameter sets
with every keyframe, keyframes when we ask (and only then), a rolling intra refresh where there is one.
`tests/encode/test_options.py` holds every name against the encoder's own list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.encode.cpu import cpu_flags

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.encode.config import EncoderConfig

Options = dict[str, str]

INFINITE_GOP = 2**31 - 1
"""A keyframe interval that never comes, for encoders that take a number of frames."""


def _joined(parameters: dict[str, object]) -> str:
    return ":".join(f"{name}={value}" for name, value in parameters.items())


def constant_bit_rate(config: EncoderConfig) -> Options:
    """The options of every FFmpeg encoder that make CBR with a small buffer of its average bit rate."""
    return {"maxrate": str(config.bitrate_bps), "bufsize": str(config.vbv_bits)}


def x264(config: EncoderConfig) -> Options:
    """Software H.264. Without a `log` level of its own x264 writes to stderr.

    Its AVX-512 costs more than it saves: at 1080p a picture took 6.2 ms of CPU with it, 5.4 with AVX2 (half a screen
    that scrolls, Xeon of 2023). A CPU that has the one has the other.
    """
    parameters: dict[str, object] = {
        "keyint": config.refresh_frames,
        "intra-refresh": 1,
        "repeat-headers": 1,
        "scenecut": 0,
        "qpmin": 20,  # a still desktop is at 44 dB then; more bits are CPU on both sides for what nobody sees
        "log": -1,
    }
    if "avx512f" in cpu_flags():
        parameters["asm"] = "AVX2"
    return constant_bit_rate(config) | {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "x264-params": _joined(parameters),
    }


def x265(config: EncoderConfig) -> Options:
    """No intra refresh: x265 refuses it together with keyframes on demand."""
    return constant_bit_rate(config) | {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "forced-idr": "1",
        "x265-params": _joined(
            {
                "keyint": -1,
                "open-gop": 0,  # else its keyframes are CRA pictures, not IDR
                "repeat-headers": 1,
                "scenecut": 0,
                "bframes": 0,
                "rc-lookahead": 0,
                "frame-threads": 1,
                "pools": config.threads,
                "log-level": 0,
            }
        ),
    }


def svt_av1(config: EncoderConfig) -> Options:
    """Low-delay prediction (`pred-struct=1`) with CBR (`rc=2`) is SVT-AV1's real-time mode."""
    return {
        "preset": "12",
        "svtav1-params": _joined(
            {
                "rtc": 1,
                "rc": 2,
                "pred-struct": 1,
                "tbr": f"{config.bitrate_bps // 1000}k",
                "buf-sz": 1000,
                "lookahead": 0,
                "keyint": -1,
                "enable-force-key-frames": 1,
                "scd": 0,
                "lp": config.threads,
            }
        ),
    }


def nvenc(config: EncoderConfig) -> Options:
    """NVIDIA: the lowest of the low-latency presets, nothing held back."""
    return constant_bit_rate(config) | {
        "preset": "p1",
        "tune": "ull",
        "rc": "cbr",
        "zerolatency": "1",
        "delay": "0",
        "rc-lookahead": "0",
        "forced-idr": "1",
        "surfaces": "2",
    }


def nvenc_with_refresh(config: EncoderConfig) -> Options:
    """H.264 and HEVC on NVIDIA heal by intra refresh; its AV1 has none."""
    return nvenc(config) | {"intra-refresh": "1"}


def vaapi(config: EncoderConfig) -> Options:
    """Intel and AMD on Linux; one frame in flight."""
    return constant_bit_rate(config) | {"rc_mode": "CBR", "async_depth": "1", "idr_interval": "0"}


def qsv(config: EncoderConfig) -> Options:
    """Intel's own interface; its HEVC and AV1 have no lookahead to switch off."""
    return constant_bit_rate(config) | {
        "preset": "veryfast",
        "async_depth": "1",
        "low_delay_brc": "1",
        "forced_idr": "1",
    }


def amf(config: EncoderConfig) -> Options:
    """AMD on Windows."""
    return constant_bit_rate(config) | {"usage": "ultralowlatency", "rc": "cbr", "quality": "speed", "forced_idr": "1"}


def amf_av1(config: EncoderConfig) -> Options:
    """AMD's AV1 encoder makes its own keyframes IDR."""
    return constant_bit_rate(config) | {"usage": "ultralowlatency", "rc": "cbr", "quality": "speed"}


def videotoolbox(config: EncoderConfig) -> Options:
    """Apple; `prio_speed` asks for speed over quality."""
    return constant_bit_rate(config) | {"realtime": "1", "prio_speed": "1", "allow_sw": "0"}


def media_foundation(config: EncoderConfig) -> Options:
    """Windows' own interface to whatever encoder the graphics driver brings."""
    return constant_bit_rate(config) | {"hw_encoding": "1", "rate_control": "cbr", "scenario": "display_remoting"}


def v4l2(config: EncoderConfig) -> Options:
    """Encoders of small boards, through the kernel."""
    return constant_bit_rate(config) | {"num_output_buffers": "4", "num_capture_buffers": "4"}


OPTIONS: dict[str, Callable[[EncoderConfig], Options]] = {
    "h264_nvenc": nvenc_with_refresh,
    "hevc_nvenc": nvenc_with_refresh,
    "av1_nvenc": nvenc,
    "h264_vaapi": vaapi,
    "hevc_vaapi": vaapi,
    "av1_vaapi": vaapi,
    "h264_qsv": qsv,
    "hevc_qsv": qsv,
    "av1_qsv": qsv,
    "h264_amf": amf,
    "hevc_amf": amf,
    "av1_amf": amf_av1,
    "h264_videotoolbox": videotoolbox,
    "hevc_videotoolbox": videotoolbox,
    "h264_mf": media_foundation,
    "hevc_mf": media_foundation,
    "h264_v4l2m2m": v4l2,
    "hevc_v4l2m2m": v4l2,
    "libx264": x264,
    "libx265": x265,
    "libsvtav1": svt_av1,
}
"""FFmpeg encoder name to its options."""
