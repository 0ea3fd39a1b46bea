"""What a person's hands do, on the wire: keys, buttons and text as messages, pointer and axes as datagrams.

Messages are on the input stream, in order and none lost. Datagrams tell a state: the newest one wins, so a lost one is
mended by the next, which its sender repeats for a moment after the last change.
"""
