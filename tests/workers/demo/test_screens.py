from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from rich.console import Console

from schemas import AuditEntry, AuditStatus, Explanation, Kind, Mode, Recommendation, encode
from tests.workers.executor.world import an_action
from workers.demo.loop import Loop
from workers.demo.result import Counts, Result
from workers.demo.scorecard import Row
from workers.demo.screen import WIDTH, AccountNow, Picture, screen_on
from workers.demo.summary import print_summary
from workers.demo.trail import OnPlatforms
from workers.simulator.records import InForce
from workers.simulator.wire import Heard

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def row(account: str, *, live: int, even: int) -> Row:
    return Row(
        platform="amazon",
        account_id=account,
        currency="JPY",
        timezone="Asia/Tokyo",
        campaigns=4,
        days=8,
        budget=Decimal(2_360_000),
        spend=Decimal("2353978.0769"),
        spend_even=Decimal("2075682.8192"),
        pacing_error=0.0014,
        pacing_error_even=0.1133,
        conversions=live,
        conversions_even=even,
    )


COUNTS = Counts(
    events=25_039,
    recommendations=15_440,
    holds={"no_plan": 13_400, "budget_gone": 2},
    actions=2_160,
    audit={"simulated": 1_880, "drift": 184},
)
RESULT = Result(
    first_hour=MONDAY,
    live_hours=48,
    campaigns=8,
    rows=[row("A2E7QH4V9DE", live=110, even=100), row("A1C6LX3RJP", live=120, even=100)],
    counts=COUNTS,
    chain_verified=True,
    seconds=81.7,
)
PICTURE = Picture(
    time=MONDAY,
    hour=6,
    hours=48,
    accounts=[
        AccountNow(
            name="google 481-220-9317",
            currency="JPY",
            local_time=MONDAY,
            budget=Decimal(12_360_000),
            spent=Decimal("10353978.07"),
            next_hour=Decimal(531_978),
            conversions=33_100,
            conversions_even=28_000,
        )
    ],
    counts=COUNTS,
    latest="amazon:A2E7QH4V9DE:campaign-038  hourly_budget 36.44 → 46.31 EUR " * 3,
)


def printed(result: Result) -> str:
    console = Console(file=io.StringIO(), width=WIDTH)
    print_summary(console, result)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def test_the_summary_says_what_is_on_the_platforms_and_what_is_not_as_told() -> None:
    same = OnPlatforms(changes={"meta": 1_200, "google": 3}, values=20, differences={})
    text = " ".join(printed(replace(RESULT, platforms=same)).split())
    assert "1,200 on meta, 3 on google" in text
    assert "0 differences. The trail's hash chain is verified, every link." in text

    other = replace(same, differences={"meta bid of campaign 7": "1 there, 2 in the trail"})
    broken = replace(RESULT, platforms=other, chain_verified=False)
    text = " ".join(printed(broken).split())
    assert "1 of 20 values differ: meta bid of campaign 7: 1 there, 2 in the trail." in text
    assert "hash chain is BROKEN" in text
    assert [one.as_told for one in (RESULT, replace(RESULT, platforms=other), broken)] == [
        True,
        False,
        False,
    ]
    # Where there are no platforms, nothing is said of them, to people or programs.
    assert "platforms" not in RESULT.facts()
    assert "The servers sell nothing" not in printed(RESULT)


def test_the_summary_says_what_it_means_and_what_to_do_next() -> None:
    text = " ".join(printed(RESULT).split())
    assert "won 230 conversions where even budgets won 200: 15.0% more" in text
    assert "0.14% off a day (even hourly budgets: 11.33%)" in text
    assert "Next: `make run`" in text
    assert "in .venv/bin" in text
    assert "15,440 (holds: 13,400 no_plan, 2 budget_gone)" in text
    assert "verified, every link" in text


def test_the_summary_tells_the_surest_advice_of_each_kind() -> None:
    def told(kind: Kind, campaign: str, confidence: float) -> Recommendation:
        reasons = [f"{campaign} {word}." for word in ("loses", "is to go")]
        return Recommendation(
            platform="google",
            account_id="7",
            campaign_id=campaign,
            recommendation_id="0" * 32,
            kind=kind,
            hour=MONDAY,
            entity_id=campaign,
            field="click_rate",
            recommended_value=Decimal(1),
            unit="clicks_per_impression",
            confidence=confidence,
            reasons=tuple(Explanation(code="why", text=each) for each in reasons),
            decided_at=MONDAY,
            valid_from=MONDAY,
            expires_at=MONDAY + timedelta(days=7),
            model_version="1",
        )

    advice = [
        told(Kind.CREATIVE, "a", 0.96),
        told(Kind.TARGETING, "b", 0.99),
        told(Kind.TARGETING, "c", 0.97),
    ]
    text = printed(replace(RESULT, advice=advice))

    assert "Advice on targeting for b: b loses. b is to go." in text
    assert "Advice on creative for a: a loses. a is to go." in text
    assert "c loses" not in text


def test_advice_for_people_decides_no_hour() -> None:
    loop = Loop((), InForce(()))
    advice = encode(
        Recommendation(
            platform="google",
            account_id="7",
            campaign_id="a",
            recommendation_id="0" * 32,
            kind=Kind.CREATIVE,
            hour=MONDAY,
            entity_id="a",
            field="click_rate",
            recommended_value=Decimal(1),
            unit="clicks_per_impression",
            decided_at=MONDAY,
            valid_from=MONDAY,
            expires_at=MONDAY + timedelta(days=7),
            model_version="1",
        )
    )

    loop.hear([Heard("recommendations.v1", 0, 0, advice)])

    assert len(loop.advice) == 1
    assert not loop.recommendations


def test_an_hour_is_settled_by_what_became_of_its_actions_not_by_an_intent_or_a_part() -> None:
    released = an_action("a", "10", "12", recommendation_id="0" * 32)
    intent = AuditEntry(
        platform="google",
        account_id="7",
        campaign_id="a",
        at=MONDAY,
        status=AuditStatus.INTENT,
        mode=Mode.LIVE,
        actor="policy",
        recommendation_id="0" * 32,
        entity_id="a",
        field="hourly_budget",
    )
    loop = Loop((), InForce(()))
    loop.hear([Heard("actions.v1", 0, 0, encode(released))])
    loop.hear([Heard("audit.v1", 0, 0, encode(intent))])
    assert loop.missing(MONDAY) == "audit entries of 1 actions"

    ended = msgspec.structs.replace(intent, status=AuditStatus.APPLIED)
    part = msgspec.structs.replace(ended, field="platform_daily_budget")
    loop.hear([Heard("audit.v1", 0, 1, encode(part))])
    assert loop.missing(MONDAY) == "audit entries of 1 actions"

    loop.hear([Heard("audit.v1", 0, 2, encode(ended))])
    assert loop.missing(MONDAY) == ""


def test_a_loss_is_told_as_a_loss() -> None:
    lost = replace(RESULT, rows=[row("a", live=90, even=100)])
    assert "10.0% fewer" in " ".join(printed(lost).split())


def test_a_broken_chain_is_told() -> None:
    assert "BROKEN" in printed(replace(RESULT, chain_verified=False))


def test_nothing_printed_is_wider_than_a_hundred_columns() -> None:
    assert max(map(len, printed(RESULT).splitlines())) <= WIDTH


def test_nothing_printed_into_a_file_ends_in_blanks() -> None:
    assert [line for line in printed(RESULT).splitlines() if line != line.rstrip()] == []


def test_the_facts_are_json_with_everything_the_summary_has() -> None:
    facts = json.loads(msgspec.json.encode(RESULT.facts()))
    assert facts["conversions"] == 230
    assert facts["uplift"] == pytest.approx(0.15)
    assert facts["audit_entries"] == 1_880 + 184
    assert facts["accounts"][0]["spend"] == "2353978.0769"


def test_no_ended_day_divides_nothing() -> None:
    early = replace(RESULT, rows=[replace(row("a", live=1, even=0), days=0, budget=Decimal(0))])
    assert early.pacing_error == (0.0, 0.0)
    assert early.use == (0.0, 0.0)
    assert early.uplift == 0.0


def test_without_a_terminal_steps_and_hours_are_plain_lines() -> None:
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False)
    with screen_on(console) as screen:
        screen.step("Creating the topics")
        screen.progress("waiting")
        screen.show(PICTURE)
        screen.show(replace(PICTURE, hour=7))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Creating the topics" in text
    assert text.count("33,100 conversions") == 1
    assert "\x1b" not in text


@pytest.mark.parametrize("height", [24, 50])
def test_on_a_terminal_the_picture_shows_every_account_and_fits(height: int) -> None:
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, height=height, force_terminal=True, color_system=None)
    accounts = [replace(PICTURE.accounts[0], name=f"google 481-220-93{i:02d}") for i in range(10)]
    with screen_on(console) as screen:
        for step in ("one", "two", "three", "four", "Living two days, hour by hour"):
            screen.step(step)
        screen.show(replace(PICTURE, accounts=accounts))
        out.seek(0)
        out.truncate()
        screen.progress("")
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()).splitlines()
    assert all(any(account.name in line for line in lines) for account in accounts)
    assert any("25,039 events in" in line for line in lines)
    assert max(map(len, lines)) <= WIDTH
    assert ("four" in out.getvalue()) == (height == 50)
