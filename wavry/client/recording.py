"""`--record`: what arrives goes into a file without being encoded again.

A thread of its own writes, so that a slow disk never delays the picture. The file is laid out so that it plays up
to its last half second even when this process is killed. Sound is a track of its own, as it came, on the same clock.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av

from wavry.errors import ConfigError
from wavry.media import Codec
from wavry.pipeline import BoundedQueue, Overflow, QueueClosed

if TYPE_CHECKING:
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.stream import Stream

    from wavry.decode import ReceivedUnit, StreamFormat
    from wavry.rift import SoundConfig
    from wavry.rift.sound import SoundPacket

logger = logging.getLogger(__name__)

_WRITTEN_SOON = {"flush_packets": "1", "max_interleave_delta": "300000"}
"""A track that has nothing to say holds up the others for 300 ms, instead of FFmpeg's 10 s."""

_CONTAINERS: dict[str, tuple[str, dict[str, str]]] = {
    ".mkv": ("matroska", {"cluster_time_limit": "500", **_WRITTEN_SOON}),
    ".mp4": ("mp4", {"movflags": "empty_moov+default_base_moof", "frag_duration": "500000", **_WRITTEN_SOON}),
}
"""File name ending to FFmpeg's muxer and its options: half a second at most lies in memory."""

_RAW_FORMATS = {Codec.H264: "h264", Codec.HEVC: "hevc", Codec.AV1: "obu"}

_TIME_BASE = Fraction(1, 1_000_000)

_SOUND_RATE = 48_000
_SOUND_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
_ORDERED_PACKETS = 16
"""So many sound packets are waited for until the oldest is written, so that repaired ones are in their place."""

_PACKET_OVERHEAD_BYTES = 256


@dataclass(frozen=True, slots=True)
class _Sound:
    """A block of sound on its way into the file."""

    packet: SoundPacket
    channels: int
    frame_us: int

    @property
    def size_bytes(self) -> int:
        return len(self.packet.opus) + _PACKET_OVERHEAD_BYTES


def check_recording_path(path: Path) -> None:
    """Raise ConfigError unless a recording can be made at `path`."""
    if path.suffix not in _CONTAINERS:
        raise ConfigError("--record", path, f"a file name ending in {' or '.join(_CONTAINERS)}")
    if not path.parent.is_dir():
        raise ConfigError("--record", path, "a file in a directory that exists")


@dataclass(frozen=True, slots=True)
class _Expected:
    """What sound is to come."""

    channels: int | None
    size_bytes: int = _PACKET_OVERHEAD_BYTES


class Recorder:
    """Writes a stream to a file; `run` is for a worker thread, the rest for any.

    A change of size, codec or channels starts another file beside it: `NAME-2.mkv`. Bounded by its queue: when the disk
    is too slow the oldest units go, and recording goes on at the next keyframe.

    Args:
        path: Of the first file.
        has_sound: Whether a host may send sound. Files then have a track for it from the start, which they can't get
            later.
    """

    def __init__(self, path: Path, *, has_sound: bool = False) -> None:
        check_recording_path(path)
        self._path = path
        self._files = 0
        self._stream: StreamFormat | None = None
        self._container: OutputContainer | None = None
        self._track: Stream | None = None
        self._next_frame_id: int | None = None
        self._start_us = 0
        self._last_pts = -1
        self._has_sound = has_sound
        self._channels = 2 if has_sound else None
        """Of the sound that is to be expected; None for no sound."""
        self._sound_track: AudioStream | None = None
        self._sounds: list[_Sound] = []
        """The newest, in the order of their ids."""
        self._last_sound_id = -1
        self._next_sound_pts = 0
        self.queue: BoundedQueue[ReceivedUnit | _Sound | _Expected] = BoundedQueue(
            "client.recording",
            max_items=1024,
            max_bytes=8 * 1024 * 1024,
            overflow=Overflow.DROP_OLDEST,
            size_of=lambda received: received.size_bytes,
        )
        self.written = 0
        """Access units in the files."""
        self.sounds_written = 0
        """Sound packets in the files."""

    def expect_sound(self, config: SoundConfig) -> None:
        """Take note of what the host says of its sound: files from here on have a track for that. Any thread."""
        is_known = config.available and config.channels in _SOUND_LAYOUTS
        self.queue.put_nowait(_Expected(config.channels if is_known and self._has_sound else None))

    def take_sound(self, packet: SoundPacket, config: SoundConfig) -> None:
        """Queue a packet that became known, in any order; its id is unwrapped."""
        if config.channels in _SOUND_LAYOUTS:
            self.queue.put_nowait(_Sound(packet, config.channels, config.frame_us))

    def stop(self) -> None:
        """Write what waits, then make `run` return."""
        self.queue.finish()

    def run(self) -> None:
        """Write until `stop`.

        Raises:
            ConfigError: The file can't be written.
        """
        try:
            try:
                self._write_all()
            finally:
                self._close_file()  # which writes too, and fails where writing has failed
        except (av.FFmpegError, OSError) as error:
            raise ConfigError("--record", self._path, f"a file that can be written ({error})") from error

    def _write_all(self) -> None:
        try:
            while True:
                received = self.queue.get()
                if isinstance(received, _Sound):
                    self._take_sound(received)
                elif isinstance(received, _Expected):
                    self._channels = received.channels
                elif received is not None:
                    self._write(received)
        except QueueClosed:
            pass

    def _write(self, received: ReceivedUnit) -> None:
        unit = received.unit
        if received.stream != self._stream or (unit.is_keyframe and self._has_other_sound()):
            self._close_file()
            self._stream = received.stream
        if not unit.is_keyframe and unit.frame_id != self._next_frame_id:
            self._next_frame_id = None  # a hole; what follows refers to what is missing
            return
        if self._container is None:
            try:
                sample = av.open(io.BytesIO(unit.data), "r", format=_RAW_FORMATS[received.stream.codec])
            except (av.FFmpegError, OSError):
                logger.debug("access unit %d is damaged; the recording waits for the next keyframe", unit.frame_id)
                return
            with sample:
                self._open_file(sample)
            self._start_us = unit.capture_us
            self._last_pts = -1
        if self._container is None or self._track is None:
            return
        packet = av.Packet(unit.data)
        packet.stream = self._track
        packet.time_base = _TIME_BASE
        packet.pts = packet.dts = self._last_pts = max(self._last_pts + 1, unit.capture_us - self._start_us)
        packet.is_keyframe = unit.is_keyframe
        self._container.mux_one(packet)
        self._next_frame_id = (unit.frame_id + 1) & 0xFFFFFFFF
        self.written += 1

    def _has_other_sound(self) -> bool:
        """Whether the sound that comes does not go with the track of the file."""
        track = self._sound_track
        return self._channels is not None and (track is None or track.channels != self._channels)

    def _open_file(self, sample: InputContainer) -> None:
        """Open the next file; the track's parameters are read from the first keyframe itself."""
        self._files += 1
        path = self._path if self._files == 1 else self._path.with_stem(f"{self._path.stem}-{self._files}")
        muxer, options = _CONTAINERS[path.suffix]
        self._container = av.open(str(path), "w", format=muxer, options=options)
        self._track = self._container.add_stream_from_template(sample.streams.video[0], opaque=True)
        self._track.time_base = _TIME_BASE
        if self._channels is not None:
            self._sound_track = self._container.add_stream("libopus", rate=_SOUND_RATE)
            self._sound_track.layout = _SOUND_LAYOUTS[self._channels]
            self._sound_track.time_base = _TIME_BASE

    def _close_file(self) -> None:
        while self._sounds:
            self._write_sound(self._sounds.pop(0))
        container, self._container, self._track, self._sound_track = self._container, None, None, None
        self._next_frame_id = None
        self._next_sound_pts = 0
        if container is not None:
            container.close()

    def _take_sound(self, sound: _Sound) -> None:
        """Put a packet into its place among the newest; write the oldest once there are enough."""
        packet_id = sound.packet.packet_id
        sounds = self._sounds
        if sounds and abs(packet_id - sounds[-1].packet.packet_id) > _OTHER_PLACE_PACKETS:
            while sounds:
                self._write_sound(sounds.pop(0))
            self._last_sound_id = packet_id - 1
        if packet_id <= self._last_sound_id:
            return  # later than was waited for
        sounds.append(sound)
        sounds.sort(key=lambda each: each.packet.packet_id)
        if len(sounds) > _ORDERED_PACKETS:
            self._write_sound(sounds.pop(0))

    def _write_sound(self, sound: _Sound) -> None:
        self._last_sound_id = sound.packet.packet_id
        track, container = self._sound_track, self._container
        pts = sound.packet.capture_us - self._start_us
        if track is None or container is None or track.channels != sound.channels or pts < self._next_sound_pts:
            return  # no file yet, or one for another kind of sound; or of before its begin
        packet = av.Packet(sound.packet.opus)
        packet.stream = track
        packet.time_base = _TIME_BASE
        packet.pts = packet.dts = pts
        packet.duration = sound.frame_us
        packet.is_keyframe = True
        container.mux_one(packet)
        self._next_sound_pts = pts + 1
        self.sounds_written += 1


_OTHER_PLACE_PACKETS = 1000
"""Ids so far apart are of another connection."""
