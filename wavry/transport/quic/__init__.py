"""The wire: aioquic's sans-IO connections behind our own socket loop.

`socket` reads and writes UDP in batches, `connection` drives one QUIC connection, `client` and `server` open them,
`carriage` is what native clients (`native`) and browsers (`webtransport`, `http3`) differ in,
`congestion` bounds what is in flight, and `seams` is the only place that touches what aioquic keeps to itself.
"""
