"""The page about connectors: its modules run, its bodies are those that are sent."""

import json
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook

from schemas.fields import Entity
from tests.docs.test_guarantees import ROOT
from workers.connectors import registry, webhook_wire
from workers.connectors.building import build
from workers.connectors.kit import laws
from workers.connectors.protocol import Change, Lever, Ref, State
from workers.connectors.settings import read_platforms
from workers.errors import UsageError
from workers.sandbox.webhook import FITTING

PAGE = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
SECRET = "Y2FuYXJ5IG9mIHRoZSBwYWdl"


FILES = {
    text.split("\n", 1)[0].removeprefix("# "): text
    for text in re.findall(r"```(?:python|toml)\n(.*?)```", PAGE, flags=re.DOTALL)
}


def install(project: Path, place: Path, files: dict[str, str]) -> None:
    """Install a distribution as people do, but from nowhere else than here."""
    project.mkdir()
    for name, text in files.items():
        (project / name).write_text(text)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    offline = ["--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([*command, *offline, "--target", place, project], check=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the plug-in of the page is installed, and one beside it that is broken."""
    place = tmp_path_factory.mktemp("plug_ins")
    install(place / "project", place / "good", FILES)
    declared = FILES["pyproject.toml"]
    for name in ("my_platform", "my-platform"):
        declared = declared.replace(name, name.replace("my", "broken"))
    broken = {"pyproject.toml": declared, "broken_platform.py": "raise RuntimeError('boom')\n"}
    install(place / "broken_project", place / "broken", broken)
    return place


@pytest.fixture
def _found(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("good", "broken"):
        monkeypatch.syspath_prepend(installed / name)
    for name in ("my_platform", "broken_platform"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("_found")
def test_the_plug_in_of_the_page_is_found_and_a_broken_one_beside_it_is_told() -> None:
    found = registry.plug_ins(["my_platform", "broken_platform"])

    assert [(name, one.name) for name, one in found.usable.items()] == [("my_platform",) * 2]
    assert found.quarantined == {"broken_platform": "RuntimeError: boom"}


@pytest.mark.usefixtures("_found")
def test_the_plug_in_of_the_page_is_not_imported_unless_it_is_allowed() -> None:
    found = registry.plug_ins(["nowhere"])

    assert (list(found.usable), list(found.quarantined)) == ([], ["nowhere"])
    assert not {"my_platform", "broken_platform"} & set(sys.modules)


@pytest.mark.usefixtures("_found")
async def test_the_plug_in_of_the_page_is_built_from_the_file_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "platforms.toml"
    path.write_text(FILES["platforms.toml"])
    (settings,) = read_platforms(path).values()
    monkeypatch.setenv("MY_SECRET", SECRET)
    connector = build("my_platform", settings)

    assert type(connector).__name__ == "MyConnector"
    assert (await connector.describe_account("1")).currency == "EUR"
    assert connector.capabilities.readable, "its state_url has been read"
    await connector.aclose()
    unknown = {**settings.options, "ulr": "https://x.example"}
    wrongs: list[dict[str, Any]] = [{"secrets": {}}, {"options": unknown}]
    for wrong in wrongs:
        with pytest.raises(UsageError, match=r"\[my_platform\]"):
            build("my_platform", replace(settings, **wrong))


def test_the_plug_in_of_the_page_keeps_every_law_by_the_tests_of_the_page(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "test_my_platform.py").write_text(FILES["test_my_platform.py"])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    paths = os.pathsep.join(map(str, (installed / "good", installed / "broken", ROOT)))
    ran = subprocess.run(
        [*command, "test_my_platform.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    assert f"{len(laws(FITTING))} passed" in ran.stdout


def test_every_sandbox_of_the_page_serves(tmp_path: Path) -> None:
    (block,) = re.findall(r"^```\n(pacekeeper.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
    commands = [shlex.split(line)[1:] for line in block.splitlines()]
    assert len(commands) == 3
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PACEKEEPER_DATA_DIR": str(tmp_path)}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "workers", *words],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in commands
    ]
    for words, process in zip(commands, started, strict=True):
        assert process.stderr is not None
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert "Ctrl-C stops" in said, words
        assert process.returncode == 0


def test_the_receiver_of_the_page_takes_what_is_sent_once(tmp_path: Path) -> None:
    (tmp_path / "receiver.py").write_text(FILES["receiver.py"])
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    ref = Ref(account_id="1", entity=Entity.CAMPAIGN, entity_id="7", lever=Lever.DAILY_BUDGET)
    change = Change(ref=ref, target=Decimal("12.50"), currency="EUR", key="change-1")
    now = datetime.now(UTC)
    state = State(value=Decimal(20), currency="EUR")
    body = webhook_wire.change_body(change, state, datetime(2026, 3, 1, 12, tzinfo=UTC))
    headers = {
        "webhook-id": "change-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("change-1", now, body),
    }
    receiver = runpy.run_path(str(tmp_path / "receiver.py"))

    assert json.loads(body) == json.loads(shown)
    assert [receiver["receive"](SECRET, headers, body) for _ in range(2)] == [204, 204]
    assert receiver["receive"](SECRET, headers, body + " ") == 401
    assert receiver["budgets"] == {"7": "12.50"}
