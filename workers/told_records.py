"""What records of campaigns say, under keys that are theirs: how workers read a topic's records."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from schemas import Plan, decode, parse_campaign_key
from schemas.keys import check_key
from schemas.record import CampaignRecord
from workers.delivery.api import Record
from workers.instants import check_timestamp

CampaignRecordT = TypeVar("CampaignRecordT", bound=CampaignRecord)


def told_plan(record: Record) -> tuple[bytes, Plan | None]:
    """Return a campaign's key and its plan; a record without a value deletes it.

    Raises
    ------
    SchemaError
        The plan cannot be read, or the record's key is not its campaign's.
    """
    plan = decode(record.value, Plan) if record.value is not None else None
    key = plan.key if plan else bytes(parse_campaign_key(record.key or b""))
    check_key(record.key, key)
    return key, plan


def told_by(kind: type[CampaignRecordT]) -> Callable[[Record], tuple[bytes, CampaignRecordT]]:
    """Return what reads a campaign's key and record of ``kind``; it raises `SchemaError`."""

    def read(record: Record) -> tuple[bytes, CampaignRecordT]:
        said = decode(record.value or b"", kind)
        check_key(record.key, said.key)
        return said.key, said

    return read


def told_in_time_by(
    kind: type[CampaignRecordT],
) -> Callable[[Record], tuple[bytes, CampaignRecordT]]:
    """Return what `told_by` does, which refuses times beyond a calendar's as well."""

    def read(record: Record) -> tuple[bytes, CampaignRecordT]:
        found = told_by(kind)(record)
        check_timestamp(record.timestamp)
        return found

    return read
