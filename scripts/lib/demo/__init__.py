"""The demo: a host and a client on this machine, and the proof that what arrived is what was on the screen.

`screen` looks at the screen, `desktop` makes one where there is none, `roles` runs host and client as a user would,
`pictures` compares. `python -m demo` with `scripts/lib` on the path is what `./scripts/demo` runs.
"""
