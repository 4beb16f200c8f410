"""What came of a market's hours, in the reports of the platforms on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Self

from schemas.zones import zone
from workers.sandbox.linkedin.store import Reported as ReportedDay
from workers.sandbox.meta.store import Reported
from workers.sandbox.portfolio import PlacedCampaign
from workers.sandbox.serving import Sandbox
from workers.simulator.clearing import Outcome
from workers.simulator.records import amount, start_of


class Count(NamedTuple):
    """What a platform tells of a campaign's hour or day; amounts in the account's currency."""

    impressions: int = 0
    clicks: int = 0
    spend: Decimal = Decimal(0)
    conversions: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)

    @classmethod
    def of(cls, outcome: Outcome, row: int, age: int) -> Self:
        """Return an hour of one campaign with the conversions that are known at an age."""
        return cls(
            impressions=int(outcome.impressions[row]),
            clicks=int(outcome.clicks[row]),
            spend=amount(int(outcome.spend[row])),
            conversions=Decimal(int(outcome.conversions[row, age])),
            revenue=amount(int(outcome.revenue[row, age])),
        )

    def grown(self, old: Count, new: Count) -> Count:
        """Return this with what an hour of it was told as before replaced by what it is now."""
        return Count(
            self.impressions - old.impressions + new.impressions,
            self.clicks - old.clicks + new.clicks,
            self.spend - old.spend + new.spend,
            self.conversions - old.conversions + new.conversions,
            self.revenue - old.revenue + new.revenue,
        )


class Label(NamedTuple):
    """What a row of a report is of: a local hour, or a day where hours are not told."""

    day: date
    hour: int | None


def label_of(placed: PlacedCampaign, at: datetime) -> Label:
    """Return the label of an hour; one comes twice on the day on which clocks go back."""
    if placed.key.platform == "linkedin":
        # Its days are UTC, whatever its account says, and it tells no hours.
        return Label(at.astimezone(UTC).date(), None)
    local = at.astimezone(zone(placed.timezone))
    return Label(local.date(), local.hour)


@dataclass(slots=True)
class Telling:
    """Writes into the reports of a sandbox's platforms, and remembers what these say."""

    sandbox: Sandbox
    reported: dict[tuple[int, Label], Count] = field(default_factory=dict)
    """By row of the portfolio; what nothing is told of is left out."""
    _hours: dict[tuple[int, int], Count] = field(default_factory=dict)
    """By row and hour since 1970."""

    def tell(self, row: int, hour: int, count: Count, since: datetime) -> None:
        """Let reports say from a moment on what came of an hour, if they do not say so already."""
        placed, old = self.sandbox.portfolio[row], self._hours.get((row, hour), Count())
        if count == old:
            return
        self._hours[row, hour] = count
        label = label_of(placed, start_of(hour))
        whole = self.reported.get((row, label), Count()).grown(old, count)
        self.reported[row, label] = whole
        write = {"google": self._google, "meta": self._meta, "linkedin": self._linkedin}
        write[placed.key.platform](placed, label, whole, since)

    def _google(self, placed: PlacedCampaign, label: Label, count: Count, since: datetime) -> None:
        row = {
            "campaign": {"id": int(placed.key.campaign_id)},
            "segments": {"date": label.day.isoformat(), "hour": label.hour},
            "metrics": {
                "impressions": count.impressions,
                "clicks": count.clicks,
                "cost_micros": int(count.spend * 1_000_000),
                "conversions": float(count.conversions),
                "conversions_value": float(count.revenue),
            },
        }
        account = placed.key.account_id.replace("-", "")
        self.sandbox.google.world.hours.append((account, since, row))

    def _meta(self, placed: PlacedCampaign, label: Label, count: Count, since: datetime) -> None:
        kind = "offsite_conversion.fb_pixel_purchase"
        self.sandbox.meta.store.reported.append(
            Reported(
                account_id=placed.key.account_id.removeprefix("act_"),
                ad_set_id=placed.ad_set_id,
                day=label.day,
                hour=label.hour or 0,
                since=since,
                metrics={
                    "impressions": str(count.impressions),
                    "clicks": str(count.clicks),
                    "spend": f"{count.spend:f}",
                    "actions": [{"action_type": kind, "value": str(count.conversions)}],
                    "action_values": [{"action_type": kind, "value": f"{count.revenue:f}"}],
                },
            )
        )

    def _linkedin(
        self, placed: PlacedCampaign, label: Label, count: Count, since: datetime
    ) -> None:
        metrics: Mapping[str, Any] = {
            "impressions": count.impressions,
            "clicks": count.clicks,
            "costInLocalCurrency": f"{count.spend:f}",
            "externalWebsiteConversions": int(count.conversions),
            "conversionValueInLocalCurrency": f"{count.revenue:f}",
        }
        self.sandbox.linkedin.store.reported.append(
            ReportedDay(
                account_id=placed.key.account_id,
                campaign_id=placed.key.campaign_id,
                day=label.day,
                since=since,
                metrics=metrics,
            )
        )
