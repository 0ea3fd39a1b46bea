"""Holders of one kind that come and go, as one entry of the budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wavry.memory.budget import Bounded


class HolderGroup:
    """Adds up its members, so that the cap of all there can be is known before the first comes. On one thread.

    Args:
        max_members: Most there can be; keeping to it is up to the owner.
        member_cap_bytes: Cap of each.
        policy: What each does when it is full.
    """

    def __init__(self, max_members: int, member_cap_bytes: int, policy: str) -> None:
        self.policy = policy
        self.cap_bytes = max_members * member_cap_bytes
        self._members: list[Bounded] = []
        self._high_water_bytes = 0
        self._past_drops = 0

    def add(self, member: Bounded) -> None:
        """Count a holder from now on."""
        self._members.append(member)

    def remove(self, member: Bounded) -> None:
        """Count it no more; what it dropped stays in the sum. One that is not here is ignored."""
        if member in self._members:
            self._high_water_bytes = self.high_water_bytes
            self._past_drops += member.drops
            self._members.remove(member)

    @property
    def members(self) -> tuple[Bounded, ...]:
        """Those that are counted now."""
        return tuple(self._members)

    @property
    def used_bytes(self) -> int:
        """What the members hold now."""
        return sum(member.used_bytes for member in self._members)

    @property
    def high_water_bytes(self) -> int:
        """The sum of the members' own peaks at its largest; they need not have come at the same moment."""
        return max(self._high_water_bytes, sum(member.high_water_bytes for member in self._members))

    @property
    def drops(self) -> int:
        """How often the members' policy had to act, those included that have gone."""
        return self._past_drops + sum(member.drops for member in self._members)
