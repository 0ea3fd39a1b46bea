"""Encoders that wait to be used again.

Opening an encoder costs 15 to 60 ms and a burst of allocations. A screen that changes its size and back, or a stream
that steps down and up again, finds its old encoder here instead. What can't change while an encoder is open is its
key; the bit rate can, so it is not part of it.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wavry.backends import AUTO
from wavry.encode.registry import open_encoder
from wavry.encode.warming import EncoderWarming
from wavry.errors import ConfigError, ResourceError
from wavry.memory.allocator import return_free_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.encode.config import EncoderConfig
    from wavry.encode.encoder import VideoEncoder
    from wavry.errors import BackendUnavailableError
    from wavry.media import Codec, Size

_NATIVE_BYTES_BASE = 10_000_000
_NATIVE_BYTES_PER_PIXEL = 9
"""What x264 `ultrafast zerolatency` with two slice threads holds: 28 MB at 1080p, 82 MB at 4K, measured as growth of
RSS from opening to the sixtieth picture, without huge pages. Hardware encoders hold less in the process."""


def native_bytes(config: EncoderConfig) -> int:
    """Return about how many bytes an open encoder holds outside of Python."""
    return _NATIVE_BYTES_BASE + config.size.width * config.size.height * _NATIVE_BYTES_PER_PIXEL


@dataclass(frozen=True, slots=True)
class _Key:
    """What can't change while an encoder is open."""

    codec: Codec
    size: Size
    fps: int
    wanted: str


@dataclass(slots=True)
class _Entry:
    key: _Key
    encoder: VideoEncoder


class EncoderPool:
    """Active and idle encoders. One thread, the encode stage's.

    Args:
        max_per_config: Most encoders of one key, active and idle.
        max_idle_bytes: Most native memory that idle encoders may hold together, by `native_bytes`; the oldest are
            closed for it. The default keeps one of 1080p.
        wanted: Which encoder to open, a name or `auto`.
    """

    policy = "the longest idle are closed"

    def __init__(
        self,
        max_per_config: int = 2,
        *,
        max_idle_bytes: int = 30_000_000,
        wanted: str = AUTO,
    ) -> None:
        if max_per_config < 1:
            raise ConfigError("max_per_config", max_per_config, "1 or more")
        self._max_per_config = max_per_config
        self._max_idle_bytes = max_idle_bytes
        self._wanted = wanted
        self._ids = itertools.count(1)
        self._active: dict[int, _Entry] = {}
        self._idle: OrderedDict[int, _Entry] = OrderedDict()
        self._warming = EncoderWarming(lambda config: open_encoder(config, wanted=wanted, without=dict(self._refused)))
        self._high_water_bytes = 0
        self._largest_bytes = 0
        self._warming_for: _Key | None = None
        self._warming_bytes = 0
        self._refused: dict[str, str] = {}
        """Encoders that do not work here, and why: trying them again at each change of size would cost 0.1 s."""
        self.refusals: tuple[BackendUnavailableError, ...] = ()
        """Who refused when an encoder was last opened."""
        self.opened = 0
        self.reused = 0
        self.drops = 0
        """Idle encoders closed to keep the bound."""

    def expect(self, config: EncoderConfig) -> None:
        """Count an encoder for `config` into the cap before it is opened."""
        self._largest_bytes = max(self._largest_bytes, native_bytes(config))

    def acquire(self, config: EncoderConfig) -> VideoEncoder:
        """Return an encoder for `config`, an idle one if there is one.

        Whichever it is, its next picture is a keyframe and refers to nothing before. Give it back with
        `release(encoder.encoder_id)`.

        Raises:
            NoBackendError: None can be opened.
            ResourceError: `max_per_config` of this kind are active.
        """
        key = self._key(config)
        self._take_warm(wait=self._warming_for == key)
        for encoder_id, entry in reversed(self._idle.items()):
            if entry.key == key and config.bitrate_bps <= entry.encoder.config.bitrate_bps:
                del self._idle[encoder_id]
                entry.encoder.restart(config.bitrate_bps)
                self._active[encoder_id] = entry
                self.reused += 1
                return entry.encoder
        return self._open(key, config)

    def warm(self, config: EncoderConfig) -> None:
        """Open an idle encoder for `config` on another thread; `acquire` finds it.

        Nothing happens if there is one already, another is being opened, or it is too large to idle.
        """
        self._take_warm(wait=False)
        key, needed_bytes = self._key(config), native_bytes(config)
        if self._warming.is_busy or any(entry.key == key for entry in self._idle.values()):
            return
        if needed_bytes <= self._max_idle_bytes:
            self._keep_idle_below(self._max_idle_bytes - needed_bytes)
            self._warming_for, self._warming_bytes = key, needed_bytes
            self._warming.start(config)

    def _take_warm(self, *, wait: bool) -> None:
        encoder = self._warming.take(wait=wait)
        if self._warming.is_busy:
            return
        key, self._warming_for = self._warming_for, None
        self._warming_bytes = 0
        if encoder is not None and key is not None:
            encoder.encoder_id = next(self._ids)
            self.opened += 1
            self._make_idle(encoder.encoder_id, _Entry(key, encoder))
            self._note_use()

    def _key(self, config: EncoderConfig) -> _Key:
        return _Key(config.codec, config.size, config.fps, self._wanted)

    def _open(self, key: _Key, config: EncoderConfig) -> VideoEncoder:
        if sum(entry.key == key for entry in self._active.values()) >= self._max_per_config:
            raise ResourceError(f"{self._max_per_config} encoders for {config.codec.value} {config.size} are in use")
        self._close_idle(lambda entry: entry.key == key)  # of too low a ceiling, or they would have been taken
        opened = open_encoder(config, wanted=self._wanted, without=self._refused)
        self._refused.update((refusal.name, refusal.reason) for refusal in opened.refusals)
        self.refusals = opened.refusals
        encoder = opened.backend
        encoder.encoder_id = next(self._ids)
        self._active[encoder.encoder_id] = _Entry(key, encoder)
        self.expect(config)
        self.opened += 1
        self._note_use()
        return encoder

    def release(self, encoder_id: int) -> None:
        """Take an encoder back; it idles, or is closed where that would pass the bounds.

        Raises:
            ResourceError: No active encoder has that id.
        """
        self._make_idle(encoder_id, self._take_active(encoder_id))

    def _make_idle(self, encoder_id: int, entry: _Entry) -> None:
        self._idle[encoder_id] = entry
        self._keep_idle_below(self._max_idle_bytes)

    def _keep_idle_below(self, limit_bytes: int) -> None:
        while self._idle and self._idle_bytes() > limit_bytes:
            self._close_idle(lambda entry: entry is next(iter(self._idle.values())))
            self.drops += 1

    def discard(self, encoder_id: int, reason: str) -> None:
        """Close an active encoder that has failed; its kind is not opened again.

        Raises:
            ResourceError: No active encoder has that id.
        """
        entry = self._take_active(encoder_id)
        self._refused[entry.encoder.name] = reason
        self._close_idle(lambda idle: idle.encoder.name == entry.encoder.name)
        entry.encoder.close()
        return_free_memory()

    def _take_active(self, encoder_id: int) -> _Entry:
        entry = self._active.pop(encoder_id, None)
        if entry is None:
            raise ResourceError(f"encoder {encoder_id} is not in use")
        return entry

    def _close_idle(self, is_chosen: Callable[[_Entry], bool]) -> None:
        chosen = [encoder_id for encoder_id, entry in self._idle.items() if is_chosen(entry)]
        for encoder_id in chosen:
            self._idle.pop(encoder_id).encoder.close()
        if chosen:
            return_free_memory()

    def close(self) -> None:
        """Close everything."""
        self._warming.close()
        self._warming_bytes = 0
        self._close_idle(lambda _: True)
        for entry in self._active.values():
            entry.encoder.close()
        self._active.clear()
        return_free_memory()

    def _idle_bytes(self) -> int:
        return self._warming_bytes + sum(native_bytes(entry.encoder.config) for entry in self._idle.values())

    def _note_use(self) -> None:
        self._high_water_bytes = max(self._high_water_bytes, self.used_bytes)

    # For the budget; native memory can't be counted exactly, so these are estimates by `native_bytes`.

    @property
    def cap_bytes(self) -> int:
        """The largest encoder that is expected or was opened, beside as many idle ones as may be kept."""
        return self._max_idle_bytes + self._largest_bytes

    @property
    def used_bytes(self) -> int:
        """Active and idle encoders."""
        return self._idle_bytes() + sum(native_bytes(entry.encoder.config) for entry in self._active.values())

    @property
    def high_water_bytes(self) -> int:
        """Most that was used."""
        return self._high_water_bytes
