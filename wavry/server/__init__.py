"""The host: `python -m wavry.server`.

`capture_stage` takes frames on its thread, `wavry.encode` codes them on another, `broadcast` hands access units to
every viewer, `viewer` is one client's session, and `host` wires them in one TaskGroup.
"""
