"""Laws of secrets: where they are is told, what they are is not."""

import copy
import io
import json
import logging
import pickle
from pathlib import Path

import msgspec
import pytest
import structlog

from workers.connectors.errors import AuthFailed
from workers.connectors.secrets import RedactingFormatter, Secret, redact, resolve
from workers.logs import configure_logging
from workers.settings import LogSettings

CANARY = 'canary-"7f3e/91+x"-secret'


def canary() -> Secret:
    return resolve("env:CANARY", {"CANARY": CANARY})


def test_no_way_of_writing_a_secret_shows_it() -> None:
    secret = canary()

    for text in (repr(secret), str(secret), f"{secret:>40}", f"{[secret]}", "%s" % secret):  # noqa: UP031
        assert CANARY not in text
        assert "env:CANARY" in text
    for store in (pickle.dumps, copy.deepcopy, json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            store(secret)
    assert secret.reveal() == CANARY


def test_a_file_that_others_may_read_is_warned_of_and_one_of_its_owner_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "token"
    path.write_text("hidden-in-file\n")
    path.chmod(0o644)
    assert "chmod 600" in resolve(f"file:{path}").warning
    path.chmod(0o600)
    secret = resolve(f"file:{path}")
    assert (secret.reveal(), secret.warning) == ("hidden-in-file", "")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:ABSENT", "not set"),
        ("env:EMPTY", "is empty"),
        ("file:/nowhere/token", "cannot be read"),
        ("vault:thing", "neither"),
        ("EAAB-literal-token", "neither"),
        ("env:EAAB-literal-token", "neither"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why_and_a_literal_secret_is_not_shown(
    reference: str, said: str
) -> None:
    with pytest.raises(AuthFailed, match=said) as refused:
        resolve(reference, {"EMPTY": " "})
    assert "EAAB" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "https://x/v26.0/1?access_token=abc123&appsecret_proof=abc123&y=1",
        "{'Authorization': 'Bearer abc123', 'developer-token': 'abc123'}",
        '{"refresh_token":"abc123"}',
        "('authorization', 'Bearer abc123')",
        "Authorization: Bearer abc123",
    ],
)
def test_what_stands_after_a_known_name_is_hidden(text: str) -> None:
    assert "abc123" not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize("value", ["a", "1234567", "whsec_", "whsec_1234567", " 1234567\n"])
def test_a_secret_too_short_to_be_hidden_is_refused_unshown_and_hides_nothing(
    value: str, tmp_path: Path
) -> None:
    path = tmp_path / "token"
    path.write_text(value)
    for reference in ("env:SHORT", f"file:{path}"):
        with pytest.raises(AuthFailed, match="fewer than 8 characters") as refused:
            resolve(reference, {"SHORT": value})
        assert reference in str(refused.value)
        assert "1234567" not in str(refused.value)

    text = "a day of 1234567 clicks, whsec_ and all"
    assert redact(text) == text


@pytest.mark.parametrize("value", ["8 chars!", "whsec_8 chars!"])
def test_the_shortest_secret_that_is_taken_is_hidden_and_so_is_it_without_its_prefix(
    value: str,
) -> None:
    secret = resolve("env:SHORT", {"SHORT": value})

    assert redact(f"<{secret.reveal()}> <8 chars!> <8+chars%21>") == "<***> <***> <***>"


def test_what_is_no_secret_stays() -> None:
    assert redact("spend=12.50&campaign=7 authorised") == "spend=12.50&campaign=7 authorised"


@pytest.mark.parametrize("form", ["json", "text"])
def test_no_log_shows_a_secret_not_even_in_a_traceback(form: str) -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(format=form), stream=stream)  # type: ignore[arg-type]
    value = canary().reveal()
    try:
        int(f"GET /?t={value}")
    except ValueError:
        structlog.get_logger("pacekeeper").exception("failed", token=value)
        logging.getLogger("client").exception("failed with %s", value)

    assert "failed" in stream.getvalue()
    assert "7f3e" not in stream.getvalue()


def test_any_formatter_can_be_made_to_redact() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "it was %s", (canary().reveal(),), None)
    assert RedactingFormatter(logging.Formatter()).format(record) == "it was ***"
