"""The connector to LinkedIn: budgets, bids and status of campaigns, and reports by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from workers.connectors.amounts import floor_to
from workers.connectors.errors import Ambiguous, Conflict, Rejected
from workers.connectors.linkedin.checks import (
    check_alive,
    check_locally,
    check_owner,
    check_pricing,
)
from workers.connectors.linkedin.options import LinkedInCredentials, LinkedInOptions
from workers.connectors.linkedin.reports import read_days
from workers.connectors.linkedin.values import (
    LEVERS,
    LIMIT_FIELDS,
    identifier,
    owner,
    patch,
    state,
    step,
)
from workers.connectors.linkedin.wire import Wire
from workers.connectors.protocol import (
    Account,
    Capabilities,
    Change,
    Edit,
    Lever,
    Performance,
    Receipt,
    Ref,
    State,
)

_NO_CONTENT: Final = 204


class LinkedInConnector:
    """Acts for one member; see `workers.connectors.protocol.Connector`.

    Build it inside the running loop that it is used in.
    """

    name = "linkedin"
    capabilities = Capabilities(levers=LEVERS)
    """LinkedIn has no dry run and no hours, and tells neither history nor learning."""

    def __init__(
        self,
        credentials: LinkedInCredentials,
        options: LinkedInOptions | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._wire = Wire(credentials, options or LinkedInOptions(), now)

    @property
    def version(self) -> str:
        """The ``LinkedIn-Version`` that is spoken."""
        return self._wire.options.version

    @property
    def requests_today(self) -> int:
        """Requests in the UTC day so far."""
        return self._wire.requests_today

    @property
    def usage(self) -> float | None:
        """Share of the day's requests that is used up; None where the limit is not known."""
        return self._wire.usage

    async def describe_account(self, account_id: str) -> Account:
        """Return what holds for the account; its days are UTC days."""
        owner = identifier(account_id, "account")
        body = await self._read(f"/adAccounts/{owner}", "GET", "currency")
        return Account(
            account_id=account_id,
            name=str(body.get("name", "")),
            currency=body["currency"],
            timezone="UTC",
            step=step(body["currency"]),
            minimums={},
        )

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force of values of one account; those it does not have are left out."""
        known = [ref for ref in refs if (ref.entity, ref.lever) in LEVERS and not ref.part]
        if not known:
            return {}
        if len({ref.account_id for ref in known}) > 1:
            raise Rejected("The values belong to more than one account: ask for each by itself.")
        account = await self.describe_account(known[0].account_id)
        wanted = {identifier(ref.entity_id, "campaign") for ref in known}
        found = await self._batch(account.account_id, "adCampaigns", wanted)
        told = {ref: found[ref.entity_id] for ref in known if ref.entity_id in found}
        owners = {ref: owner(campaign, ref.lever) for ref, campaign in told.items()}
        groups = await self._batch(account.account_id, "adCampaignGroups", owners.values())
        return {
            ref: state(campaign, ref.lever, account.currency, groups.get(owners[ref], {}))
            for ref, campaign in told.items()
        }

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set, of money never one above ``amount``."""
        if lever is Lever.STATUS:
            return Decimal(int(amount > 0))
        return floor_to(amount, account.step)

    async def validate(self, change: Change, state: State) -> None:
        """Raise `Rejected` if LinkedIn would not do it; it has no dry run, so this looks itself."""
        check_locally(change, state)
        campaign = await self._settable(change.ref)
        if change.ref.lever in LIMIT_FIELDS:
            await check_pricing(self._wire, change, campaign)

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt on the wire, after a look that nobody else made one."""
        check_locally(change, state)
        campaign = await self._settable(change.ref)
        found = str((campaign.get("version") or {}).get("versionTag", ""))
        if state.version and found != state.version:
            raise Conflict(
                f"The campaign has version {found} where {state.version} was expected: somebody"
                " has changed it; read it again."
            )
        body, sent = patch(change.ref, change.target, change.currency)
        answer = await self._wire.send("POST", _path(change.ref), "PARTIAL_UPDATE", body)
        if answer.status != _NO_CONTENT:
            raise Ambiguous(
                f"LinkedIn answered status {answer.status} where a change is answered by 204;"
                " read what is in force.",
                request_id=answer.request_id,
            )
        return Receipt(sent=sent, request_id=answer.request_id, usage=self.usage)

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return what is reported of UTC days, the last one included; hours are not told."""
        account = await self.describe_account(account_id)
        return await read_days(self._wire, account, since, until, self._now())

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:  # noqa: ARG002
        """Return nothing: LinkedIn does not tell who changed what."""
        return ()

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._wire.aclose()

    async def _settable(self, ref: Ref) -> Mapping[str, Any]:
        """Return the campaign as it is now, if the value is its own and can be set."""
        campaign = await self._read(_path(ref), "GET", "status")
        check_alive(campaign)
        group = owner(campaign, ref.lever)
        account = identifier(ref.account_id, "account")
        groups = await self._batch(account, "adCampaignGroups", [group])
        check_owner(ref.lever, group, groups.get(group, {}))
        return campaign

    async def _batch(
        self, account_id: str, kind: str, ids: Iterable[str]
    ) -> Mapping[str, Mapping[str, Any]]:
        """Return those of an account's entities that there are, by id; empty ids are none."""
        listed = ",".join(sorted(filter(None, set(ids))))
        if not listed:
            return {}
        path = f"/adAccounts/{account_id}/{kind}?ids=List({listed})"
        found: Mapping[str, Mapping[str, Any]] = (await self._read(path, "BATCH_GET", "results"))[
            "results"
        ]
        return found

    async def _read(self, path: str, rest: str, needed: str) -> Mapping[str, Any]:
        answer = await self._wire.send("GET", path, rest)
        if answer.body is None or needed not in answer.body:
            raise Ambiguous(
                f"LinkedIn's answer has no {needed}; ask again.", request_id=answer.request_id
            )
        return answer.body


def _path(ref: Ref) -> str:
    account = identifier(ref.account_id, "account")
    return f"/adAccounts/{account}/adCampaigns/{identifier(ref.entity_id, 'campaign')}"
