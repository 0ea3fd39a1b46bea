"""The sound of one connection: datagrams become packets for the speakers and the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wavry.rift import SoundConfig, Stream
from wavry.rift.sound import SoundReceiver
from wavry.session import SessionPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from wavry.client.sound.figures import SoundFigures
    from wavry.client.sound.stage import SoundStage
    from wavry.memory import MemoryBudget, Registration
    from wavry.rift import Message
    from wavry.rift.sound import SoundPacket


class SoundSession(SessionPart):
    """Receives for a `SoundStage`.

    Args:
        stage: Plays; outlives the connection.
        figures: Where counts go.
        budget: Where what helps to repair registers, from the first word about sound on.
        on_config: Told what the host says of its sound, for a recording.
        on_packet: Gets each packet that became known with what it was coded with.
    """

    datagram_streams = (Stream.SOUND, Stream.SOUND_PARITY)
    message_types = (SoundConfig,)

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

    def message_received(self, message: Message, *, now: float) -> None:
        """Take what the host says of its sound."""
        assert isinstance(message, SoundConfig)  # nothing else is asked for
        if not self._registrations:
            holders = self._receiver.holders().items()
            self._registrations = [self._budget.register(name, each, policy=each.policy) for name, each in holders]
        self._config = message
        self._on_config(message)
        self._stage.configure(message)

    def datagram_received(self, datagram: bytes, *, now: float) -> None:
        """Take a datagram of the sound streams."""
        packets = self._receiver.receive_datagram(datagram)
        if packets:
            self._figures.take(self._receiver.stats)
            self._stage.take(packets, now=now)
            config = self._config
            if config is not None:
                for packet in packets:
                    if packet.epoch == config.epoch:
                        self._on_packet(packet, config)

    def ended(self) -> None:
        """Play no more."""
        self._stage.end_connection()

    def release(self) -> None:
        """Take its buffers out of the budget."""
        for registration in self._registrations:
            registration.close()
        self._registrations = []
