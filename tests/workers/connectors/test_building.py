"""Connectors from settings: mistakes are named before anything is sent, and no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.fields import Entity
from workers.connectors.building import build, levers_of
from workers.connectors.protocol import Lever
from workers.connectors.settings import AccountMode, PlatformSettings, read_platforms
from workers.errors import UsageError

CANARY = "canary-of-the-platforms-file"
META = """
[meta]
accounts = { 123 = "shadow", 456 = "live" }
[meta.secrets]
access_token = "env:META_TOKEN"
[meta.options]
timeout = 5.0
"""
GOOGLE = """
[google]
accounts = { 1 = "live" }
[google.options]
login_customer_id = "77"
[google.secrets]
developer_token = "env:META_TOKEN"
client_id = "env:META_TOKEN"
client_secret = "env:META_TOKEN"
refresh_token = "env:META_TOKEN"
"""
WEBHOOK = """
[amazon]
connector = "webhook"
accounts = { 1 = "live" }
[amazon.secrets]
secret = "env:META_TOKEN"
[amazon.options]
url = "https://example.com/changes"
accounts = [{ account_id = "1", currency = "EUR", minimums = { daily_budget = "5" } }]
"""


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("META_TOKEN", CANARY)


def written(directory: Path, text: str) -> Path:
    path = directory / "platforms.toml"
    path.write_text(text)
    return path


def one(directory: Path, text: str) -> tuple[str, PlatformSettings]:
    (found,) = read_platforms(written(directory, text)).items()
    return found


def test_an_account_is_in_shadow_or_live_as_the_file_says_and_no_other_account_is_named(
    tmp_path: Path,
) -> None:
    name, settings = one(tmp_path, META)

    assert (name, settings.connector) == ("meta", "meta")
    assert settings.accounts == {"123": AccountMode.SHADOW, "456": AccountMode.LIVE}


@pytest.mark.parametrize(
    ("text", "kind"),
    [(META, "MetaConnector"), (GOOGLE, "GoogleConnector"), (WEBHOOK, "WebhookConnector")],
)
async def test_a_connector_is_built_without_a_word_on_the_wire(
    tmp_path: Path, text: str, kind: str
) -> None:
    connector = build(*one(tmp_path, text))

    assert type(connector).__name__ == kind
    await connector.aclose()


def test_what_can_be_set_is_known_before_anything_is_connected(tmp_path: Path) -> None:
    assert (Entity.CAMPAIGN, Lever.TARGET_CPA) in levers_of(*one(tmp_path, GOOGLE))
    assert (Entity.CAMPAIGN, Lever.BID) not in levers_of(*one(tmp_path, GOOGLE))
    assert (Entity.CAMPAIGN, Lever.TARGET_CPA) not in levers_of(*one(tmp_path, META))
    assert (Entity.AD_SET, Lever.BID) in levers_of(*one(tmp_path, WEBHOOK))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[meta]", "[facebok]", "there is no connector 'facebok'"),
        ('"shadow"', '"half"', r"\[meta\].*half"),
        ("timeout = 5.0", "timeuot = 5.0", "unknown timeuot"),
        ("timeout = 5.0", f'app_secret = "{CANARY}"', "app_secret, which may be the secret itself"),
        ("timeout = 5.0", 'timeout = "five"', r"\[meta\]"),
        ("access_token =", "acess_token =", "lacks access_token"),
        ("env:META_TOKEN", "env:NOT_SET", "NOT_SET"),
        ("env:META_TOKEN", "file:/nowhere/token", "/nowhere/token"),
        ('accounts = { 123 = "shadow", 456 = "live" }', "accounts = {}", r"\[meta\]"),
        ("[meta.options]", "[meta.optoins]", "optoins"),
        ("[meta]", "[meta", "is not TOML"),
        ('access_token = "env:META_TOKEN"', f'access_token = "{CANARY}"', "is no reference"),
    ],
)
def test_half_a_configuration_is_refused_by_what_is_wrong_with_it(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = META.replace(old, new).replace("[facebok.", "[meta.")
    if "facebok" in new:
        text = META.replace("[meta", "[facebok")

    with pytest.raises(UsageError, match=said) as refused:
        build(*one(tmp_path, text))
    assert CANARY not in str(refused.value)
    assert CANARY not in (refused.value.remedy or "")


def test_certificates_that_cannot_be_read_are_told_with_their_file(tmp_path: Path) -> None:
    text = GOOGLE.replace(
        "login_customer_id", 'roots_file = "/nowhere/roots.pem"\nlogin_customer_id'
    )
    with pytest.raises(UsageError, match="/nowhere/roots"):
        build(*one(tmp_path, text))


def test_a_file_that_is_missing_or_empty_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names no platform"):
        read_platforms(written(tmp_path, ""))
    with pytest.raises(UsageError, match="cannot read"):
        read_platforms(tmp_path / "nowhere.toml")
