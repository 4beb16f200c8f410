"""The page on going live: its files are read, its tables say what the code does, commands run."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from engine.platform_rules import RULES
from schemas import AuditStatus
from schemas.action import Action
from schemas.fields import Autonomy, Entity
from schemas.plan import Actuator, AdSet, Bid, Plan
from tests.docs.test_guarantees import ROOT
from tests.person_fixtures import Person
from tests.workers.executor.world import a_plan, a_recommendation, an_action
from tests.workers.report.told import an_hour
from workers.connectors.building import build, levers_of
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.linkedin.options import LinkedInCredentials, LinkedInOptions
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.options import AccountOptions, WebhookOptions
from workers.connectors.registry import BUILT_IN
from workers.connectors.settings import (
    AccountMode,
    CallLimits,
    PlatformSettings,
    read_platforms,
)
from workers.executor.couriers import LEASE
from workers.executor.edited_entries import EDITED_BY, UNEXPLAINED
from workers.executor.live.breaker import BreakerPolicy
from workers.executor.live.policy import Patience
from workers.executor.orders import Part
from workers.executor.plans import _rule
from workers.executor.platforms import KnownPlatforms, PlatformTerms
from workers.executor.rows import Campaign
from workers.executor.translating import CannotSet, parts_of
from workers.plans import read_plans

PAGE = (ROOT / "docs" / "going-live.md").read_text(encoding="utf-8")
FILES = {
    text.split("\n", 1)[0].removeprefix("# "): text
    for text in re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
}
PLATFORMS = [name for name in FILES if name != "plans.toml"]
LONG_ENOUGH = "dGhlIGNhbmFyeSBvZiB0aGUgcGFnZQ=="
EXECUTOR = ROOT / "workers" / "executor"
LIVE = (
    "ordering",
    "platforms",
    "translating",
    "obstacles",
    "pausing",
    "day_limits",
    "rails",
    "returns",
    "simulate",
    "settling",
    "endings",
    "moving",
)
TOLD_BY = {"rejected", "expired", "CannotSet", "Finding", "ended", "_ended", "failed"}
"""Calls that are given a reason."""


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the table whose head begins so, without head and rule."""
    (table,) = re.findall(rf"^\| {heading}.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, flags=re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]


def words(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def settings_of(name: str, folder: Path) -> tuple[str, PlatformSettings]:
    path = folder / name
    path.write_text(FILES[name])
    (found,) = read_platforms(path).items()
    return found


# ---------------------------------------------------------------- the file of platforms


@pytest.mark.parametrize("name", PLATFORMS)
async def test_every_file_of_platforms_on_the_page_makes_a_connector(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in re.findall(r'"env:(\w+)"', FILES[name]):
        monkeypatch.setenv(variable, LONG_ENOUGH)
    platform, settings = settings_of(name, tmp_path)
    connector = build(platform, settings)

    assert platform == name.removesuffix(".toml")
    assert set(settings.accounts.values()) == {AccountMode.SHADOW}
    assert (Entity.CAMPAIGN, "daily_budget") in levers_of(platform, settings)
    await connector.aclose()


def test_there_is_a_file_for_each_connector_that_acts(tmp_path: Path) -> None:
    shown = {settings_of(name, tmp_path)[1].connector for name in PLATFORMS}
    assert shown == BUILT_IN.keys() - {"simulate"}


def test_every_key_of_a_section_is_on_the_page_with_its_default() -> None:
    told = {words(key)[0]: default for key, default, _ in rows("key")}
    limits = CallLimits()
    expected = {name for name in PlatformSettings.__struct_fields__ if name != "limits"}
    expected |= {f"limits.{name}" for name in CallLimits.__struct_fields__}

    assert told.keys() == expected
    assert told["limits.calls_per_second"] == f"{limits.calls_per_second:g}"
    assert told["limits.burst"] == str(limits.burst)


def test_every_secret_and_option_of_a_connector_is_on_the_page() -> None:
    told = {words(name)[0]: set(words(secrets + options)) for name, secrets, options in rows("con")}
    kinds = {
        "meta": (MetaCredentials, MetaOptions),
        "google": (GoogleCredentials, GoogleOptions),
        "linkedin": (LinkedInCredentials, LinkedInOptions),
    }
    wanted = {
        name: {field.name for kind in pair for field in fields(kind)}
        for name, pair in kinds.items()
    }
    wanted["google"] = wanted["google"] - {"roots"} | {"roots_file"}
    webhook = (*WebhookOptions.__struct_fields__, *AccountOptions.__struct_fields__)
    assert told == {**wanted, "webhook": set(webhook)}


# ---------------------------------------------------------------- plans


def known(folder: Path) -> KnownPlatforms:
    terms = {}
    for name in PLATFORMS:
        platform, settings = settings_of(name, folder)
        levers = levers_of(platform, settings)
        terms[platform] = PlatformTerms(accounts=settings.accounts, levers=levers)
    return KnownPlatforms(terms=terms)


def wish(plan: Plan) -> Action:
    """Return what an optimizer may want of the campaign."""
    names = {name: getattr(plan, name) for name in ("platform", "account_id", "campaign_id")}
    more: dict[str, object] = {"field": "bid_multiplier", "unit": "multiplier"}
    if plan.actuator is Actuator.BUDGET:
        more = {"field": "hourly_budget", "day_budget": Decimal(40)}
    return an_action("wish", None, "1.2", **names, entity_id=plan.campaign_id, **more)


def set_by(plan: Plan, folder: Path) -> tuple[Part, ...]:
    return parts_of(known(folder), _rule(plan), Campaign(), wish(plan), plan.currency)


def set_with(actuator: Actuator, platform: str, folder: Path) -> str:
    """Return what is set as the page has it, with ad sets where it cannot be without."""
    terms = known(folder).terms[platform]
    goals = {Actuator.TARGET_CPA: {"target_cpa": Decimal(20)}}
    goals[Actuator.TARGET_ROAS] = {"target_roas": 4.0}  # type: ignore[dict-item]
    plan = a_plan(
        Autonomy.AUTO,
        platform=platform,
        account_id=next(iter(terms.accounts)),
        actuator=actuator,
        bid=Bid(base=Decimal(1)),
        **goals.get(actuator, {}),
    )
    try:
        (part,) = set_by(plan, folder)
    except CannotSet as error:
        if error.finding.reason == "unsupported_lever":
            return "nothing"
        (part,) = set_by(msgspec.structs.replace(plan, ad_sets=(AdSet(ad_set_id="1"),)), folder)
    whose = "the campaign" if part.entity is Entity.CAMPAIGN else "each ad set"
    return f"`{part.lever}` of {whose}"


def test_what_each_actuator_sets_on_each_platform_is_what_the_table_says(tmp_path: Path) -> None:
    told = {words(actuator)[0]: cells for actuator, *cells in rows("`actuator`")}
    platforms = ("meta", "google", "linkedin", "amazon")

    assert told == {
        actuator.value: [set_with(actuator, platform, tmp_path) for platform in platforms]
        for actuator in Actuator
    }


def test_every_plan_on_the_page_has_what_its_actuator_needs(tmp_path: Path) -> None:
    path = tmp_path / "plans.toml"
    path.write_text(FILES["plans.toml"])
    plans = read_plans([path])

    assert {plan.actuator for plan in plans} >= {Actuator.BID, Actuator.BUDGET, Actuator.TARGET_CPA}
    assert {plan.autonomy for plan in plans} == {Autonomy.PROPOSE}
    for plan in plans:
        assert set_by(plan, tmp_path)


# ---------------------------------------------------------------- figures and the trail


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    patience, breaker = Patience(), BreakerPolicy()
    assert (RULES["google"].day, RULES["meta"].day, RULES["linkedin"].day) == (200, 175, 150)
    assert f"for {patience.late_by:.0f} seconds yet" in PAGE
    assert f"may call for {LEASE:.0f} seconds" in PAGE
    assert (patience.attempts, patience.deadline) == (4, 600), "four tries, ten minutes"
    assert (breaker.failures, breaker.rest, breaker.rest_without_credentials) == (5, 60, 600)


def reasons(text: str) -> Iterator[str]:
    """Yield the reasons that a module may give."""
    for node in ast.walk(ast.parse(text)):
        given: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            given = node.args if name in TOLD_BY else []
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "reason":
            given = [part for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
        for one in given:
            if isinstance(one, ast.Constant) and re.fullmatch(r"[a-z_]+", str(one.value)):
                yield str(one.value)


def test_every_reason_and_status_of_live_mode_is_on_the_page_and_no_other() -> None:
    modules = [EXECUTOR / f"{name}.py" for name in LIVE]
    modules += [EXECUTOR / "live" / name for name in ("course.py", "carry_out.py")]
    given = {reason for path in modules for reason in reasons(path.read_text())}
    given |= {*EDITED_BY.values(), UNEXPLAINED}
    told = [word for reason, *_ in rows("reason") for word in words(reason)]

    assert len(given) >= 35
    assert sorted(told) == sorted(given)
    statuses = {word for status, *_ in rows("status") for word in words(status)}
    assert statuses == {str(status) for status in AuditStatus} - {"simulated"}


# ---------------------------------------------------------------- commands


def commands() -> list[list[str]]:
    """Return the commands of the page that end by themselves, without their comments."""
    found = re.findall("^pacekeeper .*$", PAGE, re.MULTILINE)
    lines = [shlex.split(line, comments=True) for line in found]
    # Decisions and what is undone are held by their own tests, and the executor does not end.
    return [line[1:] for line in lines if line[1] not in {"executor", "decide", "undo"}]


@pytest.mark.kafka
def test_every_command_on_the_page_runs(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plans.toml").write_text(FILES["plans.toml"])
    # Nobody listens there: the command runs, and says that the account failed.
    nowhere = FILES["meta.toml"].replace("[meta.options]", '[meta.options]\naddress = "NOWHERE"')
    Path("platforms.toml").write_text(nowhere.replace("NOWHERE", "http://127.0.0.1:1"))
    for line in re.findall("^export (.*)$", PAGE, re.MULTILINE):
        name, _, value = line.partition("=")
        person.terminal[name] = value
    monkeypatch.setenv("META_TOKEN", LONG_ENOUGH)
    monkeypatch.setenv("META_APP_SECRET", LONG_ENOUGH)
    advice = a_recommendation("r", "12", recommendation_id="9c56cc51b374c3ba189210d5b6d4bf57")
    person.tells("recommendations.v1", advice)
    person.tells("metrics.v1", an_hour(0))

    assert len(commands()) >= 8
    # The account does not answer, and what the advice was made from is gone.
    codes = {"collect": 1, "explain": 2}
    for line in commands():
        limit = ("--from-beginning", "--limit", "1") if line[0] == "watch" else ()
        person.runs(*line, *limit, code=codes.get(line[0], 0))
