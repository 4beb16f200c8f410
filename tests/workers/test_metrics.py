"""Laws of metrics: what is counted, that Prometheus can read it, and that labels are few."""

import ast
import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest
from aiohttp import ClientSession
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from workers.delivery.api import Step
from workers.delivery.contract import Observer
from workers.delivery.lag import Lag
from workers.health import Verdict
from workers.metrics import COUNTERS, HISTOGRAMS, Metrics
from workers.settings import WebSettings
from workers.web import WebAddressError, serve

ROOT = Path(__file__).parents[2]
NO_PROMTOOL = "promtool is not installed: apt-get install prometheus"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics("optimizer", registry)


def everything(metrics: Metrics) -> None:
    """Use each instrument once."""
    step = Step(
        counts={(short, *("x" for _ in each.labels)): 1 for short, each in COUNTERS.items()},
        observations=dict.fromkeys(HISTOGRAMS, (0.5,)),
    )
    observer: Observer = metrics
    observer.step_committed("metrics", 10, 0.02, step)
    observer.loaded("metrics", 3, 1.5, 1000)
    observer.lags([lag_of(3, records=7)])
    observer.dead_letter("metrics.v1", "not_json")


def lag_of(partition: int, *, records: int) -> Lag:
    return Lag("metrics.v1", "metrics", partition, applied=10, end=10 + records, seconds=1.5)


async def scrape(registry: CollectorRegistry, accept: str = "*/*") -> str:
    calm = Verdict(ok=True)
    async with (
        serve(WebSettings(port=0), registry, live=lambda: calm, ready=lambda: calm) as url,
        ClientSession() as session,
        session.get(f"{url}/metrics", headers={"Accept": accept}) as answer,
    ):
        assert answer.status == 200
        return await answer.text()


def test_a_step_is_counted_with_what_it_says_of_itself(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    step = Step(
        counts={("events", "accepted"): 8, ("events", "duplicate"): 2, ("unknown_fields",): 3},
        observations={"pace_index": (0.9, 1.1)},
    )

    metrics.step_committed("metrics", 10, 0.02, step)
    metrics.step_committed("metrics", 10, 0.02, step)

    value = registry.get_sample_value
    assert value("pacekeeper_events_total", {"outcome": "accepted"}) == 16
    assert value("pacekeeper_events_total", {"outcome": "duplicate"}) == 4
    assert value("pacekeeper_unknown_fields_total") == 6
    assert value("pacekeeper_pace_index_ratio_count") == 4
    assert value("pacekeeper_transactions_total", {"agent": "metrics"}) == 2
    assert value("pacekeeper_step_records_sum", {"agent": "metrics"}) == 20
    assert value("pacekeeper_step_duration_seconds_sum", {"agent": "metrics"}) == pytest.approx(
        0.04
    )


def test_a_step_that_counts_by_an_undeclared_name_is_a_fault(metrics: Metrics) -> None:
    with pytest.raises(KeyError):
        metrics.step_committed("metrics", 1, 0.0, Step(counts={("evnts", "accepted"): 1}))


def calls_of(method: str) -> list[tuple[str, int, str]]:
    """Find what the steps count or observe: name, number of labels, and where."""
    found = []
    for worker in ("optimizer", "allocator", "adviser", "executor", "scorer"):
        for file in sorted(Path(ROOT, "workers", worker).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Attribute(value=ast.Name(id="draft" | "self"), attr=called),
                        args=[ast.Constant(value=str(name)), *labels],
                    ) if called == method:
                        found.append((name, len(labels), f"{file.name}:{node.lineno}"))
    return found


def test_all_that_the_steps_count_is_declared_with_as_many_labels() -> None:
    counted = calls_of("count")

    assert len(counted) > 10
    for name, labels, where in counted:
        assert name in COUNTERS, where
        assert len(COUNTERS[name].labels) == labels, where


def test_all_that_the_steps_observe_is_declared() -> None:
    observed = {name for name, _, _ in calls_of("observe")}

    assert observed == HISTOGRAMS.keys()


def test_the_lag_of_a_partition_that_another_worker_has_now_is_not_shown_any_more(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    def lag(partition: int) -> float | None:
        labels = {"topic": "metrics.v1", "partition": str(partition)}
        return registry.get_sample_value("pacekeeper_lag_records", labels)

    metrics.lags([lag_of(n, records=5) for n in (0, 1)])
    assert (lag(0), lag(1)) == (5, 5)

    metrics.lags([lag_of(1, records=4)])
    assert (lag(0), lag(1)) == (None, 4)


def test_two_workers_in_one_process_do_not_share_a_registry() -> None:
    one, two = CollectorRegistry(), CollectorRegistry()

    Metrics("optimizer", one).dead_letter("t", "r")
    Metrics("executor", two)

    labels = {"topic": "t", "reason": "r"}
    assert one.get_sample_value("pacekeeper_dead_letters_total", labels) == 1
    assert two.get_sample_value("pacekeeper_dead_letters_total", labels) is None


async def test_no_label_could_name_a_campaign_or_an_account(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    everything(metrics)

    text = await scrape(registry)

    labels = {
        label
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("pacekeeper_") and not sample.name.endswith("build_info")
        for label in sample.labels
    }
    assert labels <= {
        *("agent", "topic", "partition", "reason", "outcome", "kind", "status", "le"),
        *("released_by", "horizon", "verdict", "platform", "result"),
    }


def promtool(text: str) -> subprocess.CompletedProcess[str]:
    command = ["promtool", "check", "metrics"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=False)


@pytest.mark.skipif(shutil.which("promtool") is None, reason=NO_PROMTOOL)
async def test_prometheus_own_check_of_names_and_units_finds_nothing(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    everything(metrics)
    text = await scrape(registry)

    checked = await asyncio.to_thread(promtool, text)

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def test_a_scraper_that_asks_for_open_metrics_gets_them(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    everything(metrics)

    text = await scrape(registry, "application/openmetrics-text;version=1.0.0")

    assert text.endswith("# EOF\n")


async def test_a_probe_that_fails_answers_503_and_says_why(registry: CollectorRegistry) -> None:
    stuck = Verdict(ok=False, reason="metrics[3] stood still")
    async with (
        serve(WebSettings(port=0), registry, live=lambda: stuck, ready=lambda: stuck) as url,
        ClientSession() as session,
    ):
        for path in ("/live", "/ready"):
            async with session.get(url + path) as answer:
                assert (answer.status, await answer.text()) == (503, "metrics[3] stood still\n")


async def test_health_listens_on_loopback_unless_told_otherwise(
    registry: CollectorRegistry,
) -> None:
    calm = Verdict(ok=True)
    async with serve(WebSettings(port=0), registry, live=lambda: calm, ready=lambda: calm) as url:
        assert url.startswith("http://127.0.0.1:")


async def test_a_taken_port_is_told_with_what_to_do(registry: CollectorRegistry) -> None:
    calm = Verdict(ok=True)
    async with serve(WebSettings(port=0), registry, live=lambda: calm, ready=lambda: calm) as url:
        taken = WebSettings(port=int(url.rpartition(":")[2]))
        with pytest.raises(WebAddressError, match=f"{taken.port}.*--web-port"):
            async with serve(taken, registry, live=lambda: calm, ready=lambda: calm):
                pass
