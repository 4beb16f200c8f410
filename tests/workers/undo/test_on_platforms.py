"""One undoing over Meta, Google, LinkedIn and webhooks: real Kafka, the platforms' own clients."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from tests.workers.executor.world import a_plan, an_action
from workers.connectors.building import build
from workers.connectors.protocol import Connector, Lever, Ref
from workers.connectors.settings import read_platforms
from workers.sandbox.faults import Fault, Planned
from workers.sandbox.google.kept import place, put_at, raw_of
from workers.sandbox.portfolio import PlacedCampaign, numbered, portfolio_of
from workers.sandbox.ready_file import PLATFORMS, ReadyFile
from workers.sandbox.serving import Sandbox
from workers.simulator.population import make_world

pytestmark = pytest.mark.kafka

NOW = datetime.now(UTC)
PORTFOLIO = portfolio_of(numbered(make_world(10, seed=1)))
CAMPAIGNS = [
    next(each for each in PORTFOLIO if each.key.platform == platform)
    for platform in ("google", "meta", "linkedin", "amazon")
]
SECOND = {"google": "900100000", "meta": "900100003"}
"""A second ad set of the campaign on these platforms, with the bid of the first."""


@contextmanager
def on_loopback(folder: Path) -> Iterator[Sandbox]:
    """Serve the campaigns from a thread of its own; `PLATFORMS` in ``folder`` leads to them."""
    sandbox = Sandbox(tuple(CAMPAIGNS))
    google, meta = CAMPAIGNS[:2]
    account, number = google.key.account_id.replace("-", ""), google.key.campaign_id
    sandbox.google.world.add_ad_group(account, number, SECOND["google"])
    name, path = place(sandbox.google.world.resources, bids_of(google)[1])
    raw = raw_of(Lever.BID, google.bid)
    put_at(sandbox.google.world.resources[name], path, raw)
    amount = {"bid_amount": str(int(meta.bid * 100))}
    account = meta.key.account_id.removeprefix("act_")
    sandbox.meta.store.add_ad_set(account, SECOND["meta"], meta.key.campaign_id, **amount)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="platforms on loopback")
    thread.start()
    serving = sandbox.serving()
    asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(30)
    ReadyFile(sandbox=sandbox, directory=folder).write()
    try:
        yield sandbox
    finally:
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


def refs_of(campaign: PlacedCampaign) -> list[Ref]:
    """Return all that is set of a campaign."""
    return [next(campaign.values)[0], *bids_of(campaign)]


def bids_of(campaign: PlacedCampaign) -> list[Ref]:
    """Return where the bids of a campaign are set."""
    _, (first, _) = campaign.values
    second = SECOND.get(campaign.key.platform)
    return [first] + ([replace(first, entity_id=second)] if second else [])


@dataclass(frozen=True, kw_only=True)
class Stack(kafka_stack.LiveStack):
    sandbox: Sandbox

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
            states = await connector.read_state(refs_of(campaign))
            found |= {ref: state.value for ref, state in states.items()}
        await connector.aclose()
    return found


@contextmanager
def acting(kafka: Broker, prefix: str, folder: Path) -> Iterator[Stack]:
    """Give a stack whose executor acts on all platforms."""
    file, log = folder / PLATFORMS, folder / "workers.log"
    names = {"bootstrap": kafka.bootstrap, "prefix": prefix}
    with on_loopback(folder) as sandbox:
        stack = Stack(**names, log=log, sandbox=sandbox, platforms=file)
        created = stack.run("topics", "create")
        assert created.returncode == 0, created.stderr
        with stack.worker("executor"):
            yield stack


def planned(campaign: PlacedCampaign) -> Plan:
    bid = Bid(base=campaign.bid)
    bids: dict[str, Any] = {"bid": bid}
    if campaign.ad_set_id:
        own = (ref.entity_id for ref in bids_of(campaign))
        bids = {"ad_sets": tuple(AdSet(ad_set_id=ad_set, bid=bid) for ad_set in own)}
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


@dataclass(frozen=True, kw_only=True)
class Raised:
    """What was in force before all was raised and after, and what the platforms had set by then."""

    since: str
    first: dict[Ref, Decimal | None]
    high: dict[Ref, Decimal | None]
    entries: int
    calls: dict[str, int]

    def made(self, stack: Stack, campaign: PlacedCampaign) -> list[tuple[Ref, Decimal]]:
        """Return what a campaign's platform, which has its own way to spell accounts, has set."""
        name, account = campaign.key.platform, campaign.key.account_id
        effects = stack.sandbox.platforms[name].effects[self.calls[name] :]
        return [(replace(each.ref, account_id=account), each.after) for each in effects]


def raise_all(stack: Stack) -> Raised:
    """Raise the bids of each campaign once, and its budget twice."""
    first = stack.in_force()
    stack.publish(*((topics.PLANS, planned(each), NOW) for each in CAMPAIGNS))
    one, more = Decimal(1), Decimal("1.5")
    stack.acts(*(multiplied(each, "usual", None, one) for each in CAMPAIGNS))
    since = datetime.now(UTC).isoformat()
    stack.acts(*(multiplied(each, "more", one, more) for each in CAMPAIGNS))
    for number in (1, 2):
        stack.acts(*(raised(each, number) for each in CAMPAIGNS))
    high = stack.in_force()
    assert all(value != high[ref] for ref, value in first.items())
    calls = {name: len(each.effects) for name, each in stack.sandbox.platforms.items()}
    return Raised(since=since, first=first, high=high, entries=len(stack.ended()), calls=calls)


def test_changes_on_all_platforms_go_back_by_one_command_and_each_value_at_once(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    with acting(kafka, topic_prefix, tmp_path) as stack:
        all_raised = raise_all(stack)
        chosen = ("undo", "--since", all_raised.since, "--actor", "policy")
        shown = stack.run(*chosen, "--json")
        lines = [json.loads(line) for line in shown.stdout.splitlines()]
        assert shown.returncode == 0, shown.stderr
        assert [line["state"] for line in lines] == ["undoable"] * 3 * len(CAMPAIGNS)
        assert len(stack.ended()) == all_raised.entries
        assert stack.values(topics.DECISIONS) == []

        made = stack.run(*chosen, "--yes", "--by", "ada", "--why", "too much")
        assert made.returncode == 0, made.stderr + made.stdout
        assert "8 values of 8 set back" in made.stderr
        told = [each for each in stack.ended() if each["actor"] == "ada"]
        for campaign in CAMPAIGNS:
            effects = all_raised.made(stack, campaign)
            assert dict(effects) == {ref: all_raised.first[ref] for ref in refs_of(campaign)}
            assert len(effects) == len(refs_of(campaign)), "each value is set once"

    assert [each["status"] for each in told] == ["rolled_back"] * 8
    assert {each["field"] for each in told} == {"bid_multiplier", "daily_budget"}
    assert all(each["rolls_back"] for each in told)


def test_where_one_platform_refuses_a_bid_its_others_are_put_back_and_other_platforms_go_on(
    kafka: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    with acting(kafka, topic_prefix, tmp_path) as stack:
        all_raised = raise_all(stack)
        google, chosen = CAMPAIGNS[0], ("undo", "--since", all_raised.since)
        stack.sandbox.google.faults.plan(Planned(fault=Fault.PARTIAL_FAILURE, after=1))
        some = stack.run(*chosen, "--field", "bid_multiplier", "--yes")
        assert some.returncode == 1, some.stderr
        assert "3 values of 4 set back" in some.stderr
        first, _ = bids_of(google)
        there_and_back = [(first, all_raised.first[first]), (first, all_raised.high[first])]
        assert all_raised.made(stack, google) == there_and_back
        assert "put_back" in {each.get("reason") for each in stack.ended()}

        rest = stack.run(*chosen, "--yes")
        assert rest.returncode == 0, rest.stderr + rest.stdout
        assert "5 values of 5 set back" in rest.stderr
        assert stack.in_force() == all_raised.first
