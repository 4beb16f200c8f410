from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.broker import config, ports
from deploy.broker.errors import InvalidSettings
from deploy.broker.settings import (
    BrokerSettings,
    Listener,
    ScramUser,
    default_cache_dir,
    default_data_dir,
)


@pytest.fixture
def asked(tmp_path: Path) -> BrokerSettings:
    return BrokerSettings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache", port=0)


def properties(settings: BrokerSettings) -> dict[str, str]:
    nodes = ports.plan(settings)
    config.write_properties(nodes[0], nodes, settings)
    lines = nodes[0].properties_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("nodes", [1, 3])
def test_every_address_is_on_loopback(asked: BrokerSettings, nodes: int) -> None:
    extra = (Listener(name="EXTRA"),)
    written = properties(replace(asked, nodes=nodes, listeners=extra))

    for key in ("listeners", "advertised.listeners"):
        addresses = [address.split("://")[1] for address in written[key].split(",")]
        assert {address.split(":")[0] for address in addresses} == {"127.0.0.1"}


def test_one_node_asks_for_one_copy_and_three_for_three_with_two_in_sync(
    asked: BrokerSettings,
) -> None:
    one, three = properties(asked), properties(replace(asked, nodes=3))

    assert (one["default.replication.factor"], one["min.insync.replicas"]) == ("1", "1")
    assert (three["default.replication.factor"], three["min.insync.replicas"]) == ("3", "2")


def test_what_is_asked_for_wins_over_the_house_rules(asked: BrokerSettings) -> None:
    own = {"group.min.session.timeout.ms": "6000"}

    assert properties(replace(asked, properties=own))["group.min.session.timeout.ms"] == "6000"


def test_a_listener_may_tell_clients_another_port_than_its_own(asked: BrokerSettings) -> None:
    behind_proxy = Listener(name="PROXIED", port=21_000, advertised_port=22_000)
    written = properties(replace(asked, listeners=(behind_proxy,)))

    assert "PROXIED://127.0.0.1:21000" in written["listeners"]
    assert "PROXIED://127.0.0.1:22000" in written["advertised.listeners"]


def test_properties_are_readable_by_their_user_alone(asked: BrokerSettings) -> None:
    properties(asked)
    (path,) = asked.data_dir.glob("node-1/server.properties")

    assert path.stat().st_mode & 0o077 == 0


def test_fixed_ports_are_taken_in_a_row_and_free_ones_all_differ(asked: BrokerSettings) -> None:
    fixed = ports.plan(replace(asked, port=9092, nodes=3))
    free = ports.plan(replace(asked, nodes=3))

    assert [node.port for node in fixed] == [9092, 9093, 9094]
    assert [node.controller_port for node in fixed] == [9095, 9096, 9097]
    assert len({node.port for node in free} | {node.controller_port for node in free}) == 6


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("nodes", lambda asked: replace(asked, nodes=2)),
        ("port", lambda asked: replace(asked, port=70_000)),
        ("port", lambda asked: replace(asked, port=-1)),
        ("heap_mib", lambda asked: replace(asked, heap_mib=64)),
    ],
)
def test_a_setting_outside_its_range_is_refused_by_name(
    asked: BrokerSettings, named: str, change: Callable[[BrokerSettings], BrokerSettings]
) -> None:
    with pytest.raises(InvalidSettings, match=named):
        change(asked)


def test_two_listeners_of_one_name_are_refused(asked: BrokerSettings) -> None:
    with pytest.raises(InvalidSettings, match="names must differ"):
        replace(asked, listeners=(Listener(name="TWIN"), Listener(name="TWIN")))


@pytest.mark.parametrize("name", ["lower", "CONTROLLER", "PLAIN", "WITH-DASH", ""])
def test_a_listener_name_that_kafka_would_misread_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettings, match="listener name"):
        Listener(name=name)


def test_a_password_does_not_show_when_settings_are_printed() -> None:
    assert "hush" not in repr(ScramUser(name="alice", password="hush"))


def test_places_follow_our_own_variable_then_xdg_then_home(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    own = {"PACEKEEPER_DATA_DIR": "/own", "XDG_DATA_HOME": "/xdg"}

    assert default_data_dir(own) == Path("/own")
    assert default_data_dir({"XDG_DATA_HOME": "/xdg"}) == Path("/xdg/pacekeeper")
    assert default_data_dir({"XDG_DATA_HOME": "relative"}) == default_data_dir({})
    assert default_data_dir({}) == Path("/home/someone/.local/share/pacekeeper")
    assert default_cache_dir({}) == Path("/home/someone/.cache/pacekeeper")
