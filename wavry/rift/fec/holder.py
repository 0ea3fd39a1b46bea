"""What both ends of the code say to the memory budget."""

from __future__ import annotations

from typing import ClassVar


class Holder:
    """Counts the bytes that its subclass holds. Has no cap of its own."""

    own_bytes: ClassVar[int]
    """Of its own objects, whatever it holds."""

    def __init__(self) -> None:
        self._held_bytes = 0
        self._high_held_bytes = 0

    def _let_go(self, size_bytes: int) -> None:
        """Hold less by so much. What comes in is simply added to `_held_bytes`: the most is known when some goes."""
        self._high_held_bytes = max(self._high_held_bytes, self._held_bytes)
        self._held_bytes -= size_bytes

    @property
    def memory_bytes(self) -> int:
        """All that is held; another name of `used_bytes`."""
        return self.used_bytes

    @property
    def used_bytes(self) -> int:
        """What is held now: payloads, their overhead, and its own objects."""
        return self._held_bytes + self.own_bytes

    @property
    def high_water_bytes(self) -> int:
        """Most that was held."""
        return max(self._high_held_bytes, self._held_bytes) + self.own_bytes
