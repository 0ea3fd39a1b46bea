"""An encode stage with real x264 on a thread of its own, and what goes in and comes out."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.aio import PATIENCE_S
from tests.support.video import make_frame
from wavry.encode.refinement import RefinementConfig
from wavry.encode.stage import EncodeOutput, EncodeStage, EncodeStageConfig, StreamOpened, output_bytes
from wavry.media import AccessUnit, Frame, Size
from wavry.memory import FrameBufferPool, MemoryBudget
from wavry.pipeline import BoundedQueue, Overflow

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


SIZE = Size(160, 120)


NOT_YET = RefinementConfig(delays_s=(3600.0,))


NEVER = RefinementConfig(delays_s=())


class FrameQueue(BoundedQueue[Frame]):
    """The stage's input, telling with which timeouts the stage waits."""

    def __init__(self, overflow: Overflow = Overflow.BLOCK) -> None:
        super().__init__(
            "frames",
            max_items=64,
            max_bytes=1 << 30,
            overflow=overflow,
            size_of=lambda frame: len(frame.data),
            discard=Frame.release,
        )
        self.timeouts: list[float | None] = []
        self._asked = threading.Condition()

    def get(self, timeout: float | None = None) -> Frame | None:
        with self._asked:
            self.timeouts.append(timeout)
            self._asked.notify_all()
        return super().get(timeout)

    def wait_until_asked_without_an_end(self, *, least_calls: int) -> None:
        """Wait until the stage has nothing more to do."""
        with self._asked:
            at_rest = self._asked.wait_for(
                lambda: len(self.timeouts) >= least_calls and self.timeouts[-1] is None, PATIENCE_S
            )
        assert at_rest, f"after {len(self.timeouts)} calls the stage still asks with {self.timeouts[-5:]}"


class Outputs(BoundedQueue[EncodeOutput]):
    """The stage's output to a viewer with room: whatever is made is wanted."""

    def __init__(self, max_items: int = 1000) -> None:
        super().__init__(
            "outputs", max_items=max_items, max_bytes=1 << 30, overflow=Overflow.BLOCK, size_of=output_bytes
        )

    def wait_until_wanted(self) -> None:
        pass


class Bench:
    """A running stage with a pool for its frames."""

    def __init__(
        self,
        config: EncodeStageConfig,
        pool_bytes: int = 1 << 20,
        *,
        frames: FrameQueue | None = None,
        outputs: BoundedQueue[EncodeOutput] | None = None,
    ) -> None:
        self.frames = FrameQueue() if frames is None else frames
        self.outputs = Outputs() if outputs is None else outputs
        self.budget = MemoryBudget()
        self.pool = FrameBufferPool(pool_bytes, 64)
        self.stage = EncodeStage(config, SIZE, self.frames, self.outputs, self.budget)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="test-encode")

    def _run(self) -> None:
        try:
            self.stage.run()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
            self.stage.stop()

    def show(self, pixels: NDArray[np.uint8]) -> None:
        self.frames.put(make_frame(pixels, pool=self.pool))

    def next(self) -> EncodeOutput:
        output = self.outputs.get(PATIENCE_S)
        assert output is not None, "nothing came"
        return output

    def next_unit(self) -> AccessUnit:
        output = self.next()
        assert isinstance(output, AccessUnit)
        return output

    def next_stream(self) -> StreamOpened:
        output = self.next()
        assert isinstance(output, StreamOpened)
        return output

    def end(self) -> None:
        self.stage.stop()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        assert self.pool.memory_usage().in_use_buffers == 0
        assert self.budget.entries() == []


@contextmanager
def running(refinement: RefinementConfig = NEVER, **settings: object) -> Iterator[Bench]:
    chosen: dict[str, object] = {"encoder": "libx264", "fps": 30, "bitrate_bps": 2_000_000, **settings}
    bench = Bench(EncodeStageConfig(refinement=refinement, **chosen))  # type: ignore[arg-type] # a test's own business
    bench.thread.start()
    try:
        yield bench
    finally:
        bench.end()
