"""What a person's hands do in the window, on its way to the host.

    window's thread                                             event loop
    SDL events ─► Keyboard, Pointer, Pads ─deeds─► Handover ─► HandsSession ─► InputSender ═messages, datagrams═► host

`Hands` is the whole of it; a client has one for its life, and a `HandsSession` for each connection.
"""
