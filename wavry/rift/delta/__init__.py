"""DELTA, the rate controller: how much may be sent, from when packets arrive. `docs/delta.md` has its states."""

from wavry.rift.delta.config import DeltaConfig
from wavry.rift.delta.controller import Delta
from wavry.rift.delta.feedback import Delivered, DeliveryFeedback, RateDecision
from wavry.rift.delta.states import Signal, State

__all__ = ["Delivered", "DeliveryFeedback", "Delta", "DeltaConfig", "RateDecision", "Signal", "State"]
