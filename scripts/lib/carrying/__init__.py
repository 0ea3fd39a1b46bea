"""Datagrams from one process to another, as fast as they go: wavry's QUIC, and the usual ways to have it.

`sides` are the processes, `steps` the way from aioquic's asyncio glue to wavry's shell, one improvement at a time.
"""
