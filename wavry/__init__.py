"""wavry: remote desktop and game streaming whose memory is bounded by construction.

The data's way is the folders' way: `capture` takes frames, `encode` makes access units of them, `rift` makes
packets, `transport` carries them; then `rift` again, `decode`, and the client's window. `docs/architecture.md`
draws it. Importing this package imports nothing else.
"""

__version__ = "0.1.0"
