"""The agent of suspicions: says where tracking is suspected to be lost, and when it is back.

What one campaign's hours say is enough for that campaign. Where each of an account's campaigns is
only somewhat too quiet, what they say together may be enough for all of them: the account's owner
keeps sums of it, of those who told anything today or yesterday.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from msgspec import structs

from engine import change_tests
from engine.calendar import DAY, HOUR
from engine.change_tests import MOST_EVIDENCE
from engine.tracking import DOUBTED, SUSPECTED
from schemas import Condition, ConditionKind, SchemaError, Scope, Suspicion, decode, encode
from schemas.errors import Reason
from schemas.keys import campaign_key, check_key
from schemas.topics import CONDITIONS
from workers.allocator.outage_rows import NOTHING, Account, Campaign, Tally, pack, unpack
from workers.allocator.policy import AllocatorPolicy
from workers.closed_days import refuse_ahead
from workers.delivery.api import Output, Record, Step, View
from workers.draft import Draft
from workers.instants import from_seconds

SUSPICIONS_AGENT = "suspicions"

LIFTED: Final = SUSPECTED / 2.0
"""Evidence below which an outage that was suspected is so no longer."""

_RUNNING: Final = timedelta(hours=2)
"""How far behind the clock that tells of it the end of an hour may lie that runs still."""

_BROADCAST_PARTITION = 0
_THOUSAND = 1_000


def suspicions_step(policy: AllocatorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep what campaigns say of their tracking; publish outages that are suspected, or over."""
    draft = Draft(view, SUSPICIONS_AGENT)
    for record in records:
        try:
            said = decode(record.value or b"", Suspicion)
            check_key(record.key, said.key)
            _check_lived(said)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if refuse_ahead(draft, policy, record, said.told_at, "told_at"):
            continue
        campaign, account = _noted(draft, said)
        for outage in (_of_campaign(campaign, said), _of_account(account, said)):
            if outage is not None:
                _publish(draft, policy.prefix, outage, record.timestamp)
                held = {"outage": encode(outage)}
                if outage.scope is Scope.CAMPAIGN:
                    campaign = structs.replace(campaign, **held)
                else:
                    account = structs.replace(account, **held)
        draft.writes[_name(said)] = pack(campaign)
        draft.writes[said.key] = pack(_most(account))
    return draft.done()


def _check_lived(said: Suspicion) -> None:
    """Raise `SchemaError` (``contradiction``) where an outage lies in hours to come, or in none."""
    if said.until is not None and said.until <= said.since:
        detail = f"must be after since, {said.since.isoformat()}; was {said.until.isoformat()}"
        raise SchemaError("until", Reason.CONTRADICTION, detail)
    field = "since" if said.until is None else "until"
    time = said.until or said.since
    if time > said.told_at + _RUNNING:
        detail = f"must not be after told_at, {said.told_at.isoformat()}; was {time.isoformat()}"
        raise SchemaError(field, Reason.CONTRADICTION, detail)


def _name(said: Suspicion) -> bytes:
    return campaign_key(said.platform, said.account_id, said.campaign_id)


def _noted(draft: Draft, said: Suspicion) -> tuple[Campaign, Account]:
    """Return what is known of the campaign and of its account with what was said."""
    campaign = unpack(draft.read(_name(said)), Campaign)
    account = unpack(draft.read(said.key), Account)
    day = int(said.told_at.timestamp()) // DAY
    tally = _tally(said, _active(account.outage))
    days = dict(account.days)
    if campaign.day in days:
        days[campaign.day] = days[campaign.day].without(campaign.tally)
    days[day] = days.get(day, NOTHING).beside(tally)
    newest = max(days)
    days = {each: days[each] for each in sorted(days) if each >= newest - 1}
    return (
        structs.replace(campaign, day=day, tally=tally),
        structs.replace(account, days=days),
    )


def _touches(said: Suspicion, outage: Condition) -> bool:
    """Return whether the hours of a campaign's likeliest outage are among those of ``outage``."""
    begins = outage.until is None or said.since < outage.until
    return begins and (said.until is None or said.until > outage.since)


def _tally(said: Suspicion, outage: Condition | None) -> Tally:
    """Return what one campaign counts for in the sums of its account, which may have an outage."""
    missing = said.until is None if outage is None else _touches(said, outage)
    moved = said.evidence_now >= DOUBTED
    return Tally(
        members=1,
        moved=int(moved),
        evidence_now=int(min(said.evidence_now, MOST_EVIDENCE) * _THOUSAND),
        evidence=int(min(said.evidence, MOST_EVIDENCE) * _THOUSAND) if missing else 0,
        began=int((said.since_now or said.since).timestamp()) if moved else 0,
    )


def _of_campaign(known: Campaign, said: Suspicion) -> Condition | None:
    """Return what is to be told of the campaign's outage; nothing where nothing changed."""
    before = _active(known.outage)
    # What keeps an outage up is its own hours: a quiet night of last week does not.
    same = before is not None and _touches(said, before)
    if said.evidence >= (LIFTED if same else SUSPECTED):
        last = _read(known.outage)
        return _suspected(last, said, Scope.CAMPAIGN, said.until)
    if before is None:
        return None
    # Hours that are no longer looked at are not learned from after all, and hold nobody.
    return _lifted(before, said) if said.judged_from <= before.since else _over(before, said)


def _of_account(known: Account, said: Suspicion) -> Condition | None:
    """Return what is to be told of the account's outage; nothing where nothing changed."""
    whole = _whole(known)
    before = _active(known.outage)
    goes_on = before is not None and before.until is None
    now = _pooled(whole)
    if whole.members > 1 and now >= (LIFTED if goes_on else SUSPECTED):
        shared = structs.replace(said, since=_began(whole, said))
        return _suspected(_read(known.outage), shared, Scope.ACCOUNT, None)
    if before is None:
        return None
    # What is still missing shows in what is left of the evidence; a part of it is chance.
    missing = 2 * whole.evidence > known.most
    if missing or said.judged_from > before.since:
        return _over(before, said)
    return _lifted(before, said)


def _began(whole: Tally, said: Suspicion) -> datetime:
    """Return when what goes on began: the mean of its campaigns, at the full hour before.

    Those that sell little were quiet for some time by chance when it began, some for long.
    """
    mean = from_seconds(whole.began // whole.moved // HOUR * HOUR)
    # Sums that another version has begun know of no beginnings for up to two days.
    return mean if mean >= said.judged_from else said.since_now or said.since


def _whole(known: Account) -> Tally:
    whole = NOTHING
    for tally in known.days.values():
        whole = whole.beside(tally)
    return whole


def _most(known: Account) -> Account:
    """Return the account with the most evidence that there was in its outage."""
    outage = _active(known.outage)
    most = max(known.most, _whole(known).evidence) if outage else 0
    return structs.replace(known, most=most)


def _pooled(whole: Tally) -> float:
    total = np.array([whole.evidence_now / _THOUSAND])
    found = change_tests.pooled(total, np.array([whole.moved]), np.array([whole.members]))
    return float(found[0])


def _suspected(
    last: Condition | None, said: Suspicion, scope: Scope, until: datetime | None
) -> Condition | None:
    """Return an outage with its end, if there is one; nothing where that was told before."""
    since = said.since
    if last is not None and last.active and (last.until is None or last.until >= since):
        # One that goes on began when it was first said to.
        since = last.since if until is None or until > last.since else since
        if (last.since, last.until) == (since, until):
            return None
    return _next(last, said, scope, since=since, until=until)


def _over(before: Condition, said: Suspicion) -> Condition | None:
    """Return an outage that ends now, unless it has ended; its hours stay unlearned."""
    if before.until is not None or said.told_at <= before.since:
        return None
    return _next(before, said, before.scope, since=before.since, until=said.told_at)


def _lifted(before: Condition, said: Suspicion) -> Condition:
    """Return that there was none, so that its hours are learned."""
    return _next(before, said, before.scope, since=before.since, active=False)


def _next(before: Condition | None, said: Suspicion, scope: Scope, **fields: Any) -> Condition:  # noqa: ANN401 -- fields of Condition
    names: dict[str, Any] = {"platform": said.platform, "account_id": said.account_id}
    if scope is Scope.CAMPAIGN:
        names["campaign_id"] = said.campaign_id
    about = "" if scope is Scope.CAMPAIGN else f" of campaign {said.campaign_id}, among others"
    came = (
        f"{said.expected:g} conversions{about} were expected by its clicks, {said.counted:g} came"
    )
    return Condition(
        kind=ConditionKind.OUTAGE,
        scope=scope,
        **names,
        version=before.version + 1 if before else 1,
        by="allocator",
        why=came,
        **{"active": True, **fields},
    )


def _publish(draft: Draft, prefix: str, outage: Condition, at: int) -> None:
    topic = CONDITIONS.full_name(prefix)
    draft.outputs.append(
        Output(topic, outage.key, encode(outage), _BROADCAST_PARTITION, timestamp=at)
    )
    change = "lifted" if not outage.active else "over" if outage.until else "suspected"
    draft.count("outages", outage.scope.value, change)


def _active(value: bytes) -> Condition | None:
    condition = _read(value)
    return condition if condition is not None and condition.active else None


def _read(value: bytes) -> Condition | None:
    return decode(value, Condition) if value else None
