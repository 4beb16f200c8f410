"""What Google Ads refuses whoever asks: by its own code, with what to do, and without a secret."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.workers.connectors.google_parts import (
    ACCOUNT,
    BID,
    BUDGET,
    SECRETS,
    campaign,
    change,
    read,
    speaking,
)
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.protocol import Connector, Lever
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.google.world import SandboxAccount

DAY = date(2026, 3, 1)
READS: dict[str, Callable[[Connector], Awaitable[object]]] = {
    "describe_account": lambda one: one.describe_account(ACCOUNT),
    "read_state": lambda one: one.read_state([BUDGET, BID]),
    "read_performance": lambda one: one.read_performance(ACCOUNT, DAY, DAY),
    "read_history": lambda one: one.read_history(ACCOUNT, datetime.now(UTC) - timedelta(1)),
}
REFUSALS = {
    "authentication_error/CUSTOMER_NOT_FOUND": (AuthFailed, "account's number"),
    "authentication_error/NOT_ADS_USER": (AuthFailed, "consent"),
    "authentication_error/DEVELOPER_TOKEN_INVALID": (AuthFailed, "developer token"),
    "authorization_error/USER_PERMISSION_DENIED": (AuthFailed, "access to the account"),
    "authorization_error/DEVELOPER_TOKEN_NOT_APPROVED": (AuthFailed, "access level"),
    "authorization_error/CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": (AuthFailed, "access level"),
    "authorization_error/CUSTOMER_NOT_ENABLED": (AuthFailed, "closed"),
    "authorization_error/ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT": (AuthFailed, "suspended"),
    "header_error/INVALID_LOGIN_CUSTOMER_ID": (AuthFailed, "manager account"),
    "request_error/INVALID_CUSTOMER_ID": (Rejected, "account's number"),
    "authorization_error/MISSING_TOS": (AuthFailed, "credentials and access"),
}
"""Code to the error's class and to what its text says."""

READ_FAULTS: dict[Fault, type[ConnectorError]] = {
    Fault.THROTTLED: Throttled,
    Fault.THROTTLED_WITHOUT_HINT: Throttled,
    Fault.HTML_502: Ambiguous,
    Fault.JSON_500: Ambiguous,
    Fault.EMPTY_504: Ambiguous,
    Fault.RESET: Ambiguous,
    Fault.HANG: Ambiguous,
    Fault.TRUNCATED: Ambiguous,
    Fault.TOKEN_EXPIRED: Throttled,
    Fault.TOKEN_REVOKED: AuthFailed,
    Fault.NO_PERMISSION: AuthFailed,
    Fault.VERSION_SUNSET: AuthFailed,
}
TOKEN_FAULTS: dict[Fault, type[ConnectorError]] = {
    Fault.HANG: Throttled,
    Fault.HTML_502: Throttled,
    Fault.TOKEN_REVOKED: AuthFailed,
}


def told(error: ConnectorError) -> str:
    """Return every text that an error has."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))


def log_everything(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("", *logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)


def written(caplog: pytest.LogCaptureFixture) -> str:
    """Return every record that was logged, with the fields that its line does not show."""
    assert caplog.records
    return caplog.text + repr([vars(record) for record in caplog.records])


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("code", REFUSALS)
async def test_a_refusal_of_whoever_asks_says_what_to_do_by_googles_code(
    code: str, call: str
) -> None:
    kind, text = REFUSALS[code]
    async with speaking(SandboxAccount(account_id=ACCOUNT, trouble=code)) as (connector, sandbox):
        with pytest.raises(ConnectorError, match=text) as caught:
            await READS[call](connector)
        assert type(caught.value) is kind
        assert caught.value.code == code
        assert caught.value.request_id.startswith("request-")
        assert sandbox.tokens.given == 1


@pytest.mark.parametrize("needed", [False, True])
async def test_a_developer_token_is_left_out_where_none_is_given(*, needed: bool) -> None:
    async with speaking(developer_token="") as (connector, sandbox):
        sandbox.needs_developer_token = needed
        if not needed:
            assert (await read(connector, BUDGET)).value is not None
            return
        with pytest.raises(Rejected, match="no developer token: give a developer token") as caught:
            await read(connector, BUDGET)
        assert caught.value.code == "request_error/DEVELOPER_TOKEN_PARAMETER_MISSING"


async def test_a_change_is_refused_alike() -> None:
    async with speaking() as (connector, sandbox):
        state = await read(connector, BUDGET)
        code = "authorization_error/ACTION_NOT_PERMITTED_FOR_SUSPENDED_ACCOUNT"
        sandbox.world.accounts[ACCOUNT] = SandboxAccount(account_id=ACCOUNT, trouble=code)
        for attempt in (connector.validate, connector.apply):
            with pytest.raises(AuthFailed, match="suspended") as caught:
                await attempt(change(BUDGET, "2.50"), state)
            assert caught.value.code == code
            assert caught.value.request_id.startswith("request-")


async def test_another_account_is_refused_and_says_which_manager_it_needs() -> None:
    async with speaking() as (connector, _):
        with pytest.raises(AuthFailed, match="manager account") as caught:
            await connector.describe_account("999")
        assert caught.value.code == "authorization_error/USER_PERMISSION_DENIED"
        for number in ("", "1 OR 1=1", "١٢٣"):
            with pytest.raises(Rejected, match="no number"):
                await connector.describe_account(number)


@pytest.mark.parametrize("lever", [Lever.DAILY_BUDGET, Lever.STATUS])
async def test_a_removed_campaign_is_refused_by_googles_code(lever: Lever) -> None:
    async with speaking() as (connector, sandbox):
        ref = campaign(lever)
        sandbox.world.remove(ACCOUNT, "11")
        state = await read(connector, ref)
        assert not state.delivering
        for attempt in (connector.validate, connector.apply):
            with pytest.raises(Rejected, match="removed") as caught:
                await attempt(change(ref, "1"), state)
            assert "REMOVED" in caught.value.code
            assert caught.value.request_id.startswith("request-")
        assert sandbox.effects == ()


async def test_an_entity_that_was_never_there_is_refused_by_googles_code() -> None:
    async with speaking() as (connector, sandbox):
        state = await read(connector, BUDGET)
        del sandbox.world.resources[f"customers/{ACCOUNT}/campaigns/11"]
        del sandbox.world.resources[f"customers/{ACCOUNT}/campaignBudgets/11"]
        assert await connector.read_state([BUDGET]) == {}
        with pytest.raises(Rejected) as caught:
            await connector.apply(change(BUDGET, "2.50"), state)
        assert caught.value.code == "mutate_error/RESOURCE_NOT_FOUND"
        with pytest.raises(Rejected, match="not read of this value"):
            await connector.apply(change(replace(BUDGET, entity_id="404"), "2.50"), state)


async def test_a_clock_that_is_ahead_costs_a_token_for_each_call_and_nothing_else() -> None:
    async with speaking() as (connector, sandbox):
        sandbox.tokens.lifetime = 0
        state = await read(connector, BUDGET)
        await connector.apply(change(BUDGET, "2.50"), state)
        assert len(sandbox.effects) == 1
        assert sandbox.tokens.given == len(("the reading", "the change"))


async def test_a_clock_that_is_behind_costs_one_attempt_that_changed_nothing() -> None:
    async with speaking() as (connector, sandbox):
        state = await read(connector, BUDGET)
        sandbox.tokens.valid.clear()
        with pytest.raises(Throttled) as caught:
            await connector.apply(change(BUDGET, "2.50"), state)
        assert caught.value.code == "authentication_error/OAUTH_TOKEN_EXPIRED"
        assert sandbox.effects == ()
        await connector.apply(change(BUDGET, "2.50"), state)
        assert len(sandbox.effects) == 1


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize(
    ("request_kind", "fault"),
    [
        *((Call.READ, fault) for fault in READ_FAULTS),
        *((Call.TOKEN, fault) for fault in TOKEN_FAULTS),
    ],
)
async def test_no_read_tells_a_secret_whatever_goes_wrong_and_however_much_is_logged(
    request_kind: Call, fault: Fault, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    kind = {Call.READ: READ_FAULTS, Call.TOKEN: TOKEN_FAULTS}[request_kind][fault]
    async with speaking(seconds=0.6) as (connector, sandbox):
        log_everything(caplog)
        sandbox.faults.plan(Planned(fault=fault, call=request_kind, seconds=7.0))
        with pytest.raises(ConnectorError) as caught:
            await READS[call](connector)
        assert type(caught.value) is kind
        assert not len(sandbox.faults)
        assert caught.value.__context__ is None
        text = told(caught.value) + written(caplog) + repr(connector)
        assert not [secret for secret in SECRETS if secret in text]


async def test_no_read_that_goes_well_tells_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    async with speaking() as (connector, _):
        log_everything(caplog)
        for call in READS.values():
            await call(connector)
        assert not [secret for secret in SECRETS if secret in written(caplog)]
