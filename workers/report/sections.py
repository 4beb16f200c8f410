"""The tables and sentences of the page, below its first row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas import CampaignKey, HoldReason
from workers.report.calibration import ENOUGH, NOMINAL, Calibration, wilson
from workers.report.heat import ENOUGH_CONVERSIONS, ENOUGH_HOURS, MANY_HOURS
from workers.report.holding import REMEDIES, Hold
from workers.report.model import Comparison, Report, Shown
from workers.report.totals import Totals
from workers.report.wording import (
    amount,
    change,
    count,
    counted,
    duration,
    exact,
    moment,
    ratio,
    share,
    short,
)

Table = tuple[list[str], list[list[str]], list[str]]
"""Headings, rows, and the class of each column."""

LISTED: Final = 200
"""Most holds, and most accounts, that are listed one by one."""

PACE_NOTE: Final = (
    "The band and the thin line in it say, hour by hour, where the period was then expected to "
    "end (p10, p50, p90); they are not bounds of the spend at that hour. The worst case is what "
    "the platform may spend by its own rule, were the budget set there as a daily budget and "
    "nobody stepped in."
)
HEAT_NOTE: Final = (
    f"Means of all hours known up to the end of the report. Grey: fewer than {ENOUGH_HOURS} hours "
    f"seen; for conversions also fewer than {ENOUGH_CONVERSIONS:.0f} of them in fewer than "
    f"{MANY_HOURS} hours; for spend per conversion fewer than {ENOUGH_CONVERSIONS:.0f} conversions."
)
RELIABILITY_NOTE: Final = (
    "Forecasts of one period, and periods of one account, fail and hold together: the intervals "
    "take each forecast for a case of its own, and are narrower than they ought to be."
)
ACCOUNTS_NOTE: Final = (
    "Spend, value and conversions are those of the report's hours. Use and error are those of "
    "campaign-periods that ended in it and are known from their first hour on: the spend as a "
    "share of the budget, and the mean of |spend - budget| / budget."
)


def name_of(key: CampaignKey) -> str:
    """Return how a campaign is called on the page."""
    return f"{key.platform} {key.account_id} · {key.campaign_id}"


def campaign_note(shown: Shown) -> str:
    """Return what a campaign is paced to, and what it came to."""
    terms, totals = shown.pace.terms, shown.totals
    budget = (
        f"{exact(terms.budget, terms.currency)} a {terms.period.value}"
        if terms.budget is not None
        else "no plan"
    )
    return (
        f"Budget: {budget}. In the report's hours it spent {exact(totals.spend, terms.currency)} "
        f"for {counted(totals.conversions, 'conversion')}; of "
        f"{counted(totals.periods, 'ended period')} it used {share(totals.use)} of the budget."
    )


def calibration_note(found: Calibration) -> str:
    """Return what the forecasts came to, in words."""
    if not found.total:
        return "Too few days: no period that was forecast has ended yet."
    few = "Too few forecasts to judge: " if found.total < ENOUGH else ""
    return (
        f"{few}{share(found.share)} of {counted(found.total, 'forecast')} of "
        f"{counted(found.periods, 'campaign-period')} held, that is, the spend of the "
        f"period ended between p10 and p90; {NOMINAL:.0%} should (dashed line). "
        "Before its first hour nothing of a period is known. "
        f"Bars are 95% intervals; pale points stand on fewer than {ENOUGH} forecasts: too few "
        "days to judge."
    )


def reliability(found: Calibration) -> list[list[str]]:
    """Return the rows of the table of percentiles."""
    rows = []
    for name, nominal, hits in zip(
        ("p10", "p50", "p90"), (0.1, 0.5, 0.9), found.below.sum(axis=1), strict=True
    ):
        low, high = wilson(float(hits), found.total)
        held = share(float(hits) / found.total) if found.total else ""
        spread = f"{low:.1%} to {high:.1%}"
        rows.append([name, f"{nominal:.0%}", held, spread, count(found.total)])
    return rows if found.total else []


def reasons(holds: Iterable[Hold]) -> list[list[str]]:
    """Return a row for each reason to hold, the one of most hours first."""
    hours: dict[HoldReason, int] = {}
    campaigns: dict[HoldReason, set[CampaignKey]] = {}
    for hold in holds:
        hours[hold.reason] = hours.get(hold.reason, 0) + hold.hours
        campaigns.setdefault(hold.reason, set()).add(hold.key)
    ordered = sorted(hours, key=lambda reason: -hours[reason])
    return [
        [_words(one), count(len(campaigns[one])), count(hours[one]), REMEDIES[one]]
        for one in ordered
    ]


def hold_rows(holds: Iterable[Hold]) -> list[list[str]]:
    """Return a row for each hold."""
    return [
        [
            name_of(one.key),
            _words(one.reason),
            moment(one.start),
            duration(one.hours),
            short(one.text),
        ]
        for one in holds
    ]


def account_table(report: Report) -> Table:
    """Return the accounts and what they came to."""
    headings = ["Account", "Campaigns", "Spend", "Conversions", "Value", "CPA", "ROAS"]
    headings += ["Periods", "Use", "Error", "Overspend"]
    rows = [
        [
            f"{account.platform} {account.account_id}",
            count(each.campaigns),
            amount(each.spend, account.currency),
            count(each.conversions),
            amount(each.revenue, account.currency),
            amount(each.cpa, account.currency),
            ratio(each.roas),
            count(each.periods),
            share(each.use),
            share(each.error),
            amount(each.overspend, account.currency),
        ]
        for account, each in list(report.accounts.items())[:LISTED]
    ]
    return headings, rows, ["name", *["n"] * 10]


def accounts_note(report: Report) -> str:
    """Return what the columns are, and whether some accounts are not there."""
    if len(report.accounts) <= LISTED:
        return ACCOUNTS_NOTE
    return f"{ACCOUNTS_NOTE} The first {LISTED} of {count(len(report.accounts))} accounts are here."


def comparison_note(report: Report) -> str:
    """Return what is compared with what."""
    found = report.comparison
    if found is None:
        return (
            "Nothing to compare with. `pacekeeper report --compare PREFIX` compares with the "
            "topics of another prefix, such as those of a market that is not paced."
        )
    left = f"; {count(found.left_out)} that only one of them has are left out" * bool(
        found.left_out
    )
    return (
        f"The same hours with Pacekeeper and with {found.name}, for "
        f"{counted(found.campaigns, 'campaign')} in both{left}. Changes are relative to "
        f"{found.name}."
    )


def comparison_table(found: Comparison) -> Table:
    """Return both worlds, one below the other, account by account."""
    headings = ["Account", "World", "Conversions", "change", "Value", "change", "Spend"]
    headings += ["Use", "Error", "Overspend"]
    rows = []
    for account, ours in list(found.ours.items())[:LISTED]:
        others = found.others.get(account, Totals())
        name, currency = f"{account.platform} {account.account_id}", account.currency
        changes = (
            change(ours.conversions, others.conversions),
            change(ours.revenue, others.revenue),
        )
        rows.append([name, "Pacekeeper", *_world(ours, currency, changes)])
        rows.append(["", found.name, *_world(others, currency, ("", ""))])
    ours_all, others_all = (_all(each.values()) for each in (found.ours, found.others))
    rows.append(["all", "Pacekeeper", count(ours_all), change(ours_all, others_all), *[""] * 6])
    rows.append(["", found.name, count(others_all), *[""] * 7])
    return headings, rows, ["name", "", *["n"] * 8]


def _world(totals: Totals, currency: str, changes: tuple[str, str]) -> list[str]:
    return [
        count(totals.conversions),
        changes[0],
        amount(totals.revenue, currency),
        changes[1],
        amount(totals.spend, currency),
        share(totals.use),
        share(totals.error),
        amount(totals.overspend, currency),
    ]


def _all(totals: Iterable[Totals]) -> float:
    return sum(each.conversions for each in totals)


def _words(reason: HoldReason) -> str:
    return reason.value.replace("_", " ")
