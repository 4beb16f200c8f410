"""The agent of metrics: keeps what hours say by slice, and tells closed days to their account.

A day is over when the campaign is heard of on a later one: who is never heard of again needs no
advice, so no clock is read. What was told anew of earlier days goes out with the next day that
closes, so that a campaign is told once a day and not once an hour.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from engine.calendar import DAY, HOUR, day_start
from schemas import (
    Breakdowns,
    CampaignKey,
    LearningStatus,
    MetricsEvent,
    Plan,
    SchemaError,
    decode_metrics,
    encode,
)
from schemas.keys import check_key
from schemas.topics import BREAKDOWNS
from workers.adviser.auditing import in_force_of
from workers.adviser.books import Books
from workers.adviser.closing import MOST_BYTES, closed_day, largest
from workers.adviser.draft import Draft
from workers.adviser.due import Due, due_of, packed
from workers.adviser.emergencies import Watch, excluded_windows
from workers.adviser.emergency_hours import Moment
from workers.adviser.maturing import maturity_of
from workers.adviser.planning import plan_of, terms_of_plan
from workers.adviser.policy import AdviserPolicy
from workers.adviser.pulse_learning import Closed, learn
from workers.adviser.slices import day_of, taken, told_of
from workers.adviser.slices import packed as packed_day
from workers.adviser.tables import HOURS, PLANS, hours_key
from workers.adviser.told_shares import delays_taught, told_by_age
from workers.delivery.api import Record, Step, View
from workers.instants import check_timestamp, day_number
from workers.partitioner import partition_of


def metrics_step(
    policy: AdviserPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Keep what the records of one partition say; tell the days that close."""
    draft = Draft(policy, view, HOURS)
    watch = Watch(draft, books)
    for record in records:
        try:
            event = decode_metrics(record.value or b"").event
            check_key(record.key, event.key)
            check_timestamp(record.timestamp)
        except SchemaError:
            # As for plans: the optimizer puts it aside, or sends it on.
            draft.count("ignored", record.topic, "unreadable")
            continue
        reason = _passed_over(draft, record, event)
        if reason is None:
            reason = _Heard(draft, books, event, record).take(watch)
        if reason is not None:
            draft.count("ignored", record.topic, reason)
    watch.judge()
    return draft.done()


def _passed_over(draft: Draft, record: Record, event: MetricsEvent) -> str | None:
    if partition_of(event.key, draft.view.partitions) != draft.view.partition:
        return "other_partition"
    latest = max(int(event.window_start.timestamp()), _emitted(event))
    return "in_the_future" if draft.policy.too_far_ahead(latest, record.timestamp) else None


def _emitted(event: MetricsEvent) -> int:
    return int(event.emitted_at.timestamp()) if event.emitted_at else 0


class _Heard:
    """One event of a campaign of this partition."""

    def __init__(self, draft: Draft, books: Books, event: MetricsEvent, record: Record) -> None:
        self._draft, self._books, self._event, self._key = draft, books, event, event.key
        self._zones, self._offset = books.zones, record.offset
        self._start = int(event.window_start.timestamp())
        emitted = _emitted(event)
        self._now = emitted if emitted >= self._start + HOUR else record.timestamp // 1_000
        self._plan: Plan | None = plan_of(draft.view.table(PLANS).get(self._key))

    def take(self, watch: Watch) -> str | None:
        """Take the event; return why it changes nothing, if it does not."""
        watch.before(self._key)
        due = due_of(self._draft.read(self._key))
        zone = self._event.account_timezone or due.zone or (self._plan and self._plan.timezone)
        due = msgspec.structs.replace(due, zone=zone or "UTC")
        day, now = self._local_days(due.zone or "UTC")
        due, reason = self._kept(due, day)
        if now > due.clock:
            due = self._closed(msgspec.structs.replace(due, clock=now))
        stored = packed(due)
        if stored != self._draft.read(self._key):
            self._draft.writes[self._key] = stored
        if reason is None and self._plan is not None and due.zone:
            watch.hear(self._moment(due, due.zone, self._plan), self._offset)
        return reason

    def _moment(self, due: Due, zone: str, plan: Plan) -> Moment:
        base = plan.bid.base if plan.bid else None
        told = _emitted(self._event) - self._start
        return Moment(
            campaign=self._key,
            start=self._start,
            part=told / HOUR if 0 < told < HOUR else 1.0,
            now=self._now,
            zone=zone.encode(),
            bid=float(due.bid or base or 0),
            reported=due.bid,
            reported_since=due.bid_changed,
            in_force=in_force_of(self._draft.view, self._key),
            plan=plan,
        )

    def _local_days(self, zone: str) -> tuple[int, int]:
        day, now = (self._zones.local_day(zone.encode(), at) for at in (self._start, self._now))
        return day, now

    def _kept(self, due: Due, day: int) -> tuple[Due, str | None]:
        """Return what is due after the event, and why the event says nothing new if so."""
        utc_day = self._start // DAY
        if utc_day < due.newest - self._draft.policy.restatement_days:
            return due, "too_old"
        currency = self._event.currency or due.currency
        if due.currency is not None and currency != due.currency:
            return due, "currency_mismatch"
        told = told_of(self._event, self._start)
        if told is None:
            return due, "out_of_range"
        key = hours_key(self._key, utc_day)
        before = self._draft.read(key)
        after = taken(day_of(before), told, self._draft.policy.deltas_per_hour)
        if isinstance(after, str):
            return due, after
        value = packed_day(after)
        if value == before:
            return due, "duplicate"
        if told.left_out:
            self._draft.count("breakdowns", "rows_left_out", by=told.left_out)
        self._draft.writes[key] = value
        phase = self._event.learning_status
        learning = None if phase is None else phase is LearningStatus.LEARNING
        due = due.naming(self._start, self._event.current_bid, learning=learning)
        return self._without_older(due.changed(day, utc_day, currency)), None

    def _without_older(self, due: Due) -> Due:
        oldest = due.newest - self._draft.policy.restatement_days
        gone = [day for day in due.kept if day < oldest]
        self._draft.writes.update({hours_key(self._key, day): None for day in gone})
        return due if not gone else due.without(gone)

    def _closed(self, due: Due) -> Due:
        """Tell the days that are over and have something new to tell."""
        over = [day for day in due.changed_days if day < due.clock]
        told = []
        for day in over:
            record, value = self._fitting(due, day)
            self._draft.publish(BREAKDOWNS, record.key, value, self._now)
            if record.refused_hours:
                self._draft.count("breakdowns", "more_than_total", by=record.refused_hours)
            self._draft.count("breakdowns", "told")
            told.append(record)
        if told and self._plan is not None:
            self._learn(told, self._plan)
        return due.without_changes(over)

    def _learn(self, told: Sequence[Breakdowns], plan: Plan) -> None:
        terms = terms_of_plan(plan)
        if terms.paced or terms.platform_bids:
            return
        zone = self._zones.rows([told[0].timezone.encode()] * len(told))
        days = np.array([day_number(each.day) for each in told])
        begins = day_start(self._zones.calendar, zone, days).tolist()
        windows = excluded_windows(self._draft, self._books, self._key, plan)
        closed = [
            Closed(record=record, begins=begin, excluded=windows)
            for record, begin in zip(told, begins, strict=True)
        ]
        maturity = maturity_of(self._draft, self._books, self._key)
        learn(self._draft, self._key, closed, maturity, self._now)

    def _fitting(self, due: Due, day: int) -> tuple[Breakdowns, bytes]:
        """Return a day as a record that Kafka takes: small slices go into the one without names."""
        heard = self._event, due
        record = closed_day(self._draft, self._books.zones, heard, self._plan, (day, self._now))
        shares, taught = self._told_by_age()
        record = msgspec.structs.replace(record, told_by_age=shares, delays_taught=taught)
        value = encode(record)
        while len(value) > MOST_BYTES:
            left = len(record.slices) // 2
            self._draft.count("breakdowns", "slices_left_out", by=len(record.slices) - left)
            record = msgspec.structs.replace(record, slices=largest(record.slices, left))
            value = encode(record)
        return record, value

    def _told_by_age(self) -> tuple[tuple[float, ...], bool]:
        named = self._event
        key = CampaignKey(named.platform, named.account_id, named.campaign_id)
        shares = told_by_age(self._draft, self._books, key)
        return shares, delays_taught(self._draft, self._books, key)
