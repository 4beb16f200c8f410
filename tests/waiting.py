"""Wait for the thing itself, with a deadline."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], bool], *, seconds: float = 10, every: float = 0.02) -> bool:
    """Return whether ``holds`` became true within ``seconds``; asked ``every`` so many."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
