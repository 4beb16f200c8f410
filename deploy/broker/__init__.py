"""A real Apache Kafka (KRaft) on loopback, without Docker and without an installed Java."""

from deploy.broker.broker import Broker
from deploy.broker.errors import AlreadyRunning, BrokerError
from deploy.broker.service import BrokerStatus, NodeStatus, start, status, stop
from deploy.broker.settings import (
    BrokerSettings,
    Listener,
    ScramUser,
    default_cache_dir,
    default_data_dir,
)

__all__ = [
    "AlreadyRunning",
    "Broker",
    "BrokerError",
    "BrokerSettings",
    "BrokerStatus",
    "Listener",
    "NodeStatus",
    "ScramUser",
    "default_cache_dir",
    "default_data_dir",
    "start",
    "status",
    "stop",
]
