"""What an allocation moves is within the group's movement cap, and it says so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import Recommendation
from tests.workers.allocator.groups import grown
from tests.workers.allocator.test_budgets import budgets
from tests.workers.allocator.trees import grown_tree


def raised(advice: list[Recommendation]) -> Decimal:
    """Return by how much budgets are to be raised, all together."""
    return sum((max(each.change or Decimal(0), Decimal(0)) for each in advice), Decimal(0))


def test_without_a_cap_more_is_moved_than_the_cap_of_the_others_allows() -> None:
    assert raised(grown().advice) > 9


@pytest.mark.parametrize("learning_share", [0.0, 0.3])
def test_raises_of_a_day_sum_to_the_cap_at_most_and_who_pays_gives_as_much(
    learning_share: float,
) -> None:
    found = grown(max_movement_pct=3, learning_share=learning_share).advice
    assert 0 < raised(found) <= 9
    assert sum(budgets(found).values()) == 300


def test_a_change_says_what_the_cap_made_of_it() -> None:
    advice = {each.campaign_id: each for each in grown(max_movement_pct=3).advice}["a"]
    (why,) = [each for each in advice.reasons if each.code == "movement_cap"]
    assert why.evidence["limit"] == "9.00"
    assert Decimal(str(why.evidence["wanted"])) == raised(grown().advice)
    checks = {each.name: (str(each.status), each.limit) for each in advice.guardrails}
    assert checks["max_movement_pct"] == ("clamped", Decimal(9))


def test_a_cap_that_does_not_bind_says_that_it_was_kept_and_changes_nothing_else() -> None:
    plain = {each.campaign_id: each for each in grown().advice}
    for each in grown(max_movement_pct=90).advice:
        assert each.recommended_value == plain[each.campaign_id].recommended_value
        assert [why.code for why in each.reasons if why.code == "movement_cap"] == []
        checks = {check.name: str(check.status) for check in each.guardrails}
        assert checks.get("max_movement_pct", "passed") == "passed"
        others = {check.name for check in plain[each.campaign_id].guardrails}
        assert "max_movement_pct" not in others


def test_the_roots_cap_holds_for_all_groups_inside_together() -> None:
    plain, capped = grown_tree(), grown_tree(spring={"max_movement_pct": 2})
    limit = Decimal(10)  # two per cent of 500
    assert raised(plain.advice) > limit >= raised(capped.advice) > 0
