"""What tests of workers can ask for."""

from pathlib import Path

import pytest

from deploy.broker import Broker
from tests.workers.kafka_stack import Stack


@pytest.fixture
def stack(kafka: Broker, topic_prefix: str, tmp_path: Path) -> Stack:
    return Stack.on(kafka, topic_prefix, tmp_path)
