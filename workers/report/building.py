"""From records to a report: takes them in as they come, topic by topic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from schemas import AuditEntry, CampaignKey, HoldReason, MetricsEvent, Plan, Recommendation
from workers.errors import UsageError
from workers.report.calibration import calibration_of
from workers.report.choosing import chosen, nothing_told
from workers.report.cohort_rows import triangle_of
from workers.report.decisions import Decided, Foresight, within
from workers.report.delivered import HOUR, Delivered
from workers.report.heat import week_of
from workers.report.holding import holds_of
from workers.report.model import Comparison, Counts, Records, Report, Shown, Wishes
from workers.report.outcomes import Outcomes
from workers.report.pace import Story, pace_of
from workers.report.periods import Period, Terms
from workers.report.rates import RateBook
from workers.report.retold import Retold
from workers.report.ripening import Ripening
from workers.report.totals import Campaigns, Stretch, totals_by_account

_BEFORE = {HoldReason.NO_PLAN, HoldReason.STALE_DATA}
"""Holds of hours that only teach: what they foresaw was not foreseen, and nobody was pacing."""

_DRAWN = 35 * 24 * HOUR
"""Longest stretch that pace charts show: its last five weeks."""


@dataclass
class Book:
    """What a report is made from: plans and metrics first, then recommendations, then the trail.

    Which campaigns are shown depends on the metrics, and what is kept of decisions on that: so
    metrics that come after `decided` was first asked for count for nothing.

    Parameters
    ----------
    wishes
        Which campaigns are to be shown, of which time.
    """

    wishes: Wishes
    delivered: Delivered = field(default_factory=Delivered)
    plans: dict[CampaignKey, Plan] = field(default_factory=dict)
    outcomes: Outcomes = field(default_factory=Outcomes)
    rates: RateBook = field(default_factory=RateBook)
    retold: Retold = field(default_factory=Retold)
    _insight: dict[CampaignKey, list[Foresight]] = field(default_factory=dict)

    def add_plans(self, plans: Iterable[Plan]) -> None:
        """Take in plans; the highest version counts."""
        for plan in plans:
            key = CampaignKey(plan.platform, plan.account_id, plan.campaign_id)
            known = self.plans.get(key)
            if known is None or plan.version >= known.version:
                self.plans[key] = plan

    @cached_property
    def campaigns(self) -> Campaigns:
        """All campaigns with their terms and hours, once the metrics are read."""
        return {
            key: (self._terms(key), self.delivered.hours(key)) for key in self.delivered.campaigns()
        }

    @cached_property
    def shown(self) -> list[CampaignKey]:
        """The campaigns to be shown, once the metrics are read."""
        return chosen(self.campaigns, self.wishes)

    @cached_property
    def ripening(self) -> Ripening:
        """How value grows with age, once the metrics are read."""
        return Ripening(self.campaigns, self.retold)

    @cached_property
    def decided(self) -> Decided:
        """What takes in recommendations and the trail, once the metrics are read."""
        return Decided(in_detail=frozenset(self.shown))

    def deliver(self, events: Sequence[MetricsEvent], times: Sequence[int]) -> None:
        """Take in metrics, and when each was told, in seconds."""
        self.delivered.add(events)
        if self.wishes.most:
            self.retold.hear(events, times)

    def advise(self, recommendations: Sequence[Recommendation]) -> None:
        """Take in recommendations, once the metrics are read."""
        self.decided.add(recommendations)
        self.rates.foretell(recommendations)

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Take in entries of the audit trail, once the recommendations are read."""
        self.decided.audit(entries)

    def take(self, records: Records) -> None:
        """Take in records of all topics."""
        self.add_plans(records.plans)
        self.delivered.add(records.metrics)
        self.decided.add(records.recommendations)
        self.decided.audit(records.audit)
        self.outcomes.add(records.outcomes)

    def allowance(self, key: CampaignKey, period: Period) -> float | None:
        """Return what a campaign could spend in a period: the last word on it, or its plan's."""
        known = within(self._foreseen(key), period.start, period.end)
        return known[-1].allowance if known else self._terms(key).budget

    def report(self, other: Book | None = None, *, name: str = "") -> Report:
        """Return the report, compared with another world's book if there is one.

        Raises
        ------
        UsageError
            There are no metrics in the time that was wished for.
        """
        stretch = self._stretch()
        comparison = None if other is None else self._compared(other, name, stretch)
        latest = max(self.decided.latest or 0, self._newest())
        return Report(
            stretch=stretch,
            latest=latest,
            models=tuple(sorted(self.decided.models)),
            campaigns=len(self.campaigns),
            accounts=totals_by_account(self.campaigns, self.allowance, stretch),
            counts=self._counts(stretch),
            shown=tuple(self._shown(key, stretch) for key in self.shown),
            calibration=calibration_of(self.campaigns, self._foreseen, stretch),
            rates=self.rates.rates(stretch),
            advised=self.outcomes.advised(stretch),
            holds=holds_of(self.decided.holds, stretch),
            standing=self.decided.standing.held(latest),
            comparison=comparison,
        )

    def _terms(self, key: CampaignKey) -> Terms:
        if key in self.plans:
            return Terms.of(self.plans[key])
        told = self.delivered
        return Terms(currency=told.currencies.get(key, ""), timezone=told.zones.get(key, "UTC"))

    def _newest(self) -> int:
        ends = (int(hours.starts[-1]) + HOUR for _, hours in self.campaigns.values())
        return max(ends, default=0)

    def _stretch(self) -> Stretch:
        since, until = self.wishes.since, self.wishes.until
        stretch = Stretch(
            start=self._began() if since is None else since,
            end=self._newest() if until is None else min(until, self._newest()),
        )
        if not self.campaigns:
            raise nothing_told()
        if stretch.start >= stretch.end:
            raise UsageError(
                "there are no metrics in that time",
                remedy="choose --from and --to around the hours that were published",
            )
        return stretch

    def _began(self) -> int:
        decided = [at for made in self.decided.counted.values() for at, _ in made]
        held = [
            one.at
            for holds in self.decided.holds.values()
            for one in holds
            if one.reason not in _BEFORE
        ]
        first = min((int(hours.starts[0]) for _, hours in self.campaigns.values()), default=0)
        began = min(decided + held, default=first)
        # Nothing that was decided has been reported on yet: what led to it is all there is to show.
        return began if began < self._newest() else first

    def _counts(self, stretch: Stretch) -> Counts:
        made = [one for each in self.decided.counted.values() for one in each if one[0] in stretch]
        held = [sum(one.at in stretch for one in each) for each in self.decided.holds.values()]
        return Counts(
            decisions=len(made),
            changes=sum(changed for _, changed in made),
            held=sum(held),
            held_campaigns=int(np.count_nonzero(held)),
            audit=self.decided.statuses(stretch.start, self._audited_to(stretch)),
        )

    def _audited_to(self, stretch: Stretch) -> int:
        """Return where the trail of a stretch ends: its last hours are settled after it."""
        bounded = self.wishes.until is not None and not self.wishes.whole_trail
        return stretch.end if bounded else (self.decided.latest or 0) + 1

    def _shown(self, key: CampaignKey, stretch: Stretch) -> Shown:
        terms, hours = self.campaigns[key]
        drawn = Stretch(start=max(stretch.start, stretch.end - _DRAWN), end=stretch.end)
        story = Story(
            key=key,
            terms=terms,
            hours=hours,
            foreseen=self._foreseen(key),
            decisions=self.decided.decisions.get(key, {}),
        )
        alone = totals_by_account({key: (terms, hours)}, self.allowance, stretch)
        return Shown(
            key=key,
            pace=pace_of(story, drawn),
            week=week_of(hours.between(0, stretch.end), terms.timezone),
            totals=next(iter(alone.values())),
            cohorts=triangle_of(self.ripening.known(key), self.ripening, key.platform),
        )

    def _foreseen(self, key: CampaignKey) -> list[Foresight]:
        if key not in self._insight:
            self._insight[key] = self.decided.foreseen(key)
        return self._insight[key]

    def _compared(self, other: Book, name: str, stretch: Stretch) -> Comparison:
        """Compare with another world; where that one has no plan of a campaign, ours counts."""
        both = [key for key in self.campaigns if key in other.campaigns]
        ours = {key: self.campaigns[key] for key in both}
        others = {
            key: (
                other.campaigns[key]
                if key in other.plans
                else (ours[key][0], other.campaigns[key][1])
            )
            for key in both
        }

        def allowance(key: CampaignKey, period: Period) -> float | None:
            book = other if key in other.plans else self
            return book.allowance(key, period)

        return Comparison(
            name=name,
            ours=totals_by_account(ours, self.allowance, stretch),
            others=totals_by_account(others, allowance, stretch),
            campaigns=len(both),
            left_out=len(self.campaigns) + len(other.campaigns) - 2 * len(both),
        )
