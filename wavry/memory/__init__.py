"""Who holds which bytes: pools of buffers, the budget that names every cap, and the checkpoints of the stages."""

from wavry.memory.budget import BudgetEntry, MemoryBudget, Registration
from wavry.memory.checkpoint import checkpoint, set_checkpoint_recorder
from wavry.memory.pool import FrameBuffer, FrameBufferPool, MemoryUsage

__all__ = [
    "BudgetEntry",
    "FrameBuffer",
    "FrameBufferPool",
    "MemoryBudget",
    "MemoryUsage",
    "Registration",
    "checkpoint",
    "set_checkpoint_recorder",
]
