"""Laws of applying groups: what is read, what is refused between them, what counts as a change."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas import Budget, BudgetPeriod, Group, encode
from workers import groups
from workers.allocator.handing import DEEPEST
from workers.allocator.member_rows import KEPT_DAYS
from workers.errors import UsageError
from workers.groups import changes, missing_parents, read_groups

TOML = """
[[groups]]
budget_group_id = "spring"
version = 1
currency = "EUR"
timezone = "Europe/Berlin"
budget = {{ amount = {amount}, period = "month" }}

[[groups]]
budget_group_id = "spring search"
parent_group_id = "spring"
version = 1
currency = "EUR"
timezone = "Europe/Berlin"
budget = {{ amount = "4000", period = "month" }}
"""


def group(name: str, parent: str | None = None, **fields: Any) -> Group:  # noqa: ANN401
    given: dict[str, Any] = {
        "budget_group_id": name,
        "parent_group_id": parent,
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": Budget(amount=Decimal(100), period=BudgetPeriod.DAY),
    }
    return Group(**(given | fields))


def in_force(*known: Group) -> dict[bytes, bytes | None]:
    return {each.key: encode(each) for each in known}


def test_a_file_is_read_to_the_last_digit(tmp_path: Path) -> None:
    file = tmp_path / "groups.toml"
    file.write_text(TOML.format(amount="9000.25"))

    spring, search = read_groups([file])

    assert (spring.key, str(spring.budget.amount)) == (b"spring", "9000.25")
    assert search.parent_group_id == "spring"


def test_what_is_wrong_in_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "groups.toml"
    file.write_text(TOML.format(amount="9000.255"))

    with pytest.raises(UsageError, match=r"groups.toml, group 1: budget.amount"):
        read_groups([file])


def test_what_is_in_force_already_is_no_change_and_what_differs_is_told() -> None:
    before, same = group("a"), group("b")
    after = group("a", version=2, max_change_pct=30.0)

    (change,) = changes([after, same], in_force(before, same))

    assert change.differences == [("version", 1, 2), ("max_change_pct", None, 30.0)]


@pytest.mark.parametrize(("version", "says"), [(3, "is in force with other"), (2, "is older than")])
def test_a_version_must_go_up_when_the_content_differs(version: int, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        changes([group("a", version=version, max_change_pct=30.0)], in_force(group("a", version=3)))
    assert "set version to 4" in refused.value.remedy


def test_a_circle_is_refused_also_when_half_of_it_is_in_force() -> None:
    with pytest.raises(UsageError, match="circle: b in a in b"):
        changes([group("a", "b")], in_force(group("b", "a")))


def test_a_circle_that_others_have_made_does_not_stop_anyone_else() -> None:
    there = in_force(group("a", "b"), group("b", "a"))
    assert [change.name for change in changes([group("c")], there)] == ["c"]


def test_a_tree_may_have_as_many_levels_as_the_allocator_takes() -> None:
    chain = [group("0"), *(group(str(n), str(n - 1)) for n in range(1, DEEPEST))]

    told = [change.name for change in changes(chain, {})]

    assert told == [str(n) for n in reversed(range(DEEPEST))]  # Roots come last.
    with pytest.raises(UsageError, match="9 levels deep"):
        changes([group("8", "7")], in_force(*chain))


def test_another_time_zone_than_the_roots_is_refused() -> None:
    with pytest.raises(UsageError, match="b is in Asia/Tokyo, but a"):
        changes([group("b", "a", timezone="Asia/Tokyo")], in_force(group("a")))


@pytest.mark.parametrize(("last", "refused"), [("2026-04-29", False), ("2026-04-30", True)])
def test_a_flight_is_as_long_as_days_are_kept(last: str, *, refused: bool, tmp_path: Path) -> None:
    text = TOML.format(amount="1").split("[[groups]]")[1].replace('"month"', '"flight"')
    file = tmp_path / "flight.toml"
    file.write_text(f"{text}\nflight_start = 2026-03-01\nflight_end = {last}\n")
    read = read_groups([file])
    if refused:
        with pytest.raises(UsageError, match="its flight has 61 days"):
            changes(read, {})
    else:
        assert len(changes(read, {})) == 1


def test_limits_are_those_of_the_allocator() -> None:
    assert (groups.DEEPEST, groups.LONGEST_FLIGHT) == (DEEPEST, KEPT_DAYS)


def test_a_parent_that_nobody_has_defined_is_told() -> None:
    told = [group("a", "x"), group("b", "a"), group("c", "y")]
    assert missing_parents(told, in_force(group("y"))) == {"a": "x"}
