"""The client: `python -m wavry.client HOST:PORT`.

`app` connects, and again when the connection is lost; `session` is one connection, from datagrams to access units;
`wavry.decode` decodes on its thread; `window` shows (with `renderer`), `recording` writes what arrives, and
`statistics` keeps the figures.
"""
