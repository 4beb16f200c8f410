"""What is foretold where hours are told once: what is final, what is cut, and where nobody knows.

Nine in a hundred clicks buy in the end, a day later in the mean. Counts are as expected, without
chance, so that each rate can be reckoned by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from engine.delay import AGES
from schemas import (
    Bid,
    Breakdowns,
    Kind,
    MetricsEvent,
    PooledDelay,
    Prior,
    PriorLevel,
    Recommendation,
    decode,
    encode,
    topics,
)
from schemas.fields import Autonomy
from schemas.keys import EVERYTHING
from schemas.metrics import ConversionTimeBasis
from tests.workers.adviser.world import START, World, a_row, an_event, hour
from tests.workers.stored import Stored
from workers.adviser.bid_reasons import AS_TOLD
from workers.explain.advice import advised_again
from workers.report.rates import RateBook
from workers.report.totals import Stretch

RATE, CLICKS, DELAY = 0.09, 200, 24.0
LOW, HIGH = "0.05", "20.00"
"""Bids that clicks are worth more than, and less."""


def there(age: float) -> float:
    """Return the share of an hour's conversions that has come at an age of its end, in hours."""
    return float(-np.expm1(-(age + 0.5) / DELAY))


def counted(number: int, share: float, *, told: float = 0.0, **fields: Any) -> MetricsEvent:  # noqa: ANN401 -- fields of a record
    """Return an hour with a share of its conversions, told ``told`` hours after its end."""
    rows = [a_row("search", CLICKS, round(CLICKS * RATE * share, 6), ad_set_id="x")]
    emitted = hour(number + 1 + told) + timedelta(minutes=5)
    return an_event(number, rows, emitted_at=emitted, **fields)


def once(days: int, share: float = 1.0, **fields: Any) -> Iterator[MetricsEvent]:  # noqa: ANN401 -- fields of a record
    for number in range(24 * days + 1):
        yield counted(number, share, **fields)


def again(days: int) -> Iterator[MetricsEvent]:
    """Yield hours by click, each told at its end, and all of them as a day comes to its end."""
    for now in range(24 * days + 1):
        if now % 24 == 23:
            for number in range(now):
                age = now - number - 0.1
                yield counted(number, there(age), told=age)
        yield counted(now, there(0.0))


def taught() -> dict[bytes, bytes]:
    """Return that many campaigns have taught the delay as it is."""
    shares = [there(age) for age in AGES]
    delay = PooledDelay(
        campaigns=50.0,
        growth=tuple(1e4 * (after - before) for before, after in pairwise(shares)),
        level=tuple(1e4 * (before + after) / 2 for before, after in pairwise(shares)),
    )
    prior = Prior(
        version=1,
        level=PriorLevel.ALL,
        weights=(1.0,) * 168,
        evidence=0.0,
        concentration=0.0,
        campaigns=50,
        delay=delay,
        computed_at=START,
    )
    return {EVERYTHING: encode(prior)}


def world(events: Iterator[MetricsEvent], *, bid: str = LOW, known: bool = False) -> World:
    made = World()
    made.priors = taught() if known else {}
    made.plan(strategy="even", bid=Bid(base=Decimal(bid)), autonomy=Autonomy.AUTO)
    made.metrics(*events)
    return made


def bids(made: World) -> list[Recommendation]:
    return [advice for advice in made.advice if advice.kind is Kind.BID]


def rate(advice: Recommendation) -> float:
    return float(str(advice.reasons[0].evidence["rate"]))


def as_told(advice: Recommendation) -> bool:
    return any(reason.code == AS_TOLD for reason in advice.reasons)


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "said", [{"is_final": True}, {"conversion_time_basis": ConversionTimeBasis.CONVERSION}]
)
@pytest.mark.parametrize("bid", [LOW, HIGH])
def test_what_reports_call_final_is_all_there_is(
    said: dict[str, Any], bid: str, *, known: bool
) -> None:
    for advice in bids(world(once(9, **said), bid=bid, known=known)):
        assert rate(advice) == pytest.approx(RATE, rel=1e-3)
        assert not as_told(advice)
        assert advice.auto_execute


@pytest.mark.parametrize("share", [1.0, there(0.0), 0.3])
@pytest.mark.parametrize("basis", [None, ConversionTimeBasis.CLICK])
def test_where_nobody_knows_the_rate_is_what_is_told_and_it_is_said(
    share: float, basis: ConversionTimeBasis | None
) -> None:
    told = bids(world(once(9, share, conversion_time_basis=basis)))

    assert len(told) == 9
    for advice in told:
        # The nine conversions of the first day that is cut are drawn to what is usual.
        assert rate(advice) == pytest.approx(RATE * share, rel=0.05)
        assert as_told(advice)


def test_what_is_told_is_a_lower_bound_so_only_a_cut_waits_for_a_person() -> None:
    (rise, *_), (cut, *_) = (bids(world(once(1), bid=bid)) for bid in (LOW, HIGH))
    held = {check.name for check in cut.guardrails if check.status == "blocked"}

    assert rise.auto_execute
    assert not cut.auto_execute
    assert held == {"conversions_known"}
    assert cut.risk.value == "high"


@pytest.mark.parametrize("known", [False, True])
def test_a_feed_that_tells_its_hours_again_is_known_not_to_be_cut(*, known: bool) -> None:
    told = bids(world(again(9), known=known))

    assert not any(as_told(advice) for advice in told[1:])
    if known:
        assert rate(told[-1]) == pytest.approx(RATE, rel=0.02)


def test_a_feed_is_cut_once_what_ought_to_have_come_did_not() -> None:
    """Others taught the delay. Of the first day nothing can have come yet that was not told.

    A day later what an hour told at the day's end would have grown by is reckoned by hand.
    """
    share = 0.04
    first, second, *_ = bids(world(once(9, share), known=True))
    age = np.arange(24.0)
    grown = [there(a + 24.0) / there(a) - 1.0 for a in age]
    missing = CLICKS * RATE * share * sum(grown)

    assert missing > 10.0
    assert not as_told(first)
    assert as_told(second)
    assert rate(second) == pytest.approx(RATE * share, rel=0.01)


def test_one_campaign_that_is_told_again_speaks_for_its_account() -> None:
    """The other's counts never change: they are as old as now, and not as when they were told."""
    made = World()
    made.priors = taught()
    for each in ("a", "b"):
        made.plan(strategy="even", bid=Bid(base=Decimal(LOW)), campaign_id=each)
    steady = [structs.replace(each, campaign_id="b") for each in once(6)]
    events = sorted([*again(6), *steady], key=lambda each: (each.emitted_at, each.campaign_id))
    made.metrics(*events)
    last = [advice for advice in bids(made) if advice.campaign_id == "b"][-1]
    ages = np.arange(6 * 24.0)
    kept = np.exp2(-ages / (30 * 24.0))
    matured = sum(weight * there(age) for weight, age in zip(kept, ages, strict=True))

    assert not as_told(last)
    assert rate(last) == pytest.approx(RATE * kept.sum() / matured, rel=0.05)


def test_what_was_advised_as_told_comes_again_byte_for_byte() -> None:
    made = world(once(3))
    days = made.policy.topic(topics.BREAKDOWNS)
    records = [
        Stored(days, at, out.timestamp or 0, out.key, out.value)
        for at, out in enumerate(out for out in made.outputs if out.topic == days)
    ]
    name = made.policy.topic(topics.RECOMMENDATIONS)
    published = [out.value or b"" for out in made.outputs if out.topic == name]
    assert published
    for value in published:
        said = decode(value, Recommendation)
        assert as_told(said)
        assert advised_again(made.policy, said, records, (0, 1)) == value


@pytest.mark.parametrize("said", [{}, {"is_final": True}])
@pytest.mark.parametrize("share", [1.0, 0.3])
def test_forecasts_of_what_is_told_are_held_against_what_is_told(
    said: dict[str, Any], share: float
) -> None:
    """Where feeds never restate, what was foretold and what came differ by next to nothing."""
    made = world(once(9, share, **said))
    book = RateBook()
    book.foretell(bids(made))
    book.hear([decode(encode(each), Breakdowns) for each in made.days])
    start = int(START.timestamp())
    found = book.rates(Stretch(start=start, end=start + 60 * 86_400))

    assert found.found is not None
    assert found.judged == 8
    assert found.found.error < 0.001
