#!/usr/bin/env python3
"""How well DELTA finds the rate of a link, beside a GCC-like controller and a rate that never changes.

Everything is virtual: a minute of streaming takes half a second, and the figures are the same on every machine. The
cases are those of `scripts/lib/rating/cases.py`; `--traces DIR` adds cellular links recorded in mahimahi's format.
Prints a table; `--json FILE` writes all figures, `--docs DIR` writes `rate.md` and the plots there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rating.cases import CASES, cellular, traces_of
from rating.contestants import CONTESTANTS
from rating.figures import Row, format_rows, row_of
from rating.plots import draw_step
from rating.promises import check_promises, format_promises

if TYPE_CHECKING:
    from rating.cases import Result

_PAGE = """# How well DELTA finds the rate

Written by `python scripts/bench/rate.py --traces DIR --docs docs`, seed {seed}. Everything is virtual time, so the
figures are the same on every machine. What is modelled: frames at 60 per second whose sizes follow the target within
25 %, keyframes of twice the size when one was lost, an ideal code over one frame, no retransmissions, a pacer that
wakes every 2 ms, acknowledgements and reports over a way back without queue or loss. What is real: `Delta`, the reports
of arrivals, the link's queue. The controller is described in [delta.md](delta.md).

The GCC-like controller has the groups, trend line, thresholds, growth (8 % a second, or half a packet per response time
near the known capacity) and the loss rule of draft-ietf-rmcat-gcc-02 and libwebrtc, without probing, which libwebrtc
needs to find a rate quickly. Fixed sends the same always.

## What was promised

{promises}

## All cases

*use* is the share of the link that arrived, *queue* how long packets waited for the link, *frame* the time from the
capture of a frame to the arrival of all of it, in ms; *not made* are frames that were not encoded because too much
waited, *given up* those encoded and not decodable.

{rows}

![The encoder's target while the link falls from 20 to 4 Mbit/s and comes back](rate-step.svg)

![How long packets wait for the link meanwhile](rate-step-queue.svg)
"""


def main() -> None:
    """Run all cases and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=Path, metavar="DIR", help="cellular links, *.down")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--docs", type=Path, metavar="DIR")
    options = parser.parse_args()

    rows: list[Row] = []
    steps: dict[str, Result] = {}
    for contestant, make in CONTESTANTS.items():
        for case, run in CASES.items():
            result = run(make, options.seed)
            rows.append(row_of(case, contestant, result))
            if case == "capacity step":
                steps[contestant] = result
        for name, trace in traces_of(options.traces, options.seed).items():
            rows.append(row_of(name, contestant, cellular(make, trace, options.seed)))

    promises = check_promises(rows)
    print(format_rows(rows))
    print()
    print(format_promises(promises))
    if options.json:
        options.json.write_text(json.dumps([row.to_json() for row in rows], indent=1), encoding="utf-8")
    if options.docs:
        page = _PAGE.format(seed=options.seed, promises=format_promises(promises), rows=format_rows(rows))
        (options.docs / "rate.md").write_text(page, encoding="utf-8")
        for name, chart in draw_step(steps).items():
            (options.docs / name).write_text(chart, encoding="utf-8")


if __name__ == "__main__":
    main()
