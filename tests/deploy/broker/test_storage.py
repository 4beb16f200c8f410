from dataclasses import replace
from pathlib import Path

import pytest

from deploy.broker import ports, storage
from deploy.broker.config import Node
from deploy.broker.errors import DiskTooFull, HalfFormatted, WrongNodeCount
from deploy.broker.settings import BrokerSettings

NO_JAVA = ("/nonexistent/java",)
"""Storage that is there must be judged without running anything."""


@pytest.fixture
def asked(tmp_path: Path) -> BrokerSettings:
    return BrokerSettings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", port=0)


@pytest.fixture
def node(asked: BrokerSettings) -> Node:
    (node,) = ports.plan(asked)
    node.storage.mkdir(parents=True)
    return node


def test_storage_without_its_identity_is_refused_with_what_to_do(node: Node) -> None:
    (node.storage / "metrics-0").mkdir()

    with pytest.raises(HalfFormatted, match=r"has no meta\.properties.*move it away") as refused:
        storage.prepare([node], NO_JAVA, ())

    assert refused.value.directory == node.storage


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names no cluster"),
        ("version=1\nnode.id=1\ncluster.id=\n", "names no cluster"),
        ("version=1\nnode.id=2\ncluster.id=abc\n", "names node 2, not 1"),
        ("cluster.id=abc\n", "names node no node"),
    ],
)
def test_storage_with_a_broken_identity_is_refused(node: Node, text: str, problem: str) -> None:
    (node.storage / storage.META).write_text(text)

    with pytest.raises(HalfFormatted, match=problem):
        storage.prepare([node], NO_JAVA, ())


def test_whole_storage_is_left_alone(node: Node) -> None:
    meta = node.storage / storage.META
    meta.write_text("version=1\nnode.id=1\ncluster.id=abc\n")

    storage.prepare([node], NO_JAVA, ())

    assert list(node.storage.iterdir()) == [meta]


def test_a_cluster_of_another_size_is_refused(asked: BrokerSettings, node: Node) -> None:
    assert node.storage.exists()

    with pytest.raises(WrongNodeCount, match=r"cluster of 1 node\(s\), but 3 were asked for"):
        storage.check_node_count(replace(asked, nodes=3))


def test_too_little_disk_is_told_in_numbers(tmp_path: Path) -> None:
    needed = 1 << 60

    with pytest.raises(DiskTooFull, match="MiB free, the broker needs") as refused:
        storage.check_room(tmp_path / "not" / "yet" / "there", needed)

    assert refused.value.free < refused.value.needed == needed


def test_cluster_ids_are_kafka_ids_and_differ() -> None:
    ids = {storage.new_cluster_id() for _ in range(500)}

    assert len(ids) == 500
    assert all(len(text) == 22 and not text.startswith("-") for text in ids)
