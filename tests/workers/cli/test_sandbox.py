"""``pacekeeper sandbox`` as a person runs it: in a process of its own, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.waiting import eventually
from workers.cli.main import app
from workers.connectors.building import build
from workers.connectors.errors import Throttled
from workers.connectors.protocol import Change, Connector
from workers.connectors.settings import read_platforms
from workers.sandbox.portfolio import PlacedCampaign, numbered, portfolio_of
from workers.simulator.population import make_world

PORTFOLIO = portfolio_of(numbered(make_world(10, seed=1)))


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "workers", "sandbox", "--directory", str(folder), *options]
    with (folder.parent / "said").open("w") as said:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
        try:
            assert eventually(lambda: "Ctrl-C stops" in told(folder), seconds=60), told(folder)
            yield process
        finally:
            process.kill()
            process.communicate()


def told(folder: Path) -> str:
    return (folder.parent / "said").read_text()


def refused(*options: str) -> Result:
    result = CliRunner().invoke(app, ["sandbox", *options])
    assert result.exit_code == 2, result.output
    return result


async def doubled(connector: Connector, campaign: PlacedCampaign) -> Decimal | None:
    """Set the campaign's second value to twice what it is; return what is in force then."""
    _, (ref, value) = campaign.values
    state = (await connector.read_state([ref]))[ref]
    assert (state.value, state.currency) == (value, campaign.currency)
    change = Change(ref=ref, target=value * 2, currency=campaign.currency, key=campaign.key[2])
    await connector.validate(change, state)
    await connector.apply(change, state)
    return (await connector.read_state([ref]))[ref].value


async def change_everywhere(file: Path) -> None:
    for platform, settings in read_platforms(file).items():
        connector = build(platform, settings)
        campaigns = [each for each in PORTFOLIO if each.key.platform == platform]
        assert {each.key.account_id for each in campaigns} == set(settings.accounts)
        for campaign in campaigns:
            _, (_, value) = campaign.values
            assert await doubled(connector, campaign) == value * 2
        await connector.aclose()


def test_what_its_file_leads_to_is_read_and_changed_on_every_platform_until_ctrl_c(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "here"
    with serving(folder) as process:
        asyncio.run(change_everywhere(folder / "platforms.toml"))
        changes = [line for line in told(folder).splitlines() if " UTC  " in line]
        assert eventually(lambda: told(folder).count(" UTC  ") == len(PORTFOLIO)), changes
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert told(folder).endswith("stopped\n")
    # What is to be tried next names the file that was written.
    assert str(folder / "platforms.toml") in shown
    assert all(campaign.key.campaign_id in shown for campaign in PORTFOLIO)
    secrets = list((folder / "secrets").iterdir())
    assert len(secrets) == 10
    assert {file.stat().st_mode & 0o777 for file in secrets} == {0o600}
    assert not any(file.read_text() in (folder / "platforms.toml").read_text() for file in secrets)


def test_a_file_is_replaced_where_told_and_a_fault_strikes_the_next_change_and_no_other(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "platforms.toml").write_text("mine")
    with serving(folder, "--replace", "--fault", "amazon:throttled"):
        settings = read_platforms(folder / "platforms.toml")["amazon"]
        campaign = next(each for each in PORTFOLIO if each.key.platform == "amazon")

        async def twice() -> Decimal | None:
            connector = build("amazon", settings)
            with pytest.raises(Throttled):
                await doubled(connector, campaign)
            found = await doubled(connector, campaign)
            await connector.aclose()
            return found

        assert asyncio.run(twice()) == campaign.bid * 2


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "platforms.toml"
    file.write_text("mine")

    result = refused("--directory", str(tmp_path))

    assert "--replace" in result.stderr
    assert file.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("meta", "PLATFORM:FAULT"),
        ("meta:thrown", "throttled"),
        ("meta:hang:reed", "calls are read"),
        ("myspace:hang", "use one of google, meta, linkedin, amazon"),
        ("linkedin:throttled", "THROTTLED_WITHOUT_HINT"),
        ("amazon:token_expired", "no token that expires"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_those_that_can(
    tmp_path: Path, fault: str, said: str
) -> None:
    assert said in refused("--directory", str(tmp_path), "--fault", fault).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = min(taken.getsockname()[1], 65_531)
        assert "--port" in refused("--directory", str(tmp_path), "--port", str(port)).stderr
    assert list(tmp_path.iterdir()) == []
