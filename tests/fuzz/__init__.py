"""Fuzz targets: every parser of a peer's bytes, with what stands behind it. `scripts/fuzz.py` feeds them.

`corpus/NAME` has inputs that are worth beginning with: valid ones, and those that coverage-guided runs have found.
"""
