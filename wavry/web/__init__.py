"""Pages over HTTP: who may ask, how much at once, and what is sent with every answer. Imported only when a page is on.

What the pages are about is elsewhere: `server.dashboard` shows the host, `browser` is a client that runs in one.
"""
