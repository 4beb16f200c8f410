"""The delay of conversions as priors carry it, put together for each campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from engine.arrays import Bools
from engine.delay import Taught
from engine.delay_pool import DelaySums, lessons, no_sums
from schemas import Prior, SchemaError, account_key, decode
from schemas.keys import EVERYTHING
from workers.pooled_delays import read

_MOST = 4_096
"""Records, and triples of them, that are remembered."""


class DelayBook:
    """Memo of pooled delays: a record is read once, and what three say together once."""

    def __init__(self) -> None:
        """Begin empty; the memo is bounded."""
        self._known: Callable[[bytes | None], DelaySums] = lru_cache(maxsize=_MOST)(_known)
        self._lessons: Callable[..., Taught] = lru_cache(maxsize=_MOST)(self._taught)

    def taught(self, latest: Mapping[bytes, bytes], accounts: Sequence[tuple[str, str]]) -> Taught:
        """Return what campaigns of accounts, given as platform and account, begin with.

        An account leans on its platform, this on all campaigns, and these on what is assumed. A
        record that cannot be read is left out: it is counted where its weights are read.
        """
        everything = latest.get(EVERYTHING)
        each = [
            self._lessons(
                everything,
                latest.get(platform.encode()),
                latest.get(account_key(platform, account)),
            )
            for platform, account in accounts
        ]
        return Taught(
            steps=np.concatenate([one.steps for one in each]),
            strength=np.concatenate([one.strength for one in each]),
        )

    def known(self, latest: Mapping[bytes, bytes], accounts: Sequence[tuple[str, str]]) -> Bools:
        """Return for which accounts, (B,), anybody has taught anything of delays."""
        everything = latest.get(EVERYTHING)
        levels = [
            (everything, latest.get(platform.encode()), latest.get(account_key(platform, account)))
            for platform, account in accounts
        ]
        taught = [any(self._known(value).campaigns > 0 for value in each) for each in levels]
        return np.array(taught, dtype=np.bool_)

    def _taught(self, *levels: bytes | None) -> Taught:
        return lessons([self._known(value) for value in levels])


def _known(value: bytes | None) -> DelaySums:
    try:
        return no_sums() if value is None else read(decode(value, Prior).delay)
    except SchemaError:
        return no_sums()
