"""Plots of what programs wrote down: `python -m wavry.report FILE...`."""
