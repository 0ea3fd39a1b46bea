"""The sound server of a Linux desktop, PulseAudio or PipeWire, through libpulse and ctypes.

`library` declares what of libpulse is called, `server` is a connection with its own loop, whose waiting ends. Recording
is in `wavry.capture.sound`, playing in `wavry.client.sound`.
"""
