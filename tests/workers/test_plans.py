"""Laws of applying plans: what is read, what is refused, what counts as a change."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from schemas.codec import encode
from schemas.fields import BudgetPeriod
from schemas.plan import Budget, Plan
from workers.errors import UsageError
from workers.plans import changes, read_plans


def plan(*, version: int = 1, amount: str = "100", campaign: str = "c1") -> Plan:
    return Plan(
        platform="google",
        account_id="1",
        campaign_id=campaign,
        version=version,
        currency="EUR",
        timezone="Europe/Berlin",
        budget=Budget(amount=Decimal(amount), period=BudgetPeriod.DAY),
    )


TOML = """
platform = "google"
account_id = "1"
campaign_id = "{campaign}"
version = 1
currency = "EUR"
timezone = "Europe/Berlin"
budget = {{ amount = {amount}, period = "day" }}
"""


def written(directory: Path, name: str, text: str) -> Path:
    file = directory / name
    file.write_text(text, encoding="utf-8")
    return file


def test_json_and_toml_say_the_same(tmp_path: Path) -> None:
    toml = written(tmp_path, "a.toml", TOML.format(campaign="c1", amount="100.10"))
    json = written(tmp_path, "a.json", encode(plan(amount="100.10")).decode())

    assert read_plans([toml]) == read_plans([json]) == [plan(amount="100.10")]


def test_money_is_exact_to_the_last_digit_in_both(tmp_path: Path) -> None:
    digits = "12345.123456789012345678"
    text = TOML.format(campaign="c1", amount="1") + f"avg_order_value = {digits}"
    json = encode(plan()).decode().replace("{", f'{{"avg_order_value":{digits},', 1)

    for file in (written(tmp_path, "a.toml", text), written(tmp_path, "a.json", json)):
        (found,) = read_plans([file])
        assert found.avg_order_value == Decimal(digits)


def test_a_file_may_hold_many_plans_as_a_list_or_under_a_name(tmp_path: Path) -> None:
    two = [msgspec.to_builtins(plan(campaign=name)) for name in ("c1", "c2")]
    as_list = written(tmp_path, "a.json", msgspec.json.encode(two).decode())
    named = written(tmp_path, "b.json", msgspec.json.encode({"plans": two}).decode())

    assert read_plans([as_list]) == read_plans([named])
    assert len(read_plans([named])) == 2


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.toml", TOML.format(campaign="c1", amount="-1"), "budget.amount"),
        ("a.toml", TOML.format(campaign="c1", amount="1") + "budgt = 1", "budgt"),
        (
            "a.toml",
            TOML.format(campaign="c1", amount="1").replace('"day"', '"dayly"'),
            "one of day, week, month, flight",
        ),
        (
            "a.toml",
            TOML.format(campaign="c1", amount="1") + "daily_cpa = 1",
            "did you mean daily_cap?",
        ),
        (
            "a.toml",
            TOML.format(campaign="c1", amount="1").replace("period", "perod"),
            "did you mean period?",
        ),
        ("a.toml", "[[plan]]" + TOML.format(campaign="c1", amount="1"), "under [[plans]]"),
        (
            "a.toml",
            "".join(
                f"[[{name}]]" + TOML.format(campaign=name, amount="1") for name in ("plans", "plan")
            ),
            "[[plan]]: plans stand under [[plans]]",
        ),
        ("a.json", '{"campaigns": []}', '"campaigns": plans stand under "plans"'),
        ("a.toml", "platform =", "cannot be read"),
        ("a.json", "{", "cannot be read"),
        ("a.yaml", "platform: google", "neither .json nor .toml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_name_and_what_is_wrong(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    file = written(tmp_path, name, text)

    with pytest.raises(UsageError) as refused:
        read_plans([file])

    assert str(file) in str(refused.value)
    assert problem in str(refused.value)


def test_two_plans_for_one_campaign_are_refused_with_both_places(tmp_path: Path) -> None:
    one = written(tmp_path, "one.toml", TOML.format(campaign="c1", amount="1"))
    two = written(tmp_path, "two.toml", TOML.format(campaign="c1", amount="2"))

    with pytest.raises(UsageError, match=r"two\.toml, plan 1: google:1:c1 .*one\.toml, plan 1"):
        read_plans([one, two])


def test_what_is_in_force_already_is_no_change() -> None:
    assert changes([plan()], {plan().key: encode(plan())}) == []


def test_a_new_campaign_and_a_deleted_one_are_new() -> None:
    (new,) = changes([plan()], {})
    (again,) = changes([plan()], {plan().key: None})

    assert new.before is None
    assert again.before is None


def test_a_change_names_each_field_with_both_values() -> None:
    (change,) = changes([plan(version=2, amount="120")], {plan().key: encode(plan())})

    assert list(change.differences) == [("version", 1, 2), ("budget.amount", "100", "120")]


@pytest.mark.parametrize(
    ("version", "problem"),
    [(2, "version 2 is older than 3"), (3, "version 3 is in force with other content")],
)
def test_a_version_must_grow_with_the_content(version: int, problem: str) -> None:
    in_force = {plan().key: encode(plan(version=3))}

    with pytest.raises(UsageError, match=f"{problem}.*set version to 4"):
        changes([plan(version=version, amount="120")], in_force)


def test_a_stored_plan_that_cannot_be_read_may_be_replaced() -> None:
    (change,) = changes([plan()], {plan().key: b"not json"})

    assert change.before is None
