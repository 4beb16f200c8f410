"""What is known of pools of money while their prices are looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

_LARGEST: Final = 690.0
"""Log price beyond which, either way, nothing can be told from none and from all."""

_LEAST: Final = 1e-300

_TOGETHER: Final = 1e-13
"""Share of a log price by which two are the same; demand jumps where what is asked is not."""


@dataclass(frozen=True, slots=True)
class KnownDemand:
    """What the groups inside pools are known to ask for, shapes (G,)."""

    low: Floats
    high: Floats
    """Log prices of their pools that are known to be too low, and too high."""
    least: Floats
    most: Floats
    """What they ask for at the price that is too high, and too low: between lies what they do at
    the right one, as demand falls with the price. Far apart still where demand jumps."""
    asked: Floats
    fall: Floats
    """What they asked for last, and by how much it falls for a rise of the log price by one."""

    def hear(
        self,
        inside: Bools,
        over: tuple[Floats, Floats],
        log_price: Floats,
        said: tuple[Floats, Floats],
    ) -> KnownDemand:
        """Take in what some groups ask for at a price, and its fall; all of shape (G,).

        ``over`` is by how much their pools ask for more than they have, and what is as good as
        nothing: that price is the right one.
        """
        (asked, fall), (off, close) = said, over
        low, found = inside & (off > 0.0), inside & (np.abs(off) <= close)
        high = inside & ~low
        return KnownDemand(
            low=np.where(low, log_price, self.low),
            high=np.where(high, log_price, self.high),
            least=np.where(high | found, asked, self.least),
            most=np.where(low | found, asked, self.most),
            asked=np.where(inside, asked, self.asked),
            fall=np.where(inside, fall, self.fall),
        )

    def open(self) -> Bools:
        """Return where the right price is not found, and the ends are apart enough to look on."""
        apart = self.high - self.low > _TOGETHER * (1.0 + np.abs(self.high))
        return np.asarray((self.least < self.most) & apart)


def nothing_told(content: tuple[Floats, Floats]) -> KnownDemand:
    """Return what is known at first of groups that can have no less and no more, shapes (G,)."""
    least, most = content
    low, high = (np.full(len(least), end) for end in (-_LARGEST, _LARGEST))
    asked, fall = np.zeros((2, len(least)))
    return KnownDemand(low, high, least, most, asked, fall)


def step_of(asked: Floats, total: Ints, fall: Floats, widest: float) -> Floats:
    """Return by how much a log price is to rise, by Newton's method on logarithms."""
    bought, wanted = np.maximum(asked, _LEAST), np.maximum(total, _LEAST)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        step = np.log(bought / wanted) * bought / fall
    step = np.where(fall > 0.0, step, np.where(bought > wanted, np.inf, -np.inf))
    return np.clip(step, -widest, widest)
