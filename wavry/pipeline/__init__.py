"""Stages joined by bounded queues; a stage that blocks has a thread of its own.

A stage is either a coroutine or a function that `run_in_worker` gives a thread. They meet only in a
`BoundedQueue`, which both may use. All stages of a session run in one `asyncio.TaskGroup`, so that the first failure
ends the session and cancelling it ends every thread.
"""

from wavry.pipeline.demand import Demand
from wavry.pipeline.queue import BoundedQueue, Overflow, QueueClosed
from wavry.pipeline.worker import run_in_worker

__all__ = ["BoundedQueue", "Demand", "Overflow", "QueueClosed", "run_in_worker"]
