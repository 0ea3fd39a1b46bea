"""Back ends as an ordered list that remembers who refused, and why.

A package lists its back ends as `Candidate`s in order of preference. `open_first` imports and opens one after the
other until one really works; what was refused on the way is kept, so that "why is it slow?" has an answer.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from wavry.errors import BackendUnavailableError, ConfigError, NoBackendError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

AUTO = "auto"
"""The name that means: the first that works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One back end that may or may not run on this machine."""

    name: str
    """What a user writes to ask for it."""

    target: str
    """`module:callable`; the module is imported only when the candidate is tried."""

    platforms: tuple[str, ...] = ()
    """Values of `sys.platform` it exists on; empty means all."""

    is_hardware: bool = False
    """Whether it needs a device, so that falling back from it is worth a word."""

    def load(self) -> Callable[..., object]:
        """Import the module and return its opener.

        Raises:
            BackendUnavailableError: Wrong platform, or a module or system library is missing.
        """
        if self.platforms and sys.platform not in self.platforms:
            raise BackendUnavailableError(self.name, f"not on {sys.platform}")
        module, _, attribute = self.target.partition(":")
        try:
            opener: Callable[..., object] = getattr(importlib.import_module(module), attribute)
        except (ImportError, OSError) as error:
            raise BackendUnavailableError(self.name, str(error)) from error
        return opener


@dataclass(frozen=True, slots=True)
class Opened(Generic[T]):
    """A back end that works, and the ones that did not."""

    backend: T
    name: str
    refusals: tuple[BackendUnavailableError, ...]


def open_first(
    kind: str,
    candidates: Sequence[Candidate],
    open_candidate: Callable[[Candidate], T],
    *,
    wanted: str = AUTO,
    flag: str = "",
) -> Opened[T]:
    """Open the first candidate that works.

    Args:
        kind: For messages, for example `screen capture`.
        candidates: In order of preference; tests bring their own.
        open_candidate: Opens one, or raises `BackendUnavailableError`. "Works" is its promise: it must have
            delivered something.
        wanted: `auto`, or the name of the only candidate to try.
        flag: The command-line flag behind `wanted`, for the message.

    Raises:
        ConfigError: `wanted` names no candidate.
        NoBackendError: All that were tried refused.
    """
    names = [candidate.name for candidate in candidates]
    if wanted != AUTO:
        if wanted not in names:
            raise ConfigError(flag or kind, wanted, ", ".join([AUTO, *names]))
        candidates = [candidate for candidate in candidates if candidate.name == wanted]
    refusals: list[BackendUnavailableError] = []
    for candidate in candidates:
        try:
            return Opened(open_candidate(candidate), candidate.name, tuple(refusals))
        except BackendUnavailableError as refusal:
            refusals.append(refusal)
    raise NoBackendError(kind, tuple(refusals))
