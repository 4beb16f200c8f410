"""The ladder of the page on going live: a real Kafka, Meta's client, Meta on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deploy.broker import Broker
from schemas import topics
from schemas.fields import Entity
from schemas.recommendation import Kind, Recommendation
from tests.docs.test_going_live import FILES, LONG_ENOUGH
from tests.workers.executor.platform_thread import TOKEN, meta_on_loopback
from tests.workers.executor.test_live_on_kafka import Stack
from tests.workers.executor.world import a_recommendation, an_id
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.meta.server import MetaSandbox

pytestmark = pytest.mark.kafka

NAMES = {"platform": "meta", "account_id": "act_20941187", "campaign_id": "6112"}
BUDGET = Ref(
    account_id="20941187",
    entity=Entity.CAMPAIGN,
    entity_id="6112",
    lever=Lever.DAILY_BUDGET,
)


@dataclass(frozen=True, kw_only=True)
class Terminal(Stack):
    """A terminal with the secrets that the page's file refers to."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "META_TOKEN": TOKEN, "META_APP_SECRET": LONG_ENOUGH}


def advice(name: str, target: str) -> Recommendation:
    now = datetime.now(UTC)
    return a_recommendation(
        name,
        target,
        **NAMES,
        kind=Kind.BUDGET,
        entity_id="6112",
        field="daily_budget",
        current_value=Decimal(300),
        decided_at=now,
        valid_from=now,
        expires_at=now + timedelta(hours=1),
    )


@pytest.fixture
def platform() -> Iterator[MetaSandbox]:
    with meta_on_loopback() as platform:
        platform.store.add_account("20941187", "EUR")
        platform.store.add_campaign("20941187", "6112", daily_budget="30000")
        yield platform


@pytest.fixture
def terminal(kafka: Broker, topic_prefix: str, tmp_path: Path, platform: MetaSandbox) -> Terminal:
    path = tmp_path / "platforms.toml"
    options = f'[meta.options]\naddress = "{platform.address}"'
    path.write_text(FILES["meta.toml"].replace("[meta.options]", options))
    (tmp_path / "plans.toml").write_text(FILES["plans.toml"])
    log = tmp_path / "workers.log"
    return Terminal(bootstrap=kafka.bootstrap, prefix=topic_prefix, log=log, platforms=path)


def approve(terminal: Terminal, name: str, target: str) -> int:
    """Approve advice while an executor runs; return the exit code that a person sees."""
    told = len(terminal.said())
    with terminal.worker("executor"):
        now = datetime.now(UTC)
        terminal.publish((topics.RECOMMENDATIONS, advice(name, target), now))
        terminal.wait_for(lambda: terminal.said()[told:] == ["approval_required"])
        return terminal.run("decide", "approve", an_id(name)).returncode


def test_an_account_goes_from_shadow_to_live_by_the_files_of_the_page(
    terminal: Terminal, platform: MetaSandbox, tmp_path: Path
) -> None:
    assert terminal.run("topics", "create").returncode == 0
    applied = terminal.run("plans", "apply", str(tmp_path / "plans.toml"))
    assert applied.returncode == 0, applied.stderr

    assert approve(terminal, "in shadow", "320") == 1, "nothing was set"
    assert terminal.said() == ["approval_required", "shadow"]
    assert terminal.trail()[-1].before == 300
    assert platform.value(BUDGET) == 300
    assert not platform.effects

    terminal.platforms.write_text(terminal.platforms.read_text().replace('"shadow"', '"live"'))
    assert approve(terminal, "live", "330") == 0
    assert terminal.said()[2:] == ["approval_required", "intent", "applied"]
    assert platform.value(BUDGET) == 330
    assert terminal.run("verify", "--from-genesis").returncode == 0
