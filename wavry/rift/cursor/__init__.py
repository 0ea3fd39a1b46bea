"""The host's pointer on the wire: its shape as a message when it changes, its place as datagrams while it moves.

A client draws the pointer itself, so it is in no picture. WIRE.md section 9 is the definition.
"""
