"""The page about approvals: its tables name what the code does, its example is a plan's."""

from __future__ import annotations

import json
import re
import tomllib

from schemas import Plan, decode, encode
from schemas.approval import MOST_APPROVERS
from schemas.autonomy import AutonomyOf
from schemas.fields import Autonomy
from tests.docs.test_going_live import EXECUTOR, reasons
from tests.docs.test_guarantees import ROOT
from tests.workers.executor.world import a_plan

PAGE = (ROOT / "docs" / "approvals.md").read_text(encoding="utf-8")


def first_words(heading: str) -> list[str]:
    """Return what stands in the first column of the table whose head begins so."""
    (table,) = re.findall(rf"^\| `?{heading}.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, flags=re.MULTILINE)
    return re.findall(r"^\| `(\w+)`", table, flags=re.MULTILINE)


def test_every_step_and_every_lever_is_on_the_page() -> None:
    assert first_words("autonomy") == [each.value for each in Autonomy]
    assert first_words("field") == list(AutonomyOf.__struct_fields__)
    assert f"(1 to {MOST_APPROVERS}, 1 by default)" in PAGE


def test_the_example_is_what_a_plan_may_say() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    said = tomllib.loads(text)
    plan = decode(json.dumps({**json.loads(encode(a_plan(Autonomy.AUTO))), **said}).encode(), Plan)

    assert plan.approvers == said["approvers"]
    assert plan.autonomy_for("hourly_budget") is Autonomy.AUTO
    assert plan.autonomy_for("daily_budget") is Autonomy.OBSERVE
    assert plan.autonomy_for("bid") is plan.autonomy_for(None) is Autonomy.PROPOSE


def test_every_reason_why_an_approval_does_not_count_is_on_the_page() -> None:
    modules = (EXECUTOR / f"{name}.py" for name in ("approving", "ruling"))
    given = {reason for path in modules for reason in reasons(path.read_text())}
    given -= {"unknown_recommendation"}  # Of an id that nobody was asked about.
    told = set(re.findall(r"`(\w+)`", PAGE))

    assert {"plan_changed", "frozen", "value_changed", "not_an_approver"} <= given
    assert given <= told
    assert set(first_words("reason")) <= given
