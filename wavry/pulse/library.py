"""The part of libpulse that recording and playing need, through ctypes.

PulseAudio brings it; PipeWire serves its protocol.

sounddevice reaches the same server through PortAudio and ALSA's plugin. It is as quick, but it can't tie a stream to
one device, does not hear that the default has changed, and loads 24 MB instead of 3
(`scripts/bench/sound_capture.py`).
"""

from __future__ import annotations

import ctypes
import sys
from enum import IntEnum
from functools import cache

from wavry.errors import BackendUnavailableError

_SONAME = "libpulse.so.0"

NO_INDEX = 0xFFFFFFFF
S16 = 3 if sys.byteorder == "little" else 4
"""PA_SAMPLE_S16LE, PA_SAMPLE_S16BE."""

NO_AUTOSPAWN = 0x1
INTERPOLATE_TIMING, AUTO_TIMING_UPDATE, DONT_MOVE, ADJUST_LATENCY = 0x2, 0x8, 0x200, 0x2000
SUBSCRIBE_SERVER = 0x80

POSITIONS = {1: (0,), 2: (1, 2), 6: (1, 3, 2, 5, 6, 7)}
"""PA_CHANNEL_POSITION_* of one, two and six channels, the six in Opus's order."""


class ContextState(IntEnum):
    """`pa_context_state_t`, where it matters."""

    READY = 4
    FAILED = 5
    TERMINATED = 6


class StreamState(IntEnum):
    """`pa_stream_state_t`, where it matters."""

    READY = 2
    FAILED = 3
    TERMINATED = 4


class SampleSpec(ctypes.Structure):
    """`pa_sample_spec`."""

    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class ChannelMap(ctypes.Structure):
    """`pa_channel_map`."""

    _fields_ = (("channels", ctypes.c_uint8), ("map", ctypes.c_int * 32))


class BufferAttributes(ctypes.Structure):
    """`pa_buffer_attr`."""

    _fields_ = (
        ("maxlength", ctypes.c_uint32),
        ("tlength", ctypes.c_uint32),
        ("prebuf", ctypes.c_uint32),
        ("minreq", ctypes.c_uint32),
        ("fragsize", ctypes.c_uint32),
    )


class ServerInfo(ctypes.Structure):
    """`pa_server_info`, its beginning."""

    _fields_ = (
        ("user_name", ctypes.c_char_p),
        ("host_name", ctypes.c_char_p),
        ("server_version", ctypes.c_char_p),
        ("server_name", ctypes.c_char_p),
        ("sample_spec", SampleSpec),
        ("default_sink_name", ctypes.c_char_p),
        ("default_source_name", ctypes.c_char_p),
    )


class SourceInfo(ctypes.Structure):
    """`pa_source_info`, its beginning."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("index", ctypes.c_uint32),
        ("description", ctypes.c_char_p),
        ("sample_spec", SampleSpec),
        ("channel_map", ChannelMap),
        ("owner_module", ctypes.c_uint32),
        ("volume", ctypes.c_uint32 * 33),  # pa_cvolume: a count of channels and 32 volumes
        ("mute", ctypes.c_int),
        ("monitor_of_sink", ctypes.c_uint32),
        ("monitor_of_sink_name", ctypes.c_char_p),
    )


ServerInfoCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(ServerInfo), ctypes.c_void_p)
SourceInfoCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(SourceInfo), ctypes.c_int, ctypes.c_void_p)
SubscribeCallback = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)

_POINTER, _INT, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t
_OUT = ctypes.POINTER

_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "pa_mainloop_new": (_POINTER, ()),
    "pa_mainloop_free": (None, (_POINTER,)),
    "pa_mainloop_get_api": (_POINTER, (_POINTER,)),
    "pa_mainloop_prepare": (_INT, (_POINTER, _INT)),
    "pa_mainloop_poll": (_INT, (_POINTER,)),
    "pa_mainloop_dispatch": (_INT, (_POINTER,)),
    "pa_mainloop_wakeup": (None, (_POINTER,)),
    "pa_context_new": (_POINTER, (_POINTER, _TEXT)),
    "pa_context_connect": (_INT, (_POINTER, _TEXT, _INT, _POINTER)),
    "pa_context_get_state": (_INT, (_POINTER,)),
    "pa_context_errno": (_INT, (_POINTER,)),
    "pa_context_disconnect": (None, (_POINTER,)),
    "pa_context_unref": (None, (_POINTER,)),
    "pa_context_subscribe": (_POINTER, (_POINTER, _INT, _POINTER, _POINTER)),
    "pa_context_set_subscribe_callback": (None, (_POINTER, SubscribeCallback, _POINTER)),
    "pa_context_get_server_info": (_POINTER, (_POINTER, ServerInfoCallback, _POINTER)),
    "pa_context_get_source_info_by_name": (_POINTER, (_POINTER, _TEXT, SourceInfoCallback, _POINTER)),
    "pa_context_get_source_info_list": (_POINTER, (_POINTER, SourceInfoCallback, _POINTER)),
    "pa_operation_unref": (None, (_POINTER,)),
    "pa_stream_new": (_POINTER, (_POINTER, _TEXT, _OUT(SampleSpec), _OUT(ChannelMap))),
    "pa_stream_connect_record": (_INT, (_POINTER, _TEXT, _OUT(BufferAttributes), _INT)),
    "pa_stream_connect_playback": (_INT, (_POINTER, _TEXT, _OUT(BufferAttributes), _INT, _POINTER, _POINTER)),
    "pa_stream_get_state": (_INT, (_POINTER,)),
    "pa_stream_get_underflow_index": (ctypes.c_int64, (_POINTER,)),
    "pa_stream_set_buffer_attr": (_POINTER, (_POINTER, _OUT(BufferAttributes), _POINTER, _POINTER)),
    "pa_stream_writable_size": (_SIZE, (_POINTER,)),
    "pa_stream_write": (_INT, (_POINTER, _POINTER, _SIZE, _POINTER, ctypes.c_int64, _INT)),
    "pa_stream_peek": (_INT, (_POINTER, _OUT(_POINTER), _OUT(_SIZE))),
    "pa_stream_drop": (_INT, (_POINTER,)),
    "pa_stream_readable_size": (_SIZE, (_POINTER,)),
    "pa_stream_get_latency": (_INT, (_POINTER, _OUT(ctypes.c_uint64), _OUT(_INT))),
    "pa_stream_disconnect": (_INT, (_POINTER,)),
    "pa_stream_unref": (None, (_POINTER,)),
    "pa_strerror": (_TEXT, (_INT,)),
}


@cache
def load_pulse() -> ctypes.CDLL:
    """Return libpulse with the types of what is called; loaded once.

    Raises:
        BackendUnavailableError: It is not installed.
    """
    try:
        pulse = ctypes.CDLL(_SONAME)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(pulse, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise BackendUnavailableError("pulse", str(error)) from error
    return pulse
