"""The client that runs in a browser: static ES modules, as they are, without a build step.

The one file of WebAssembly lies beside its source. `rift` is the protocol's other end in JavaScript, sans-IO like its
twin in Python; what is around it shows, plays and takes input. A host with `--web` serves this folder.
"""

from __future__ import annotations

from pathlib import Path

FILES = Path(__file__).parent
"""Where the page's files are."""
