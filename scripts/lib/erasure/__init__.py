"""Codes against loss, compared on the same channels without a network between.

`codes` says what each sends for a frame and what it knows after each packet that comes; `rank` repairs for those that
need no bytes for it; `experiment` runs them.
"""
