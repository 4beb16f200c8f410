"""Groups that mix currencies, and the rates that are told of these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from schemas import FxRate, Portfolio, Recommendation, decode, encode, topics
from schemas.topic import Topic
from tests.workers.allocator.groups import Allocator, at
from tests.workers.stored import Stored
from workers.delivery.api import Step
from workers.explain.group_budgets import recomputed


def a_rate(base: str, quote: str, rate: str, day: float, **fields: Any) -> FxRate:  # noqa: ANN401
    """Return a rate of an hour before a day's midnight, counted from the first."""
    return FxRate(base=base, quote=quote, rate=Decimal(rate), as_of=at(0, 24 * day - 1), **fields)


@dataclass
class Exchanging(Allocator):
    """One partition whose records are kept, for groups that mix currencies."""

    log: list[Stored] = field(default_factory=list)

    def stored(self, topic: Topic, key: bytes, value: bytes | None, time: datetime) -> Stored:
        self.log.append(super().stored(topic, key, value, time))
        return self.log[-1]

    def rates(self, *rates: FxRate) -> Step:
        told = [self.stored(topics.FX_RATES, each.key, encode(each), each.as_of) for each in rates]
        return self.feed(topics.FX_RATES, told)

    def raw(self, value: bytes | None, key: bytes, time: datetime) -> Step:
        return self.feed(topics.FX_RATES, [self.stored(topics.FX_RATES, key, value, time)])

    def again(self, value: bytes) -> bytes | None:
        """Return what is recomputed without any record of rates."""
        log = [each for each in self.log if not each.topic.endswith(topics.FX_RATES.name)]
        return recomputed(self.policy, decode(value, Recommendation), log, (0, 1))

    @property
    def words(self) -> list[bytes]:
        return self._of(topics.RECOMMENDATIONS)


MONEY = ("budget", "spend", "revenue", "min_budget", "max_budget")


def in_money(rows: Iterable[Portfolio], told: Mapping[str, tuple[str, Any]]) -> list[Portfolio]:
    """Return rows, some campaigns' in another currency: by campaign which, and units of it for
    one of the rows' own."""
    made = []
    for row in rows:
        currency, factor = told.get(row.campaign_id, (row.currency, 1))
        money = {
            name: amount * factor for name in MONEY if (amount := getattr(row, name)) is not None
        }
        made.append(replace(row, currency=currency, **money))
    return made


def has(advice: Recommendation) -> Decimal:
    """Return what a campaign is to have in a day."""
    value = advice.recommended_value
    return value if value is not None else advice.current_value or Decimal(0)


def worth(advice: Iterable[Recommendation], rates: Mapping[str, Fraction]) -> Fraction:
    """Return what campaigns are to have, exactly, by units for one of each currency."""
    return sum((Fraction(has(each)) * rates[each.currency or ""] for each in advice), Fraction(0))
