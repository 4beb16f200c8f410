"""Python's garbage collector, set for a process that lives on many small values."""

from __future__ import annotations

import gc

COLLECT_AFTER = 200_000
"""Objects made and kept before the youngest are looked through; Python's own number is 700."""

OLDER = (50, 100)
"""How many collections of one generation make one of the next."""


def collect_rarely() -> None:
    """Look for cycles of garbage less often, in this process.

    A step makes tens of thousands of records that live until its commit, in no cycle, and are freed
    as they are let go of. The collector would walk them, and every campaign behind them, all the
    time: it took nearly a third of an optimizer's CPU seconds. Cycles do come up (failed tasks and
    their tracebacks), so it stays on.
    """
    gc.set_threshold(COLLECT_AFTER, *OLDER)
