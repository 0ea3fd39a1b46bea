"""The list of everything that can hold bytes, with its cap.

Whatever grows with traffic registers here: its name, its cap, what it does when full, and how to ask it for its
present use. The budget holds no bytes and counts none itself, so it can't drift from the truth.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Bounded(Protocol):
    """What a registered holder can say of itself. Read from any thread."""

    @property
    def cap_bytes(self) -> int:
        """Most it may ever hold."""

    @property
    def used_bytes(self) -> int:
        """What it holds now."""

    @property
    def high_water_bytes(self) -> int:
        """Most it has held."""

    @property
    def drops(self) -> int:
        """How often its policy had to act."""


class Holder(Bounded, Protocol):
    """One that also says what it does when it is full."""

    @property
    def policy(self) -> str:
        """What gives way, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetEntry:
    """One holder at one moment; the fields are those of `--stats-json`."""

    name: str
    cap_bytes: int
    used_bytes: int
    high_water_bytes: int
    drops: int
    policy: str

    def as_dict(self) -> dict[str, object]:
        """Return the entry as it stands in JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Registration:
    """A holder's place in the budget; `close` takes it out."""

    name: str
    policy: str
    holder: Bounded
    _remove: Callable[[Registration], None]

    def close(self) -> None:
        """Take the holder out of the budget; doing it twice is harmless."""
        self._remove(self)

    def snapshot(self) -> BudgetEntry:
        """Ask the holder now."""
        holder = self.holder
        return BudgetEntry(
            name=self.name,
            cap_bytes=holder.cap_bytes,
            used_bytes=holder.used_bytes,
            high_water_bytes=holder.high_water_bytes,
            drops=holder.drops,
            policy=self.policy,
        )


class MemoryBudget:
    """Every bounded holder of a process. Thread-safe; at most one registration per live holder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._registrations: list[Registration] = []

    def register(self, name: str, holder: Bounded, *, policy: str) -> Registration:
        """Add a holder.

        Args:
            name: Dotted, from the package inward: `rift.reorder`. Holders of several sessions may share a name.
            holder: Kept by reference until `Registration.close`.
            policy: What gives way when it is full, in a few words.
        """
        registration = Registration(name, policy, holder, self._unregister)
        with self._lock:
            self._registrations.append(registration)
        return registration

    def _unregister(self, registration: Registration) -> None:
        with self._lock:
            self._registrations = [kept for kept in self._registrations if kept is not registration]

    def entries(self) -> list[BudgetEntry]:
        """Return all holders as they are now, in the order of their names."""
        with self._lock:
            registrations = list(self._registrations)
        return sorted((each.snapshot() for each in registrations), key=lambda entry: entry.name)

    @property
    def cap_bytes(self) -> int:
        """The sum of all caps: what the registered holders can come to together."""
        return sum(entry.cap_bytes for entry in self.entries())


def format_table(entries: list[BudgetEntry], *, baseline_bytes: int) -> str:
    """Return the budget as text for people: one holder a line, largest cap first, and the sum at the end."""
    rows = [("what may hold memory", "cap MB", "most so far", "when full")]
    rows += [
        (entry.name, _megabytes(entry.cap_bytes), _megabytes(entry.high_water_bytes), entry.policy)
        for entry in sorted(entries, key=lambda entry: -entry.cap_bytes)
    ]
    total = baseline_bytes + sum(entry.cap_bytes for entry in entries)
    rows.append(("the program itself, measured", _megabytes(baseline_bytes), "", ""))
    rows.append(("together", _megabytes(total), "", ""))
    return "\n".join(f"{name:30} {cap:>8} {most:>12}  {policy}".rstrip() for name, cap, most, policy in rows)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
