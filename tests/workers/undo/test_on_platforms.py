"""One undoing over Meta, Google, LinkedIn and webhooks: real Kafka, the platforms' own clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.action import Action
from schemas.fields import Autonomy
from schemas.plan import AdSet, Bid, Plan
from tests.workers import kafka_stack
from tests.workers.cli.test_sandbox import PORTFOLIO, serving
from tests.workers.executor.world import a_plan, an_action
from workers.connectors.building import build
from workers.connectors.protocol import Connector, Ref
from workers.connectors.settings import read_platforms
from workers.sandbox.portfolio import PlacedCampaign

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC)
CAMPAIGNS = [
    next(each for each in PORTFOLIO if each.key.platform == platform)
    for platform in ("google", "meta", "linkedin", "amazon")
]


@dataclass(frozen=True, kw_only=True)
class Stack(kafka_stack.Stack):
    platforms: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "PACEKEEPER_EXECUTOR_MODE": "live",
            "PACEKEEPER_EXECUTOR_PLATFORMS": str(self.platforms),
        }

    def ended(self) -> list[dict[str, Any]]:
        """Return the entries that tell how an action has ended."""
        told = [json.loads(value) for value in self.values(topics.AUDIT)]
        of_actions = [each for each in told if not each["field"].startswith("platform_")]
        return [each for each in of_actions if each["status"] != "intent"]

    def acts(self, *actions: Action) -> None:
        """Publish actions and wait until each has ended well."""
        before = len(self.ended())
        self.publish(*((topics.ACTIONS, action, datetime.now(UTC)) for action in actions))
        self.wait_for(lambda: len(self.ended()) == before + len(actions))
        assert {each["status"] for each in self.ended()} <= {"applied", "no_op"}, self.ended()

    def in_force(self) -> dict[Ref, Decimal | None]:
        """Return what the platforms say, by their own clients."""
        return asyncio.run(_in_force(self.platforms))


async def _in_force(file: Path) -> dict[Ref, Decimal | None]:
    found: dict[Ref, Decimal | None] = {}
    for platform, settings in read_platforms(file).items():
        connector: Connector = build(platform, settings)
        for campaign in (each for each in CAMPAIGNS if each.key.platform == platform):
            states = await connector.read_state([ref for ref, _ in campaign.values])
            found |= {ref: state.value for ref, state in states.items()}
        await connector.aclose()
    return found


@contextmanager
def acting(kafka: Broker, prefix: str, folder: Path) -> Iterator[Stack]:
    """Give a stack whose executor acts on all platforms."""
    with serving(folder / "platforms"):
        file = folder / "platforms" / "platforms.toml"
        log = folder / "workers.log"
        stack = Stack(bootstrap=kafka.bootstrap, prefix=prefix, log=log, platforms=file)
        created = stack.run("topics", "create")
        assert created.returncode == 0, created.stderr
        with stack.worker("executor"):
            yield stack


def planned(campaign: PlacedCampaign) -> Plan:
    bid = Bid(base=campaign.bid)
    bids: dict[str, Any] = {"bid": bid}
    if campaign.ad_set_id:
        bids = {"ad_sets": (AdSet(ad_set_id=campaign.ad_set_id, bid=bid),)}
    names = campaign.key._asdict()
    zone = {"currency": campaign.currency, "timezone": campaign.timezone}
    return a_plan(Autonomy.AUTO, **names, **zone, **bids, actuator="bid")


def changed(
    campaign: PlacedCampaign, name: str, before: Decimal | None, target: Decimal, **field: object
) -> Action:
    return an_action(
        f"{name} of {campaign.key}",
        None if before is None else str(before),
        str(target),
        **campaign.key._asdict(),
        entity_id=campaign.key.campaign_id,
        currency=campaign.currency,
        released_at=NOW,
        valid_from=NOW,
        expires_at=NOW + timedelta(hours=1),
        **field,
    )


def multiplied(
    campaign: PlacedCampaign, name: str, before: Decimal | None, target: Decimal
) -> Action:
    cap = {"hourly_cap": campaign.daily_budget, "unit": "multiplier"}
    return changed(campaign, name, before, target, field="bid_multiplier", **cap)


def raised(campaign: PlacedCampaign, number: int) -> Action:
    """Return the first, second or later raise of the day's budget, by a tenth of the first."""
    before, target = (
        (campaign.daily_budget * (10 + tenths) / 10).quantize(campaign.step)
        for tenths in (number - 1, number)
    )
    return changed(campaign, f"budget {number}", before, target, field="daily_budget")


def test_changes_on_all_platforms_go_back_by_one_command_and_each_value_at_once(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    with acting(kafka, topic_prefix, tmp_path) as stack:
        first = stack.in_force()
        stack.publish(*((topics.PLANS, planned(each), NOW) for each in CAMPAIGNS))
        one, more = Decimal(1), Decimal("1.5")
        stack.acts(*(multiplied(each, "usual", None, one) for each in CAMPAIGNS))
        since = datetime.now(UTC).isoformat()
        stack.acts(*(multiplied(each, "more", one, more) for each in CAMPAIGNS))
        stack.acts(*(raised(each, 1) for each in CAMPAIGNS))
        stack.acts(*(raised(each, 2) for each in CAMPAIGNS))
        high = stack.in_force()
        assert all(value != high[ref] for ref, value in first.items())
        before = stack.ended()

        shown = stack.run("undo", "--since", since, "--actor", "policy", "--json")
        lines = [json.loads(line) for line in shown.stdout.splitlines()]
        assert shown.returncode == 0, shown.stderr
        assert [line["state"] for line in lines] == ["undoable"] * 3 * len(CAMPAIGNS)
        assert stack.ended() == before
        assert stack.values(topics.DECISIONS) == []

        made = stack.run("undo", "--since", since, "--yes", "--by", "ada", "--why", "too much")
        assert made.returncode == 0, made.stderr + made.stdout
        assert "8 values of 8 set back" in made.stderr
        told = [each for each in stack.ended() if each not in before]
        assert stack.in_force() == first

    assert [(each["status"], each["actor"]) for each in told] == [("rolled_back", "ada")] * 8
    assert {each["field"] for each in told} == {"bid_multiplier", "daily_budget"}
    assert all(each["rolls_back"] for each in told)
