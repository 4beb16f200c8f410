"""The agent of exchange rates: believes what can be, and tells it to all partitions.

A rate lies in the partition of its key, but the groups that need it lie anywhere: what is believed
is published once more to every other partition, where it is judged again by what is known there,
which is the same.

A rate that is more than a quarter away from the one of a day before may be a slip of a comma or of
a base for a quote. It is put aside until a person has signed for it; the old one holds until it is
too old. Many small steps within a day go no further than a large one: all are held against the
rate that the day began with, beside the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from msgspec.structs import replace

from schemas import FxRate, SchemaError, decode
from schemas.fx_rate import check_pair_key
from schemas.headers import SPREAD
from schemas.keys import check_key
from workers.allocator.draft import Draft
from workers.allocator.fx_pairs import Known, Pair, packed, unpack
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import RATES
from workers.delivery.api import Record, Step, View
from workers.routing import copied

LARGEST_JUMP: Final = Fraction(5, 4)
"""The most that a rate is believed to rise by in a day, as a factor; to fall by likewise."""

RATE_JUMP: Final = "rate_jump"
OLD_RATE: Final = "old_rate"
IN_THE_FUTURE: Final = "in_the_future"

_DAY: Final = 86_400


def rates_step(policy: AllocatorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the rates that the records of one partition bring, and tell them to the others."""
    draft = Draft(policy, view, RATES)
    for record in records:
        try:
            rate = decode(record.value, FxRate) if record.value is not None else None
            key = rate.key if rate else record.key or b""
            check_pair_key(key)
            check_key(record.key, key)
            copy = any(name == SPREAD for name, _ in record.headers)
            if not copy and draft.sent_on(record, key):
                continue
            if _is_taken(draft, record, key, rate) and not copy:
                _spread(draft, record, key)
        except SchemaError as error:
            draft.refuse_for(record, error)
    return draft.done()


def _is_taken(draft: Draft, record: Record, key: bytes, rate: FxRate | None) -> bool:
    """Return whether a record changes what is believed; put it aside where it cannot be."""
    known = unpack(draft.read(key))
    if rate is None:
        if known is None or known.withdrawn:
            return False
        # What it was stays known, so that nothing far from it slips in behind the withdrawal.
        draft.writes[key] = packed(replace(known, withdrawn=True))
        return True
    told = Pair.of_record(rate)
    if known is not None and (known.pair, known.withdrawn) == (told, False):
        draft.count("repeats", record.topic)
        return False
    if not _is_believed(draft, record, rate, known):
        return False
    draft.writes[key] = packed(_after(known, told, signed=rate.confirmed_by is not None))
    return True


def _is_believed(draft: Draft, record: Record, rate: FxRate, known: Known | None) -> bool:
    told = Pair.of_record(rate)
    if draft.policy.too_far_ahead(told.as_of, record.timestamp):
        detail = f"is ahead of its record's timestamp, was {rate.as_of.isoformat()}"
        draft.refuse(record, IN_THE_FUTURE, "as_of", detail)
        return False
    if known is None:
        return True
    if told.as_of < known.pair.as_of:
        detail = f"is before {known.pair.when}, of which a rate is known"
        draft.refuse(record, OLD_RATE, "as_of", detail)
        return False
    far = [each for each in (known.anchor, known.pair) if _is_far(told, each)]
    if far and rate.confirmed_by is None:
        was, then = float(far[0].into(rate.base)), far[0].when
        detail = (
            f"{str(rate.rate)[:40]} {rate.quote} for one {rate.base} is more than 25 % away from "
            f"{was:.6g} of {then}; if it is right, publish it once more with confirmed_by"
        )
        draft.refuse(record, RATE_JUMP, "rate", detail)
        return False
    return True


def _is_far(told: Pair, known: Pair) -> bool:
    now, was = told.into(told.base), known.into(told.base)
    return max(now / was, was / now) > LARGEST_JUMP


def _after(known: Known | None, told: Pair, *, signed: bool) -> Known:
    """Return what is known of a pair after a rate that is believed."""
    if known is None or signed or told.as_of >= known.anchor.as_of + _DAY:
        return Known(told, told)
    return Known(told, known.anchor)


def _spread(draft: Draft, record: Record, key: bytes) -> None:
    headers = (*record.headers, (SPREAD, b"1"))
    for partition in range(draft.view.partitions):
        if partition != draft.view.partition:
            draft.outputs.append(copied(record, key, partition, headers))
