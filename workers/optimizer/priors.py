"""Priors as they are broadcast, put together for each campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from engine.arrays import Floats
from engine.calendar import HOURS_OF_WEEK
from engine.confidence import POOL_HALF
from engine.patterns import FLAT_STRENGTH, Prior
from schemas import Prior as PriorRecord
from schemas import SchemaError, account_key, decode
from schemas.keys import EVERYTHING


class _Blend(NamedTuple):
    shape: Floats
    strength: float
    evidence: float
    version: int
    unreadable: int


class PriorBook:
    """Memo of blended priors: what three records say together never changes."""

    def __init__(self) -> None:
        """Begin empty; the memo is bounded."""
        self._blend: Callable[..., _Blend] = lru_cache(maxsize=8_192)(_blend)

    def priors(
        self, latest: Mapping[bytes, bytes], accounts: Sequence[tuple[str, str]]
    ) -> tuple[Prior, int]:
        """Return the prior for campaigns of accounts, given as platform and account.

        A level counts by its evidence, the rest is left to the wider one: account, platform,
        all campaigns, and a flat week. The version is the sum of the three, so it grows with
        each of them. A record that cannot be read is left out; beside the prior is how often.
        """
        everything = latest.get(EVERYTHING)
        blends = [
            self._blend(
                everything,
                latest.get(platform.encode()),
                latest.get(account_key(platform, account)),
            )
            for platform, account in accounts
        ]
        prior = Prior(
            shape=np.stack([blend.shape for blend in blends]),
            strength=np.array([blend.strength for blend in blends]),
            evidence=np.array([blend.evidence for blend in blends]),
            version=np.array([blend.version for blend in blends], dtype=np.int64),
        )
        return prior, sum(blend.unreadable for blend in blends)


def _blend(*levels: bytes | None) -> _Blend:
    """Blend the records of all campaigns, the platform and the account, in that order."""
    blend = _Blend(np.ones(HOURS_OF_WEEK), FLAT_STRENGTH, 0.0, 0, 0)
    for value in levels:
        if value is None:
            continue
        try:
            prior = decode(value, PriorRecord)
        except SchemaError:
            blend = blend._replace(unreadable=blend.unreadable + 1)
            continue
        own = prior.evidence / (prior.evidence + POOL_HALF)
        blend = _Blend(
            own * np.array(prior.weights) + (1.0 - own) * blend.shape,
            own * max(prior.concentration, FLAT_STRENGTH) + (1.0 - own) * blend.strength,
            max(prior.evidence, blend.evidence),
            prior.version + blend.version,
            blend.unreadable,
        )
    return blend
