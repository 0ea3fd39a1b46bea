"""The asyncio shell: datagrams and a few streams to a peer, over QUIC or in memory.

`base` is what the rest of wavry sees; `quic` is the wire (aioquic), `loopback` the same thing within one process.
`identity` keeps the host's key. Nothing here decides what is sent: sessions do, with the sans-IO core in
`wavry.rift`.
"""

from wavry.transport.base import Channel, Connection, ConnectionObserver

__all__ = ["Channel", "Connection", "ConnectionObserver"]
