"""Changes on all platforms by an executor that dies at every step, and what must hold afterwards.

``python -m tests.faults.killing`` kills it at each moment once for each platform, which takes long.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
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
from schemas.plan import AdSet
from tests.broker_fixtures import settings_in
from tests.faults.all_platforms import CAMPAIGNS, on_loopback, ready
from tests.faults.moments import moments
from tests.faults.mortal_executor import DEATHS, PLATFORMS, Manner
from tests.waiting import eventually
from tests.workers.executor.test_live_on_kafka import Stack
from tests.workers.executor.world import a_plan, an_action
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.portfolio import PlacedCampaign
from workers.sandbox.serving import Sandbox

NOT_REACHED: Final = {
    "transactions._send 1 producer.send_batch": "an outcome is far smaller than a batch",
    "couriers.Couriers.let_go 1 term.end": "only who lives on lets go of a partition",
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


@dataclass
class Killing:
    """An executor that dies, and changes for it as long as there are steps to die at."""

    stack: Stack
    sandbox: Sandbox
    directory: Path
    manner: Manner
    platforms: Sequence[str] = PLATFORMS
    """Of which there are changes; others may be the matter of somebody else."""
    released: dict[str, list[Action]] = field(default_factory=lambda: defaultdict(list))
    """By platform."""

    def run(self, seconds: float) -> None:
        """Return once it has died everywhere and all is done; fail after ``seconds``."""
        self.plan()
        with self.executor(self.manner):
            self.wait_for(self._is_over, seconds)

    def wait_for(self, true: Callable[[], bool], seconds: float) -> None:
        """Return once it is so; fail after ``seconds``."""
        ended = eventually(true, seconds=seconds, every=0.4)
        assert ended, f"{sorted(self.missing)} {self.stack.log.read_text()[-5000:]}"

    def plan(self) -> None:
        """Publish a plan for each campaign."""
        now = datetime.now(UTC)
        own = [each for each in self.sandbox.portfolio if each.key.platform in self.platforms]
        self.stack.publish_all([(topics.PLANS, plan_of(each), now) for each in own])

    @contextmanager
    def executor(self, manner: Manner) -> Iterator[subprocess.Popen[bytes]]:
        """Run one until the block ends: a group of processes."""
        worker = self.stack.command("executor")
        start = worker.index("workers")
        own = ("tests.faults.mortal_executor", str(self.directory), manner)
        command = [*worker[:start], *own, *worker[start + 1 :]]
        log, told = self.stack.log.open("ab"), self.stack.environment
        with log:
            group = subprocess.Popen(
                command, env=told, stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield group
        finally:
            os.killpg(group.pid, signal.SIGKILL)
            group.wait()

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
        every |= set(itertools.product(set(wanted) - alone, self.platforms))
        return every - died

    def _is_over(self) -> bool:
        ended, missing = self.ended, self.missing
        for platform in self.platforms:
            released = self.released[platform]
            under_way = [action for action in released if action.action_id not in ended]
            if missing and not under_way:
                self.release(platform)
        return not missing and all(
            action.action_id in ended for action in itertools.chain(*self.released.values())
        )

    @property
    def ended(self) -> set[str | None]:
        """Return the actions of which the trail says how they ended."""
        return {entry.action_id for entry in self.stack.trail() if entry.status not in OPEN}

    def release(self, platform: str) -> None:
        """Release the next change, of one campaign after the other."""
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


def kill(
    bootstrap: str, prefix: str, folder: Path, manner: Manner, *, seconds: float
) -> Counter[str]:
    """Let an executor die, and see that all is explained; return how often, by platform."""
    with on_loopback() as sandbox:
        stack = ready(sandbox, bootstrap, prefix, folder)
        killing = Killing(stack, sandbox, folder, manner)
        killing.run(seconds)
        killing.explained()
    return Counter(platform for _, platform in killing.deaths)


def main() -> None:
    """Kill at each moment once for each platform."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        with Broker(settings_in(folder / "kafka")) as broker:
            deaths = kill(broker.bootstrap, "kills", folder, Manner.EVERYWHERE, seconds=3600)
    sys.stdout.write(f"{deaths.total()} deaths, and each change made once and told once\n")


if __name__ == "__main__":
    main()
