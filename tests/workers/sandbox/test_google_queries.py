"""What Google Ads on loopback understands of queries, and what it refuses."""

from __future__ import annotations

import pytest

from workers.sandbox.google.gaql import Malformed, parse


def test_a_range_holds_its_ends_and_nothing_beyond() -> None:
    text = "SELECT a.b, c.d FROM e WHERE c.d BETWEEN '2026-01-02' AND '2026-01-04' LIMIT 7"
    query = parse(text)
    assert (query.fields, query.resource, query.limit) == (("a.b", "c.d"), "e", 7)
    days = [f"2026-01-0{day}" for day in range(1, 7)]
    held = [day for day in days if all(one.holds(day) for one in query.conditions)]
    assert held == ["2026-01-02", "2026-01-03", "2026-01-04"]


@pytest.mark.parametrize(
    "text",
    ["", "DELETE FROM a", "SELECT a FROM b WHERE c LIKE 'd'", "SELECT a FROM b WHERE c = 1 OR 1=1"],
)
def test_what_is_not_understood_wholly_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)
