"""The row of figures at the top of the page."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final

from schemas import AuditStatus
from workers.report.model import Comparison, Report
from workers.report.totals import Account, Totals, by_currency, mean_use
from workers.report.wording import amount, change, count, counted, exact, ratio, share

Tile = tuple[str, list[tuple[str, ...]], list[str]]
"""Its name, its values (one, or a name and a value each), and notes below them."""

Figure = Callable[[Totals], float | None]
Wording = Callable[[float | None, str], str]


_MOST: Final = 6
"""Currencies that are listed; those of most campaigns come first."""


def tiles(report: Report) -> list[Tile]:
    """Return the figures of a report, each with its change against the comparison."""
    sums = by_currency(report.accounts)
    ended = sum(each.periods for each in sums.values())
    return [
        _money(report, "Spend", attrgetter("spend"), amount),
        (
            "Budget use",
            [(share(mean_use(sums.values())),)],
            [f"of {counted(ended, 'ended period')}"],
        ),
        _conversions(report),
        _money(report, "CPA", attrgetter("cpa"), amount),
        _money(report, "ROAS", attrgetter("roas"), _plain),
        _overspend(report),
        _holds(report),
        _decisions(report),
    ]


def compared(comparison: Comparison, figure: Figure) -> dict[str, str]:
    """Return the change of a figure in each currency."""
    ours, others = by_currency(comparison.ours), by_currency(comparison.others)
    return {
        currency: change(figure(totals), figure(others[currency]))
        for currency, totals in ours.items()
        if currency in others
    }


def _money(report: Report, name: str, figure: Figure, wording: Wording) -> Tile:
    """Return a figure of each currency, with its change where there is a comparison."""
    sums = list(by_currency(report.accounts).items())
    changes = compared(report.comparison, figure) if report.comparison else {}
    notes = [f"against {report.comparison.name}"] if report.comparison else []
    notes += [f"{len(sums) - _MOST} more currencies below"] if len(sums) > _MOST else []
    if len(sums) == 1:
        currency, totals = sums[0]
        told = [f"{changes[each]} {note}" for each in changes for note in notes]
        return name, [(wording(figure(totals), currency),)], told
    rows = [
        (code or "?", _bare(wording(figure(totals), code), code), changes.get(code, ""))
        for code, totals in sums[:_MOST]
    ]
    return name, [*rows], notes


def _bare(text: str, currency: str) -> str:
    """Return an amount without its currency, which stands beside it."""
    return text.removeprefix(f"{currency} ") if currency else text


def _plain(value: float | None, _: str) -> str:
    return ratio(value)


def _overspend(report: Report) -> Tile:
    """Return the overspend of those currencies that have any."""
    sums = by_currency(report.accounts)
    over = {code: each.overspend for code, each in sums.items() if each.overspend > 0.0}
    if not over:
        return "Overspend", [("0",)], ["no period above its budget"]
    listed = [(code, exact(value, code)) for code, value in list(over.items())[:_MOST]]
    rows: list[tuple[str, ...]] = [(code or "?", _bare(text, code), "") for code, text in listed]
    alone: list[tuple[str, ...]] = [(text,) for _, text in listed]
    return "Overspend", rows if len(rows) > 1 else alone, ["above budgets of periods"]


def _conversions(report: Report) -> Tile:
    total = sum(each.conversions for each in report.accounts.values())
    notes = []
    if report.comparison is not None:
        ours, others = (_sum(each) for each in (report.comparison.ours, report.comparison.others))
        notes = [f"{change(ours, others)} against {report.comparison.name}"]
    return "Conversions", [(count(total),)], notes


def _sum(accounts: dict[Account, Totals]) -> float:
    return sum(each.conversions for each in accounts.values())


def _holds(report: Report) -> Tile:
    counts = report.counts
    of = f"in {count(counts.held_campaigns)} of {counted(report.campaigns, 'campaign')}"
    return "Holds", [(count(counts.held), "h")], [f"campaign-hours, {of}"]


def _decisions(report: Report) -> Tile:
    counts = report.counts
    waiting = counts.audit[AuditStatus.APPROVAL_REQUIRED]
    notes = [f"{count(counts.changes)} changed the value"]
    notes += [f"{count(waiting)} asked for approval"] if waiting else []
    edited = counts.audit[AuditStatus.EDITED]
    notes += [f"{counted(edited, 'value')} edited on platforms"] if edited else []
    return "Decisions", [(count(counts.decisions),)], notes
