"""An experiment is begun on campaigns that there are, on days that nobody has decided about yet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from schemas import Experiment, Guardrails, Halves, Overrides, Strategy
from tests.workers.experiment.logs import FIRST, KEYS, NAMES, a_log, an_experiment
from workers.errors import UsageError
from workers.experiment.beginning import Wish, before_it, warnings, wished
from workers.experiment.reading import ExperimentLog

BY = (("by", "ada"),)
NEXT = FIRST + timedelta(days=21)
"""The day after the one that the newest hour of `known` ended in."""


def known(**fields: Any) -> ExperimentLog:  # noqa: ANN401 -- fields of a record
    """Return a log of 20 days without experiments, its newest hour the one before midnight."""
    log = a_log(an_experiment(), 20)
    log.experiments.clear()
    for key, plan in log.plans.items():
        log.plans[key] = structs.replace(plan, **fields)
    return log


def a_wish(**fields: Any) -> Wish:  # noqa: ANN401 -- fields of a wish
    given: dict[str, Any] = {
        "name": "cpa-12",
        "campaigns": () if {"pairs", "platform"} & fields.keys() else ("41", "42"),
        "treatment": ("target_cpa=12",),
        "others": BY,
    }
    return Wish(**(given | fields))


def test_what_is_wished_for_is_the_record_and_begins_with_the_next_day() -> None:
    wish = a_wish(
        treatment=("target_cpa=12", "strategy=adaptive", "guardrails.max_change_pct=20"),
        control=("learning_share=0.1",),
        others=(("by", "ada"), ("block_days", 7), ("end", date(2026, 5, 1)), ("why", None)),
    )

    assert wished(known(), wish) == Experiment(
        experiment_id="cpa-12",
        version=1,
        campaigns=NAMES,
        control=Overrides(learning_share=0.1),
        treatment=Overrides(
            strategy=Strategy.ADAPTIVE,
            target_cpa=Decimal(12),
            guardrails=Guardrails(max_change_pct=20.0),
        ),
        block_days=7,
        start=NEXT,
        end=date(2026, 5, 1),
        by="ada",
    )


@pytest.mark.parametrize(
    ("fields", "problem", "remedy"),
    [
        ({"campaigns": ("google:7:4",)}, "no campaign google:7:4", "did you mean google:7:4"),
        ({"platform": "meta"}, "no campaign of meta", "there is google:7"),
        ({"treatment": ("budget=9",)}, "treatment.budget", ""),
        ({"treatment": ("autonomy=auto",)}, "no side of an experiment may change budgets", ""),
        ({"treatment": ("daily_cap=9",)}, "treatment.daily_cap", ""),
        ({"treatment": ("target_cpa",)}, "must be FIELD=VALUE", ""),
        ({"treatment": ()}, "must differ from control", ""),
        ({"treatment": ("strategy=odd",)}, "treatment.strategy", ""),
        ({"start": NEXT - timedelta(days=1)}, "has begun", f"begin on {NEXT} or later"),
        ({"pairs": ("control=41",)}, "must be control=CAMPAIGN,treatment=CAMPAIGN", ""),
        ({"pairs": ("control=41,treatment=41",)}, "must be another campaign", ""),
        ({"name": "No Name"}, "experiment_id", ""),
        ({"name": "a\udc80"}, "is no text", ""),
        (
            {"others": (*BY, ("end", NEXT - timedelta(days=1)))},
            "end: must not be less than start",
            f"it begins on {NEXT}: end it later",
        ),
        ({"others": (*BY, ("block_days", 0))}, "block_days", ""),
    ],
)
def test_what_cannot_be_is_refused_and_says_what_can(
    fields: dict[str, Any], problem: str, remedy: str
) -> None:
    with pytest.raises(UsageError) as refusal:
        wished(known(), a_wish(**fields))

    assert problem in refusal.value.problem
    assert remedy in refusal.value.remedy


def test_campaigns_need_a_plan_and_metrics() -> None:
    unplanned, silent = known(), known()
    del unplanned.plans[KEYS[1]]
    silent.plans[KEYS[1]._replace(campaign_id="43")] = silent.plans[KEYS[1]]

    with pytest.raises(UsageError, match="has no plan"):
        wished(unplanned, a_wish())
    with pytest.raises(UsageError, match="no metrics of campaign google:7:43"):
        wished(silent, a_wish(campaigns=("43",)))


def test_a_name_is_given_once_and_a_campaign_is_in_one_experiment_at_a_time() -> None:
    log = known()
    log.experiments["cpa-12"] = an_experiment(end=NEXT + timedelta(days=9))
    later = a_wish(name="b", start=NEXT + timedelta(days=10))

    with pytest.raises(UsageError, match="exists already"):
        wished(log, a_wish())
    with pytest.raises(UsageError, match="cpa-12 runs on google:7:41 already"):
        wished(log, a_wish(name="b", platform="google"))
    assert wished(log, later).start == NEXT + timedelta(days=10)
    stop = datetime(2026, 3, 20, tzinfo=UTC)
    log.experiments["cpa-12"] = an_experiment(version=2, status="stopped", stopped_at=stop)
    assert wished(log, a_wish(name="b")).experiment_id == "b"


def test_two_campaigns_are_compared_as_they_are_from_any_day_on() -> None:
    pairs = ("control=41,treatment=42",)
    told = wished(known(), a_wish(pairs=pairs, treatment=(), start=FIRST))

    assert told.pairs == (Halves(control=NAMES[0], treatment=NAMES[1]),)
    assert told.start == FIRST
    with pytest.raises(UsageError, match="has begun"):
        wished(known(), a_wish(pairs=pairs, start=FIRST))
    other_zone = known()
    other_zone.plans[KEYS[1]] = structs.replace(other_zone.plans[KEYS[1]], timezone="Asia/Tokyo")
    with pytest.raises(UsageError, match="are of UTC, days of google:7:42 of Asia/Tokyo"):
        wished(other_zone, a_wish(pairs=pairs))


def test_what_may_spoil_it_is_said() -> None:
    log = known(budget_group_id="all")
    shares, levers = warnings(log, wished(log, a_wish(treatment=("strategy=adaptive",))))

    assert "google:7:41 shares its budget with a group, and so does 1 more" in shares
    assert "sets bids and the other budgets" in levers
    assert list(warnings(known(), wished(known(), a_wish()))) == []


def test_the_days_before_it_say_how_long_it_takes() -> None:
    log = known()
    usual = before_it(log, wished(log, a_wish()))

    # 34 days are known, 14 of them before the log's first; the pairs begin on the second of these.
    assert usual.verdict.observations == 16
    assert usual.verdict.reach[-1].days is not None
    assert not usual.verdict.differs
