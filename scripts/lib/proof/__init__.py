"""Proof that what a client shows is what its host drew.

`testcard` is the host's testcard with grain, so that a stream of it fills any bit rate; `host` runs a host that writes
down what it sends; `witness` looks at every picture that a client decodes, and compares.
"""
