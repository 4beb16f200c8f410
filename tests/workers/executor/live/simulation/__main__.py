"""Plays many more histories than the tests do: ``python -m ...simulation [COUNT] [FIRST_SEED]``.

Prints the first one that breaks a law, made small, and exits with 1; see `test_simulation.py`.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor

from tests.workers.executor.live.simulation.shrink import first_failure, told

A_MILLION = 1_000_000
AT_ONCE = 10_000


def failure_among(first: int) -> str:
    """Return what breaks a law among so many histories from a seed on; empty if nothing does."""
    failing = first_failure(range(first, first + AT_ONCE))
    return "" if failing is None else told(failing)


def main(count: int, first: int) -> int:
    """Play ``count`` histories, rounded up to `AT_ONCE`; return the exit status."""
    starts = range(first, first + count, AT_ONCE)
    with ProcessPoolExecutor() as pool:
        for number, failure in enumerate(pool.map(failure_among, starts), 1):
            if failure:
                sys.stdout.write(f"\n{failure}\n")
                pool.shutdown(cancel_futures=True)
                return 1
            sys.stdout.write(f"\r{number * AT_ONCE:,} histories kept every law")
            sys.stdout.flush()
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    told_count, told_first = [*map(int, sys.argv[1:]), *(A_MILLION, 0)[len(sys.argv) - 1 :]]
    sys.exit(main(told_count, told_first))
