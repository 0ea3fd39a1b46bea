"""The queue against a model of it, through any order of what can be done to it."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.queues import make_queue
from wavry.pipeline import BoundedQueue, Overflow, QueueClosed


class QueueModel(RuleBasedStateMachine):
    """The queue against a list: the same items come out, and every item goes exactly one way."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = Overflow.BLOCK
        self.discarded: list[int] = []
        self.expected_discards: list[int] = []
        self.waiting: deque[int] = deque()
        self.high_water = 0
        self.drops = 0
        self.closed = False
        self.queue = self.make(Overflow.BLOCK)

    def make(self, policy: Overflow) -> BoundedQueue[int]:
        return make_queue(policy, max_items=3, max_bytes=100, discard=self.discarded.append)

    @precondition(lambda self: not self.waiting and not self.closed)
    @rule(policy=st.sampled_from(Overflow))
    def start_over(self, policy: Overflow) -> None:
        self.policy, self.high_water, self.drops = policy, 0, 0
        self.queue = self.make(policy)

    def fits(self, item: int) -> bool:
        return not self.waiting or (len(self.waiting) < 3 and sum(self.waiting) + item <= 100)

    @rule(item=st.integers(1, 130))
    def put(self, item: int) -> None:
        if self.closed:
            with pytest.raises(QueueClosed):
                self.queue.put_nowait(item)
            self.expected_discards.append(item)
            return
        taken = self.queue.put_nowait(item)
        if self.policy is Overflow.BLOCK and not self.fits(item):
            assert not taken
            return
        assert taken
        while self.waiting and (self.policy is Overflow.LATEST_WINS or not self.fits(item)):
            self.expected_discards.append(self.waiting.popleft())
            self.drops += 1
        self.waiting.append(item)
        self.high_water = max(self.high_water, sum(self.waiting))

    @rule()
    def get(self) -> None:
        if self.waiting:
            assert self.queue.get() == self.waiting.popleft()
        elif self.closed:
            with pytest.raises(QueueClosed):
                self.queue.get()
        else:
            assert self.queue.get(0.0) is None

    @rule(discarding=st.booleans())
    def end(self, discarding: bool) -> None:
        self.closed = True
        if discarding:
            self.queue.close()
            self.expected_discards.extend(self.waiting)
            self.waiting.clear()
        else:
            self.queue.finish()

    @invariant()
    def both_agree(self) -> None:
        assert len(self.queue) == len(self.waiting)
        assert self.queue.used_bytes == sum(self.waiting)
        assert self.queue.high_water_bytes == self.high_water
        assert self.queue.drops == self.drops
        assert self.discarded == self.expected_discards


TestQueueModel = QueueModel.TestCase
TestQueueModel.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
