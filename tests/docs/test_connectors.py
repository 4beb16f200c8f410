"""The page about connectors: its modules run, its bodies are those that are sent."""

import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from standardwebhooks.webhooks import Webhook

from schemas.fields import Entity
from tests.docs.test_guarantees import ROOT
from workers.connectors import webhook_wire
from workers.connectors.protocol import Change, Lever, Ref, State
from workers.connectors.registry import GROUP, faults

PAGE = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
SECRET = "Y2FuYXJ5IG9mIHRoZSBwYWdl"


def modules(place: Path) -> None:
    for text in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        name = text.split("\n", 1)[0].removeprefix("# ")
        (place / name).write_text(text)


def test_the_plug_in_of_the_page_is_one(tmp_path: Path) -> None:
    modules(tmp_path)
    (declared,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    points = tomllib.loads(declared)["project"]["entry-points"][GROUP]
    module, _, name = points["my_platform"].partition(":")

    assert not list(faults(runpy.run_path(str(tmp_path / f"{module}.py"))[name]))


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    modules(tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    ran = subprocess.run(
        [*command, "test_my_platform.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_the_receiver_of_the_page_takes_what_is_sent_once(tmp_path: Path) -> None:
    modules(tmp_path)
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
