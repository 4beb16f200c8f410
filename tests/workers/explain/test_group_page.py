"""A person reads amounts of advice in its currency, and rates and shares in words."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from tests.workers.report.told import advice
from workers.explain.group_page import print_other


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("currency", "11 EUR"),
        ("currency_per_click", "11 EUR a click"),
        ("clicks_per_impression", "11 clicks per impression"),
        ("share_of_bid", "11 of the bid"),
    ],
)
def test_values_are_followed_by_their_unit_in_words(unit: str, said: str) -> None:
    page = StringIO()
    print_other(Console(file=page, width=200), advice(3, unit=unit), [], ("the log", []))

    (line,) = (each for each in page.getvalue().splitlines() if each.startswith("value: "))
    assert line.endswith(f"from 10 to {said}")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"auto_execute": True}, "released by policy"),
        ({}, "waits for a person,"),
        ({"approvers": 3}, "waits for 3 people,"),
    ],
)
def test_who_lets_it_go_is_told(fields: dict[str, object], said: str) -> None:
    page = StringIO()
    print_other(Console(file=page, width=200), advice(3, **fields), [], ("the log", []))

    assert any(line.startswith(said) for line in page.getvalue().splitlines())
