"""An account on a terminal: it fits, and says what matters first."""

from __future__ import annotations

import io
import json
from typing import Any

import msgspec
import pytest
from rich.console import Console

from schemas import HoldReason
from tests.workers.report.told import a_hold, a_plan, advice, an_hour
from tests.workers.status.books import a_book, all_of
from workers.errors import UsageError
from workers.status.book import StatusBook
from workers.status.choosing import Filters, listed, named, of_account
from workers.status.model import Level
from workers.status.standing import totals_of
from workers.status.table import print_account


def a_world() -> StatusBook:
    """Return ten campaigns of two currencies with long names, one of them held."""
    names = [f"a-campaign-with-a-long-name-{number}" for number in range(10)]
    codes = ["EUR", "JPY"] * 5
    told = []
    for number, name in enumerate(names):
        fields: dict[str, Any] = {"campaign_id": name, "recommendation_id": f"{number:032x}"}
        held = a_hold(30, HoldReason.BUDGET_GONE, **fields)
        told.append(held if number == 9 else advice(30, exhaustion_risk=0.5, **fields))
    return a_book(
        [
            an_hour(hour, str(10**number // 1_000), campaign_id=name, currency=code)
            for number, (name, code) in enumerate(zip(names, codes, strict=True))
            for hour in range(30)
        ],
        plans=[
            a_plan(campaign_id=name, currency=code) for name, code in zip(names, codes, strict=True)
        ],
        recommendations=told,
    )


def printed(width: int, filters: Filters | None = None) -> list[str]:
    book, file = a_world(), io.StringIO()
    every = all_of(book)
    some = listed(every, filters or Filters())
    totals = totals_of(book, list(book.campaigns), every)
    console = Console(file=file, width=width)
    print_account(console, some, totals, left_out=len(every) - len(some))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 100, 120, 160, 200, 240])
def test_every_line_fits_the_terminal_and_campaigns_are_told_apart(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    rows = [line for line in lines if "name-" in line]
    assert len({line.split()[1] for line in rows}) == len(rows) == 10


def test_a_wider_terminal_shows_what_a_narrower_one_does_and_more() -> None:
    shown: list[set[str]] = [
        set(printed(width)[2].replace("today / budget", "today").split())
        for width in (80, 120, 200)
    ]
    assert {"risk", "campaign", "today", "pace"} <= shown[0]
    assert shown[0] < shown[1] < shown[2]
    assert "held" in shown[1]


def test_totals_are_of_all_campaigns_even_where_not_all_are_listed() -> None:
    lines = printed(120, Filters(limit=2))
    assert sum("name-" in line for line in lines) == 2
    assert any("8 more campaigns in the totals, not in the list" in line for line in lines)
    assert sum("5 campaigns" in line for line in lines) == 2


def test_only_campaigns_of_enough_risk_are_listed() -> None:
    every = all_of(a_world())
    some = listed(every, Filters(risk=Level.HIGH))
    assert 0 < len(some) < len(every)
    assert {each.risk for each in some} <= {"high", "critical"}
    assert {each.campaign for each in every} - {each.campaign for each in some} == {
        each.campaign for each in every if each.risk in {"low", "medium"}
    }


def test_no_campaign_of_a_terminals_risk_still_leaves_the_totals() -> None:
    book, file = a_world(), io.StringIO()
    totals = totals_of(book, list(book.campaigns), all_of(book))
    print_account(Console(file=file, width=80), [], totals, left_out=10)
    assert "no campaign to be listed" in file.getvalue()
    assert "5 campaigns" in file.getvalue()


def test_a_line_of_json_is_one_campaign() -> None:
    for each in all_of(a_world()):
        told = json.loads(msgspec.json.encode(each))
        assert told["kind"] == "campaign"
        assert told["day"]["spent"] == each.day.spent


def test_a_campaign_is_found_by_its_key_or_by_its_end_and_else_near_ones_are_named() -> None:
    book = a_book([an_hour(0, campaign_id=name) for name in ("summer", "winter")])
    keys = list(book.campaigns)
    assert named(keys, "google:7:summer") == named(keys, "summer") == keys[0]
    with pytest.raises(UsageError, match="did you mean google:7:summer"):
        named(keys, "sumer")
    with pytest.raises(UsageError, match="no campaign zzz: `pacekeeper status` lists all"):
        named(keys, "zzz")
    both = [*keys, keys[0]._replace(platform="meta")]
    with pytest.raises(UsageError, match="summer names several campaigns"):
        named(both, "summer")


def test_an_account_that_is_not_there_is_refused_with_those_that_are() -> None:
    keys = list(a_book([an_hour(0), an_hour(0, platform="meta")]).campaigns)
    assert len(of_account(keys, Filters(platform="meta"))) == 1
    assert len(of_account(keys, Filters(account="7"))) == 2
    with pytest.raises(UsageError, match="no campaign of platform bing: there is google:7, meta:7"):
        of_account(keys, Filters(platform="bing"))


def test_where_no_hour_was_told_it_is_said_so_and_none_is_named_for_choice() -> None:
    empty = a_book([], plans=[a_plan()], recommendations=[advice(5)])
    for asked in (Filters(), Filters(platform="bing")):
        with pytest.raises(UsageError, match="no campaign has reported an hour: publish metrics"):
            of_account(empty.campaigns, asked)
    with pytest.raises(UsageError, match="no campaign has reported an hour: publish metrics"):
        named(empty.campaigns, "42")


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "[red]x[/red]", "\N{FIRE}" * 30, "x" * 128, "a b"]
)
@pytest.mark.parametrize("width", [40, 300])
def test_whatever_campaigns_are_named_a_table_of_them_is_printed(name: str, width: int) -> None:
    named_so = {"campaign_id": name, "account_id": name}
    book = a_book(
        [an_hour(number, **named_so) for number in range(3)],
        plans=[a_plan(**named_so)],
        recommendations=[advice(2, **named_so)],
    )
    page = io.StringIO()
    some = all_of(book)
    totals = totals_of(book, list(book.campaigns), some)
    print_account(Console(file=page, width=width), some, totals, left_out=0)

    assert width < 300 or name in page.getvalue()
