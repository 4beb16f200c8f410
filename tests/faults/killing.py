"""Changes on all platforms by an executor that dies at every step, and what must hold afterwards.

``python -m tests.faults.killing`` kills it at each moment once for each platform, which takes long.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from deploy.broker import Broker
from schemas import topics
from schemas.action import Action
from schemas.audit import OPEN, AuditEntry, AuditStatus
from schemas.fields import Autonomy, Entity
from schemas.keys import CampaignKey
from schemas.plan import AdSet
from tests.faults.moments import moments
from tests.faults.mortal_executor import DEATHS, PLATFORMS, Manner
from tests.waiting import eventually
from tests.workers.executor.test_live_on_kafka import Stack
from tests.workers.executor.world import a_plan, an_action
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.portfolio import PlacedCampaign, Portfolio
from workers.sandbox.ready_file import ReadyFile
from workers.sandbox.serving import Sandbox

CAMPAIGNS: Final = 30
"""Of each platform: Meta takes four changes of a budget in an hour."""
NOT_REACHED: Final = {
    "transactions._send 1 producer.send_batch": "an outcome is far smaller than a batch",
    "couriers.Couriers.let_go 1 self._terms.pop": "only who lives on lets go of a partition",
    "couriers._Term.end 1 asyncio.wait": "only who lives on lets go of a partition",
    "couriers.Couriers.aclose 1 asyncio.gather": "only who is asked to end closes connections",
}
"""Points at which a worker waits that is not to be killed there, and why."""
TROUBLES: Final = (
    None,
    Planned(fault=Fault.HTML_502, call=Call.READ),
    Planned(fault=Fault.THROTTLED_WITHOUT_HINT),
    Planned(fault=Fault.APPLIED_THEN_RESET),
)
"""What goes wrong with one change after the other, so that the loop's ways aside are gone, too."""
SETTLED: Final = {AuditStatus.APPLIED, AuditStatus.CONFIRMED}


def portfolio() -> Portfolio:
    """Return the campaigns of one account of each platform."""
    return tuple(
        PlacedCampaign(
            key=CampaignKey(platform, "1234567890", str(700 + row)),
            currency="EUR",
            timezone="Europe/Berlin",
            daily_budget=Decimal(90),
            bid=Decimal(1),
            ad_set_id=str(800 + row) if platform in {"google", "meta"} else "",
        )
        for platform in PLATFORMS
        for row in range(CAMPAIGNS)
    )


@contextmanager
def on_loopback() -> Iterator[Sandbox]:
    """Serve all platforms from a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="platforms on loopback")
    thread.start()
    sandbox = Sandbox(portfolio())
    serving = sandbox.serving()
    asyncio.run_coroutine_threadsafe(serving.__aenter__(), loop).result(30)
    try:
        yield sandbox
    finally:
        asyncio.run_coroutine_threadsafe(serving.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@dataclass
class Killing:
    """An executor that dies, and changes for it as long as there are steps to die at."""

    stack: Stack
    sandbox: Sandbox
    directory: Path
    manner: Manner
    released: dict[str, list[Action]] = field(default_factory=lambda: defaultdict(list))
    """By platform."""

    def run(self, seconds: float) -> None:
        """Return once it has died everywhere and all is done; fail after ``seconds``."""
        plans = [
            (topics.PLANS, plan_of(each), datetime.now(UTC)) for each in self.sandbox.portfolio
        ]
        self.stack.publish_all(plans)
        with self.stack.log.open("ab") as log:
            mortal = subprocess.Popen(
                self._command(),
                env=self.stack.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            ended = eventually(self._is_over, seconds=seconds)
            assert ended, f"{sorted(self.missing)} {self.stack.log.read_text()[-5000:]}"
        finally:
            os.killpg(mortal.pid, signal.SIGKILL)
            mortal.wait()

    def _command(self) -> list[str]:
        worker = self.stack.command("executor")
        start = worker.index("workers")
        own = ("tests.faults.mortal_executor", str(self.directory), self.manner)
        return [*worker[:start], *own, *worker[start + 1 :]]

    @property
    def deaths(self) -> list[tuple[Sequence[str], str]]:
        """Return the moments and the platform of each death."""
        file = self.directory / DEATHS
        lines = file.read_text().splitlines() if file.exists() else ()
        return [(told[0], told[1]) for told in map(json.loads, lines)]

    @property
    def missing(self) -> set[tuple[str, str]]:
        """Return at which moments, on which platform, it has not died yet."""
        died = {(moment, platform) for moments, platform in self.deaths for moment in moments}
        wanted = [moment for moment in moments() if moment.partition(" ")[2] not in NOT_REACHED]
        if self.manner is Manner.EACH_ONCE:
            anywhere = {moment for moment, _ in died}
            return {(moment, "") for moment in wanted if moment not in anywhere}
        alone = {moment for moment in wanted if moment.partition(" ")[2].startswith(_OF_NO_ORDER)}
        every = {(moment, "") for moment in alone}
        every |= set(itertools.product(set(wanted) - alone, PLATFORMS))
        return every - died

    def _is_over(self) -> bool:
        ended = {entry.action_id for entry in self.stack.trail() if entry.status not in OPEN}
        missing = self.missing
        for platform in PLATFORMS:
            released = self.released[platform]
            under_way = [action for action in released if action.action_id not in ended]
            if missing and not under_way:
                self._release(platform)
        return not missing and all(
            action.action_id in ended for action in itertools.chain(*self.released.values())
        )

    def _release(self, platform: str) -> None:
        """Release the next change: of budgets first, then of bids, of one campaign after another."""
        number = len(self.released[platform])
        placed = [each for each in self.sandbox.portfolio if each.key.platform == platform]
        action = change_of(placed[number % CAMPAIGNS], number)
        if planned := TROUBLES[number % len(TROUBLES)]:
            self.sandbox.platforms[platform].faults.plan(planned)
        self.released[platform].append(action)
        self.stack.publish((topics.ACTIONS, action, action.released_at))

    def explained(self) -> None:
        """See that each change was made once and told once, and that nothing else was."""
        trail = defaultdict(list)
        for entry in self.stack.trail():
            trail[entry.action_id].append(entry)
        actions = list(itertools.chain(*self.released.values()))
        assert set(trail) == {action.action_id for action in actions}
        for action in actions:
            _told_once(action, trail[action.action_id])
        for platform, released in self.released.items():
            made = [(one.ref, one.after) for one in self.sandbox.platforms[platform].effects]
            assert made == [(ref_of(action), action.target) for action in released], platform
        verified = self.stack.run("verify", "--from-genesis")
        assert verified.returncode == 0, verified.stdout


_OF_NO_ORDER: Final = ("courier.Courier.run", "courier.Courier._wait")


def _told_once(action: Action, entries: Sequence[AuditEntry]) -> None:
    intent, end = entries
    assert intent.status is AuditStatus.INTENT
    assert end.status in SETTLED, end
    assert end.after == action.target


def plan_of(placed: PlacedCampaign) -> Any:  # noqa: ANN401 -- whatever record it is
    """Return a plan that leaves all to policy."""
    ad_sets = (AdSet(ad_set_id=placed.ad_set_id),) if placed.ad_set_id else ()
    return a_plan(Autonomy.AUTO, **placed.key._asdict(), ad_sets=ad_sets)


def change_of(placed: PlacedCampaign, number: int) -> Action:
    """Return a change of a budget that no other change makes."""
    now = datetime.now(UTC)
    return an_action(
        f"{placed.key} {number}",
        str(target_of(number - CAMPAIGNS)) if number >= CAMPAIGNS else None,
        str(target_of(number)),
        **placed.key._asdict(),
        entity_id=placed.key.campaign_id,
        field="daily_budget",
        released_at=now,
        valid_from=now,
        expires_at=now + timedelta(hours=6),
    )


def target_of(number: int) -> Decimal:
    """Return the value of a platform's change, which no other one has."""
    return Decimal(91) + Decimal(number) / 10


def ref_of(action: Action) -> Ref:
    """Return what a change sets."""
    return Ref(
        account_id=action.account_id,
        entity=Entity.CAMPAIGN,
        entity_id=action.entity_id,
        lever=Lever.DAILY_BUDGET,
    )


def ready(sandbox: Sandbox, kafka: Broker, prefix: str, folder: Path) -> Stack:
    """Return topics and workers for all platforms; calls come so fast that some must wait."""
    file = ReadyFile(sandbox=sandbox, directory=folder)
    file.write()
    told = file.path.read_text().replace("burst = 1000", "burst = 1")
    file.path.write_text(told.replace("calls_per_second = 1000", "calls_per_second = 20"))
    stack = Hurried(
        bootstrap=kafka.bootstrap, prefix=prefix, log=folder / "workers.log", platforms=file.path
    )
    created = stack.run("topics", "create")
    assert created.returncode == 0, created.stderr
    return stack


class Hurried(Stack):
    """Workers whose death is noticed soon, by a broker that allows that."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **super().environment,
            "PACEKEEPER_DELIVERY_SESSION_TIMEOUT_SECONDS": "1.5",
            "PACEKEEPER_DELIVERY_HEARTBEAT_SECONDS": "0.3",
        }
