"""Laws of live mode where platforms say odd things, or say them of a part only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas.fields import Autonomy
from tests.workers.executor.test_live import AD_SETS, Live, budget, multiplier
from tests.workers.executor.world import a_plan
from workers.executor.live.outcome import Result


@pytest.mark.parametrize(
    "odd",
    [
        {"sent": "2500000000000"},
        {"sent": "a bid"},
        {"sent": "NaN"},
        {"before": Decimal("1E+20")},
        {"after": Decimal("NaN")},
        {"before": Decimal("0.1234567890123456789")},
        {"text": "cut within a character \ud83d"},
        {"text": "x" * 3000},
        {"platform_code": "9" * 300, "request_id": "\udc00" * 300},
        {"attempts": 10**6},
        {"minutes": -(10**7)},
        {"minutes": 10**9},
    ],
    ids=lambda odd: next(iter(odd)),
)
@pytest.mark.parametrize("result", [Result.APPLIED, Result.DRIFT, Result.REJECTED])
def test_whatever_a_platform_says_its_order_ends_and_is_told(
    odd: dict[str, Any], result: Result
) -> None:
    several = Live(a_plan(Autonomy.AUTO, ad_sets=AD_SETS)).act(multiplier("up", None, "1.2"))
    several.answer().answer(result, **odd)
    for world in (several, Live().act(budget("first", "100", "120")).answer(result, **odd)):
        while world.order is not None:
            world.answer()
        assert all(entry.status for entry in world.audit), "each can be read back"
        assert world.audit[-1].status != "intent"


def test_what_was_sent_is_told_in_words_where_it_is_too_large_for_an_amount() -> None:
    world = Live().act(budget("first", "100", "2500000"))
    world.answer(sent="2500000000000", after=Decimal(2_500_000))

    assert world.audit[-1].sent is None
    assert "2500000000000 was sent" in world.audit[-1].detail
    assert world.audit[-1].after == 2_500_000
