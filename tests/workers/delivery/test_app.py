"""Laws of the app that delivery builds, before it is started."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from tests.workers.delivery.build import AGENT
from workers.delivery.api import Program
from workers.delivery.app import create_app
from workers.kafka import Connection
from workers.metrics import Metrics
from workers.settings import Settings

OVERRULING = {
    "BROKER_SESSION_TIMEOUT": "99",
    "BROKER_URL": "kafka://elsewhere:1",
    "CONSUMER_AUTO_OFFSET_RESET": "latest",
    "PROCESSING_GUARANTEE": "exactly_once",
    "STREAM_WAIT_EMPTY": "1",
    "TABLE_STANDBY_REPLICAS": "3",
}
"""Variables that Faust reads, against arguments too, and which would break delivery."""


def what_faust_was_told() -> dict[str, Any]:
    """Build an app, and return the settings that the variables name."""
    program = Program(name="program", agents=(AGENT,))
    connection = Connection(servers=("here:9",), security="PLAINTEXT", timeout_seconds=1.0)
    app = create_app(program, Settings(), connection, Metrics("worker", CollectorRegistry()))
    settings = (name.lower().replace("broker_url", "broker") for name in OVERRULING)
    return {name: getattr(app.conf, name) for name in settings}


async def test_no_variable_of_the_environment_overrules_what_faust_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = what_faust_was_told()
    for name, value in OVERRULING.items():
        monkeypatch.setenv(name, value)

    assert what_faust_was_told() == told
