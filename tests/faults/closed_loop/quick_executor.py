"""The executor, waiting less before it concludes what became of a call: hours here are seconds.

``python -m tests.faults.closed_loop.quick_executor executor ...`` is ``pacekeeper executor ...``.
"""

from __future__ import annotations

from typing import Any

from workers.cli.main import app
from workers.executor import couriers
from workers.executor.live.policy import Patience

QUICK = Patience(late_by=2.0, verify_every=0.1, first_wait=0.5, longest_wait=2.0)

if __name__ == "__main__":
    changed: Any = couriers
    changed.Patience = lambda: QUICK
    app(prog_name="pacekeeper")
