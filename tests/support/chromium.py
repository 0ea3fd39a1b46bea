"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser

PROGRAM = "/usr/bin/chromium"

_ARGUMENTS = (
    "--no-sandbox",  # tests run as root, where it can't be had
    "--disable-dev-shm-usage",
)


@contextmanager
def chromium(
    *, display: str | None = None, arguments: Sequence[str] = (), sound: Mapping[str, str] | None = None
) -> Iterator[Browser]:
    """Run a browser with a fresh profile.

    Args:
        display: The X screen that its window is on; None for no window (headless).
        arguments: Switches of its command line besides those it needs here.
        sound: What its environment needs to find a sound server; None for no sound that anybody hears.
    """
    environment = {**os.environ, **({"DISPLAY": display} if display is not None else {}), **(sound or {})}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=PROGRAM,
            headless=display is None,
            args=[*_ARGUMENTS, *arguments],
            ignore_default_args=[] if sound is None else ["--mute-audio"],
            env=dict(environment),
        )
        try:
            yield browser
        finally:
            browser.close()
