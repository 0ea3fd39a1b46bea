"""What a page plays, recorded in the page: the very samples that its worklet gives to the sound card."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tests.support.programs import PATIENCE_S

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from playwright.sync_api import Page

_HOOK = """
(() => {
  const { connect, disconnect } = AudioNode.prototype;
  const playing = [];
  window.soundNodes = playing;
  let begin;
  window.soundBegun = new Promise((resolve) => { begin = resolve; });
  AudioNode.prototype.connect = function (target, ...others) {
    if (this instanceof AudioWorkletNode && target === this.context.destination) {
      playing.push(this);
      begin(true);
      console.debug("sound begins");
    }
    return connect.call(this, target, ...others);
  };
  AudioNode.prototype.disconnect = function (...targets) {
    if (targets.length === 0 && playing.includes(this)) {
      playing.splice(playing.indexOf(this), 1);
    }
    return disconnect.apply(this, targets);
  };
  const NativeWorker = Worker;
  window.Worker = class extends NativeWorker {
    constructor(...of) {
      super(...of);
      this.addEventListener("message", ({ data: { data } }) => {
        if (data?.figures !== undefined) {
          window.toldFigures?.(data.figures);
        }
      });
    }
  };
})();
"""
"""Notes which worklets are heard, and what the page's worker tells of itself; before the page's own scripts."""

_RECORD = """
async ([seconds, channels]) => {
  const node = window.soundNodes.at(-1);
  const target = node.context.createMediaStreamDestination();
  target.channelCount = channels;
  node.connect(target);
  const [track] = target.stream.getAudioTracks();
  const reader = new MediaStreamTrackProcessor({ track, maxBufferSize: 2000 }).readable.getReader();
  const wanted = Math.round(seconds * 48000);
  const samples = new Float32Array(wanted * channels);
  for (let got = 0; got < wanted; ) {
    const { value } = await reader.read();
    const piece = new Float32Array(value.numberOfFrames * channels);
    value.copyTo(piece, { planeIndex: 0, format: "f32" });
    samples.set(piece.subarray(0, (wanted - got) * channels), got * channels);
    got += value.numberOfFrames;
    value.close();
  }
  await reader.cancel();
  node.disconnect(target);
  track.stop();
  const bytes = new Uint8Array(samples.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
}
"""


class PageSound:
    """Listens to a page; to be made before the page is opened."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.add_init_script(_HOOK)

    @property
    def is_playing(self) -> bool:
        """Whether anything gives samples to the sound card now."""
        return cast("int", self._page.evaluate("window.soundNodes.length")) > 0

    def wait(self) -> None:
        """Wait until something gives samples to the sound card.

        Raises:
            AssertionError: Nothing did for long.
        """
        # Playwright's `wait_for_function` compiles text in the page, which its Content-Security-Policy forbids.
        too_long = f"new Promise((resolve) => setTimeout(resolve, {PATIENCE_S * 1000}))"
        assert self._page.evaluate(f"Promise.race([window.soundBegun, {too_long}])"), "it plays nothing"

    def record(self, seconds: float, *, channels: int = 2) -> NDArray[np.float64]:
        """Return what it plays for so long: `(samples, channels)` at 48 kHz, 1.0 at the most."""
        data = base64.b64decode(cast("str", self._page.evaluate(_RECORD, [seconds, channels])))
        return np.frombuffer(data, np.float32).reshape(-1, channels).astype(np.float64)

    def figures(self) -> dict[str, Any]:
        """Return what the page's statistics say of sound now."""
        told = self._page.evaluate_handle("({ next: new Promise((resolve) => { window.toldFigures = resolve; }) })")
        self._page.keyboard.press("F10")
        figures = cast("dict[str, Any]", told.evaluate("(told) => told.next"))
        self._page.keyboard.press("F10")
        return cast("dict[str, Any]", figures["totals"]["sound"])
