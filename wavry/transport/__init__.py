"""The asyncio shell: datagrams and one control stream to a peer, over QUIC or in memory.

`base` is what the rest of wavry sees; `quic` is the wire (aioquic), `loopback` the same thing within one process.
`identity` keeps the host's key. Nothing here decides what is sent: sessions do, with the sans-IO core in
`wavry.rift`.
"""

from wavry.transport.base import Connection, ConnectionObserver

__all__ = ["Connection", "ConnectionObserver"]
