"""Who holds which bytes: pools of buffers, the budget that names every cap, and the checkpoints of the stages."""

from wavry.memory.budget import BudgetEntry, Holder, MemoryBudget, Registration, format_table
from wavry.memory.checkpoint import (
    CheckpointLog,
    MemoryCheckpoint,
    MemoryDelta,
    checkpoint,
    set_checkpoint_recorder,
)
from wavry.memory.frame_buffer import FrameBuffer
from wavry.memory.group import HolderGroup
from wavry.memory.metrics import MemoryMetrics
from wavry.memory.pool import FrameBufferPool, MemoryUsage, PoolOverflow
from wavry.memory.profile import MemoryHistory, MemoryProfile
from wavry.memory.storage import AnonymousStorage, Storage

__all__ = [
    "AnonymousStorage",
    "BudgetEntry",
    "CheckpointLog",
    "FrameBuffer",
    "FrameBufferPool",
    "Holder",
    "HolderGroup",
    "MemoryBudget",
    "MemoryCheckpoint",
    "MemoryDelta",
    "MemoryHistory",
    "MemoryMetrics",
    "MemoryProfile",
    "MemoryUsage",
    "PoolOverflow",
    "Registration",
    "Storage",
    "checkpoint",
    "format_table",
    "set_checkpoint_recorder",
]
