"""What chance has done to the members of a group, and the coins of what it is to do next.

The coins of a day are a digest of the tree's name, the campaign's and the day: whoever shares the
day out once more, from the records alone, has the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from engine.arrays import Floats, Ints, Rows
from engine.exploration import coin
from engine.group_exploring import COINS, Chances
from workers.allocator.shape import Shape


def chances(shape: Shape, campaigns: Sequence[bytes], of: Ints, change: Floats) -> Chances:
    """Return what members may explore with on a day.

    Parameters
    ----------
    shape
        Which days are shared out for.
    campaigns
        The members' keys.
    of
        Shape (B,): the group of the tree that each is in.
    change
        Shape (B,): the largest change of each, as a share of its budget.
    """
    share = np.array([known.group.learning_share for known in shape.tree.groups])
    seeds = np.array([_seed(shape.name, each) for each in campaigns], dtype=np.int64)
    day = np.full(len(campaigns), shape.day)
    coins = np.stack([coin(seeds, day, draw=draw) for draw in range(COINS)], axis=1)
    return Chances(share=share[of], change=change, coins=coins, of=of)


def settled(heads: Rows) -> Ints | None:
    """Return what budgets in force are without their jitter, (B,); None where none has any."""
    if not heads["jitter"].any():
        return None
    plain = np.round(heads["budget"] * np.exp(-heads["jitter"]))
    return np.asarray(plain, dtype=np.int64)


def _seed(group: str, campaign: bytes) -> int:
    """Return a number that is the member's wherever its day is shared out."""
    text = group.encode() + b"\0" + campaign
    return int.from_bytes(hashlib.blake2b(text, digest_size=7).digest(), "big")
