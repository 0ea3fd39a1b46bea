"""Plots of what programs wrote down: `python -m wavry.report FILE...`.

`files` tells what a file is and reads it in bounded memory into a `Run` (`checkpoints`, `reports`, `soaks`); `sections`
makes a `Page` of runs, two of a kind side by side; `markup` writes it as HTML or SVG; `plot` draws lines, for scripts
too.
"""
