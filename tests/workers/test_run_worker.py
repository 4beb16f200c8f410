"""A whole worker as a process on a real Kafka: ready, scraped, stopped, refused."""

import json
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from deploy.broker import Broker
from tests.broker_fixtures import SecuredKafka
from tests.waiting import eventually
from tests.workers.echo_worker import program
from workers.delivery_settings import DeliverySettings
from workers.kafka import connect
from workers.settings import (
    BrokerSettings,
    Settings,
    TopicSettings,
    WebSettings,
)
from workers.topic_specs import catalogue_specs, changelog_specs
from workers.topics import create_topics

pytestmark = pytest.mark.kafka

ROOT = Path(__file__).parents[2]
NO_PROMETHEUS = "prometheus is not installed: apt-get install prometheus"


@pytest.fixture
def settings(kafka: Broker, topic_prefix: str, unused_tcp_port: int) -> Settings:
    return Settings(
        broker=BrokerSettings(bootstrap=kafka.bootstrap),
        topics=TopicSettings(prefix=topic_prefix, partitions=2),
        delivery=DeliverySettings(session_timeout_seconds=6, heartbeat_seconds=1),
        web=WebSettings(port=unused_tcp_port),
    )


async def create(settings: Settings) -> None:
    topics = settings.topics
    specs = [*catalogue_specs(topics), *changelog_specs(program(topics.prefix), topics)]
    async with connect(settings.broker).admin() as admin:
        await create_topics(admin, specs)


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.workers.echo_worker"]
    process = subprocess.Popen(
        [*command, msgspec.json.encode(settings).decode()],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def answer(settings: Settings, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{settings.web.port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def is_ready(settings: Settings) -> bool:
    return answer(settings, "/ready")[0] == 200


async def publish(settings: Settings, count: int) -> None:
    async with AIOKafkaProducer(**connect(settings.broker).client_options()) as producer:
        for number in range(count):
            topic = f"{settings.topics.prefix}.metrics.v1"
            await producer.send_and_wait(topic, b"{}", key=b"%d" % number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_becomes_ready_and_ends_with_exit_code_0_when_asked_to(
    settings: Settings, number: signal.Signals
) -> None:
    await create(settings)
    with worker(settings) as process:
        assert eventually(lambda: is_ready(settings), seconds=60)
        assert answer(settings, "/live") == (200, "ok\n")

        process.send_signal(number)
        _, log = process.communicate(timeout=40)

    assert process.returncode == 0
    events = [json.loads(line) for line in log.splitlines()]
    assert [event["event"] for event in events if event["level"] != "info"] == []
    assert events[0]["event"] == "starting"
    assert events[0]["web"] == f"http://127.0.0.1:{settings.web.port}"
    assert [event["event"] for event in events[-2:]] == ["stopping", "stopped"]


@contextmanager
def prometheus(settings: Settings, directory: Path, address: str) -> Iterator[None]:
    target = f"127.0.0.1:{settings.web.port}"
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "p", "static_configs": [{"targets": [target]}]}],
    }
    file = directory / "prometheus.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--web.listen-address={address}",
        f"--storage.tsdb.path={directory / 'data'}",
    ]
    silent = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=silent, stderr=silent) as server:
        try:
            yield
        finally:
            server.terminate()


async def test_a_worker_does_its_work_over_tls_and_scram(
    settings: Settings, secured_kafka: SecuredKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", secured_kafka.password)
    broker = BrokerSettings(
        bootstrap=secured_kafka.broker.address("SASLSCRAM"),
        security="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        username=secured_kafka.user,
        password="env:SECRET",
        ca_file=str(secured_kafka.ca_file),
    )
    secured = msgspec.structs.replace(settings, broker=broker)
    await create(secured)
    await publish(secured, 5)

    with worker(secured):
        counted = 'pacekeeper_events_total{outcome="accepted"} 5.0'
        assert eventually(lambda: counted in answer(secured, "/metrics")[1], seconds=60)


def series(answered: dict[str, Any]) -> list[float]:
    return [float(each["value"][1]) for each in answered["data"]["result"]]


@pytest.mark.skipif(shutil.which("prometheus") is None, reason=NO_PROMETHEUS)
async def test_a_real_prometheus_scrapes_a_running_worker(
    settings: Settings, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    await create(settings)
    await publish(settings, 25)
    address = f"127.0.0.1:{unused_tcp_port_factory()}"

    def scraped(query: str) -> list[float]:
        url = f"http://{address}/api/v1/query?query={query}"
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return series(json.load(response))
        except OSError:
            return []

    with worker(settings), prometheus(settings, tmp_path, address):
        assert eventually(lambda: scraped("sum(pacekeeper_events_total)") == [25.0], seconds=60)
        assert eventually(lambda: scraped("sum(pacekeeper_lag_records)") == [0.0], seconds=30)
        assert scraped("count(pacekeeper_build_info)") == [1.0]


async def test_a_worker_without_its_topics_refuses_to_start_and_says_what_to_run(
    settings: Settings,
) -> None:
    with worker(settings) as process:
        _, told = process.communicate(timeout=40)

    assert process.returncode == 1
    assert f"{settings.topics.prefix}.metrics.v1: run: pacekeeper topics create" in told


async def test_a_worker_refuses_topics_with_another_number_of_partitions(
    settings: Settings,
) -> None:
    await create(settings)
    other = msgspec.structs.replace(
        settings, topics=msgspec.structs.replace(settings.topics, partitions=3)
    )

    with worker(other) as process:
        _, told = process.communicate(timeout=40)

    assert process.returncode == 1
    assert "has 2 partitions, settings say 3" in told


async def test_a_worker_that_cannot_reach_kafka_ends_and_says_so(
    settings: Settings, unused_tcp_port_factory: Callable[[], int]
) -> None:
    nowhere = f"127.0.0.1:{unused_tcp_port_factory()}"
    lost = msgspec.structs.replace(settings, broker=BrokerSettings(bootstrap=nowhere))

    with worker(lost) as process:
        _, told = process.communicate(timeout=40)

    assert process.returncode == 1
    assert f"nothing listens at {nowhere}" in told
