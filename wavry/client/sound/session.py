"""The sound of one connection: datagrams become packets for the speakers and the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift.sound import SoundReceiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.sound.figures import SoundFigures
    from wavry.client.sound.stage import SoundStage
    from wavry.memory import MemoryBudget, Registration
    from wavry.rift import SoundConfig
    from wavry.rift.sound import SoundPacket


class SoundSession:
    """Receives for a `SoundStage`. On the loop.

    Args:
        stage: Plays; outlives the connection.
        figures: Where counts go.
        budget: Where what helps to repair registers, from the first word about sound on.
        on_config: Told what the host says of its sound, for a recording.
        on_packet: Gets each packet that became known with what it was coded with.
    """

    def __init__(
        self,
        stage: SoundStage,
        figures: SoundFigures,
        budget: MemoryBudget,
        on_config: Callable[[SoundConfig], None],
        on_packet: Callable[[SoundPacket, SoundConfig], None],
    ) -> None:
        self._stage = stage
        self._figures = figures
        self._budget = budget
        self._on_config = on_config
        self._on_packet = on_packet
        self._receiver = SoundReceiver()
        self._config: SoundConfig | None = None
        self._registrations: list[Registration] = []

    def configure(self, config: SoundConfig) -> None:
        """Take what the host says of its sound."""
        if not self._registrations:
            holders = self._receiver.holders().items()
            self._registrations = [self._budget.register(name, each, policy=each.policy) for name, each in holders]
        self._config = config
        self._on_config(config)
        self._stage.configure(config)

    def receive_datagram(self, data: bytes, *, now: float) -> None:
        """Take a datagram of the sound streams.

        Raises:
            RemoteProtocolError: It is malformed; it is counted, nothing else changed.
        """
        packets = self._receiver.receive_datagram(data)
        if packets:
            self._figures.take(self._receiver.stats)
            self._stage.take(packets, now=now)
            config = self._config
            if config is not None:
                for packet in packets:
                    if packet.epoch == config.epoch:
                        self._on_packet(packet, config)

    @property
    def picture_hold_s(self) -> float:
        """For how long the picture has to wait for the sound."""
        return self._stage.picture_hold_s

    def finish(self) -> None:
        """Take note that the connection has ended."""
        self._stage.end_connection()

    def release(self) -> None:
        """Take its buffers out of the budget."""
        for registration in self._registrations:
            registration.close()
        self._registrations = []
