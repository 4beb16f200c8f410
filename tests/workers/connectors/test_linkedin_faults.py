"""What LinkedIn does wrong comes back as the class that says whether the change was made."""

from __future__ import annotations

import logging
import traceback
from decimal import Decimal

import pytest

from tests.workers.connectors.linkedin_parts import (
    SECRETS,
    change_of,
    connected,
    linkedin,
    reference,
)
from workers.connectors.errors import Ambiguous, AuthFailed, Conflict, ConnectorError, Throttled
from workers.connectors.protocol import Lever
from workers.sandbox.faults import Call, Fault, Planned

UNDONE = {
    Fault.THROTTLED_WITHOUT_HINT: Throttled,
    Fault.CONFLICT: Conflict,
    Fault.HTML_502: Ambiguous,
    Fault.JSON_500: Ambiguous,
    Fault.EMPTY_SUCCESS: Ambiguous,
    Fault.EMPTY_504: Ambiguous,
    Fault.RESET: Ambiguous,
    Fault.HANG: Ambiguous,
    Fault.TOKEN_REVOKED: AuthFailed,
    Fault.NO_PERMISSION: AuthFailed,
    Fault.VERSION_SUNSET: AuthFailed,
}
DONE: dict[Fault, type[ConnectorError] | None] = {
    Fault.APPLIED_THEN_HANG: Ambiguous,
    Fault.APPLIED_THEN_RESET: Ambiguous,
    Fault.TOKEN_EXPIRED: None,
    Fault.SLOW: None,
}
LEVERS = (Lever.DAILY_BUDGET, Lever.BID)


@pytest.mark.parametrize("lever", LEVERS)
@pytest.mark.parametrize("fault", [*UNDONE, *DONE])
async def test_a_fault_has_its_class_its_effects_and_no_secret_in_its_text(
    fault: Fault, lever: Lever, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ref = reference(lever)
    expected = UNDONE.get(fault) or DONE[fault]
    async with linkedin() as platform, connected(platform) as connector:
        state = (await connector.read_state([ref]))[ref]
        platform.faults.plan(Planned(fault=fault, seconds=0.05))
        caught = None
        try:
            await connector.apply(change_of(ref, "62.50"), state)
        except ConnectorError as error:
            caught = error
        assert type(caught) is (expected or type(None))
        assert platform.value(ref) == Decimal("62.50" if fault in DONE else "50")
        assert len(platform.effects) == (1 if fault in DONE else 0)
        told = caplog.text + repr(connector) + repr(connector._wire._credentials)
        if caught is not None:
            told += repr(caught) + "".join(traceback.format_exception(caught))
            assert caught.__context__ is None
        secrets = {*SECRETS, platform.access_token}
        assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize("lever", LEVERS)
async def test_a_persons_edit_during_a_failure_stands_and_the_next_try_sees_it(
    lever: Lever,
) -> None:
    ref = reference(lever)
    async with linkedin() as platform, connected(platform) as connector:
        state = (await connector.read_state([ref]))[ref]
        platform.faults.plan(Planned(fault=Fault.EDITED_MEANWHILE, ref=ref, value=Decimal(40)))
        with pytest.raises(Ambiguous):
            await connector.apply(change_of(ref, "60"), state)
        with pytest.raises(Conflict):
            await connector.apply(change_of(ref, "60"), state)
        assert [(effect.after, effect.by_person) for effect in platform.effects] == [
            (Decimal(40), True)
        ]


async def test_stale_reads_tell_what_was_in_force_before() -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        platform.edit(ref, Decimal(55))
        platform.faults.plan(Planned(fault=Fault.STALE_READS, call=Call.READ, times=2))
        await connector.describe_account("1")
        assert (await connector.read_state([ref]))[ref].value == 55
        platform.faults.plan(Planned(fault=Fault.STALE_READS, call=Call.READ, times=2))
        assert (await connector.read_state([ref]))[ref].value == 50
        assert (await connector.read_state([ref]))[ref].value == 55


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.BUDGET_CHANGES])
async def test_faults_that_linkedin_does_not_have_cannot_be_planned(fault: Fault) -> None:
    async with linkedin() as platform:
        with pytest.raises(ValueError, match="LinkedIn"):
            platform.faults.plan(Planned(fault=fault))


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.HTML_502, Fault.HANG])
async def test_a_read_without_a_whole_answer_is_no_state(fault: Fault) -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        platform.faults.plan(Planned(fault=fault, call=Call.READ))
        with pytest.raises(Ambiguous):
            await connector.read_state([ref])
        assert (await connector.read_state([ref]))[ref].value == 50
