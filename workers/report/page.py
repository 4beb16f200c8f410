"""The page: one HTML document that holds all it shows and loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final

from bokeh.core.json_encoder import serialize_json
from bokeh.core.types import ID
from bokeh.embed import json_item
from bokeh.resources import Resources
from jinja2 import Environment, StrictUndefined

from workers.report import outcome_sections, rate_section, sections, standing_section
from workers.report.calibration_figure import calibration_figure
from workers.report.cohort_figure import cohort_figure
from workers.report.cohort_section import HEADINGS, KINDS, cohort_note, cohort_table
from workers.report.drawing import THEME
from workers.report.heat_figure import heat_figures
from workers.report.model import Report, Shown
from workers.report.pace_figure import LEGEND, pace_figure
from workers.report.tiles import tiles
from workers.report.wording import count, counted, moment
from workers.version import installed_version

_OF_FIGURES: Final = 6_000_000
"""Bytes for the figures of campaigns: a page stays well below ten megabytes with all else on it."""


def page_of(report: Report, *, title: str = "Pacekeeper report") -> str:
    """Return a report as one HTML document.

    All texts of records are escaped. Nothing is loaded from elsewhere: the page says so to the
    browser by its content security policy.
    """
    campaigns = _campaigns(report.shown)
    texts = {
        "title": title,
        "version": installed_version(),
        "css": _asset("report.css"),
        "script": _asset("report.js"),
        "bokeh": _bokeh(),
        "policy": _allowed(_bokeh(), _asset("report.js")),
        "about": _about(report),
        "origin": _origin(report),
        "tiles": tiles(report),
        "tiles_note": _tiles_note(report),
        "campaigns": campaigns,
        "campaigns_note": _campaigns_note(report, len(campaigns)),
        "legend": LEGEND,
        "cohort_columns": (HEADINGS, KINDS),
        "footer": _footer(),
    }
    return str(
        _template().render(
            texts | _calibration(report) | _rates(report) | _advised(report) | _tables(report)
        )
    )


@cache
def _asset(name: str) -> str:
    return (files(__package__) / "assets" / name).read_text("utf-8")


@cache
def _bokeh() -> str:
    resources = Resources(mode="inline", components=["bokeh"], log_level="warn")
    return "\n".join(resources.js_raw)


def _allowed(*scripts: str) -> str:
    """Return the content security policy that lets these scripts run, and no other.

    Not even a text that slipped through unescaped could run, or load anything.
    """
    digests = (b64encode(sha256(script.encode()).digest()).decode() for script in scripts)
    sources = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; "
        "img-src data: blob:; font-src data:"
    )


def _template() -> Any:  # noqa: ANN401
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(_asset("report.html.j2"))


def _json(figures: dict[str, Any]) -> str:
    """Return figures and where they go as JSON that cannot end the script it stands in."""
    items = [json_item(figure, ID(target), theme=THEME) for target, figure in figures.items()]
    text: str = serialize_json(items)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _campaigns(shown: Sequence[Shown]) -> list[dict[str, Any]]:
    """Return the campaigns that fit, in their order: the first always does."""
    found: list[dict[str, Any]] = []
    size = 0
    for number, one in enumerate(shown):
        maps = heat_figures(one.week, one.pace.terms.currency)
        drawn = {f"pace-{number}": pace_figure(one.pace)}
        drawn |= {f"heat-{number}-{part}": each for part, each in enumerate(maps)}
        if one.cohorts is not None:
            drawn[f"cohorts-{number}"] = cohort_figure(one.cohorts, one.pace.terms.currency)
        json = _json(drawn)
        size += len(json)
        if found and size > _OF_FIGURES:
            break
        found.append(_words(one) | {"json": json})
    return found


def _words(shown: Shown) -> dict[str, Any]:
    """Return what is written about a campaign beside its figures."""
    currency = shown.pace.terms.currency
    return {
        "name": sections.name_of(shown.key),
        "note": sections.campaign_note(shown),
        "pace_note": sections.PACE_NOTE,
        "heat_note": sections.HEAT_NOTE,
        "cohort_note": cohort_note(shown.cohorts),
        "cohorts": cohort_table(shown.cohorts, currency),
    }


def _calibration(report: Report) -> dict[str, Any]:
    found = report.calibration
    return {
        "calibration_note": sections.calibration_note(found),
        "calibration_json": _json({"calibration": calibration_figure(found)}),
        "reliability": sections.reliability(found),
        "reliability_note": sections.RELIABILITY_NOTE,
    }


def _rates(report: Report) -> dict[str, Any]:
    found = report.rates
    return {
        "rates_note": rate_section.note(found),
        "rates": (rate_section.HEADINGS, rate_section.table(found)),
        "rates_json": _json({"rates": rate_section.figure(found)}),
        "rates_below": rate_section.NOTE,
    }


def _advised(report: Report) -> dict[str, Any]:
    found = report.advised
    return {
        "standing": (
            standing_section.HEADINGS,
            standing_section.table(report.standing),
            standing_section.KINDS,
        ),
        "standing_note": standing_section.NOTE,
        "advised_note": outcome_sections.note(found),
        "advised": (outcome_sections.HEADINGS, outcome_sections.table(found)),
        "advised_below": outcome_sections.NOTE,
        "paid_note": outcome_sections.paid_note(found),
        "paid": (outcome_sections.PAID_HEADINGS, outcome_sections.paid_table(found)),
        "paid_json": _json({"paid": outcome_sections.paid_figure(found)}),
        "paid_below": outcome_sections.PAID_NOTE,
    }


def _tables(report: Report) -> dict[str, Any]:
    listed = report.holds[: sections.LISTED]
    more = len(report.holds) - len(listed)
    compared = report.comparison
    return {
        "holds_note": _holds_note(report),
        "reasons": sections.reasons(report.holds),
        "holds": sections.hold_rows(listed),
        "holds_summary": f"{counted(len(listed), 'hold')} one by one"
        + (f", the longest; {count(more)} shorter ones are not listed" if more else ""),
        "comparison_note": sections.comparison_note(report),
        "comparison": sections.comparison_table(compared) if compared else None,
        "accounts": sections.account_table(report),
        "accounts_note": sections.accounts_note(report),
    }


def _about(report: Report) -> str:
    start, end = report.stretch.start, report.stretch.end
    return f"{counted(report.campaigns, 'campaign')}, {moment(start)} to {moment(end)}."


def _origin(report: Report) -> str:
    models = f" Decisions by {', '.join(report.models)}." if report.models else ""
    made = f"Made by pacekeeper {installed_version()} from records up to {moment(report.latest)}."
    return made + models


def _tiles_note(report: Report) -> str:
    currencies = {account.currency for account in report.accounts}
    if len(currencies) > 1:
        return "Amounts of different currencies are never added."
    return ""


def _campaigns_note(report: Report, fitted: int) -> str:
    if not fitted:
        return "No campaign has a name like that."
    large = f" {len(report.shown) - fitted} more were left out to keep the file small."
    return (
        f"{count(fitted)} of {counted(report.campaigns, 'campaign')}; --campaign chooses others. "
        "The figures above and the tables below are of all campaigns."
        + (large if fitted < len(report.shown) else "")
    )


def _holds_note(report: Report) -> str:
    if not report.holds:
        return "No campaign was left alone in these hours."
    return "A hold leaves a campaign as it is, and says why. The campaign's own words are below."


def _footer() -> str:
    return (
        "One file: it loads nothing and needs no network. Amounts are sums of what the topics say, "
        "for looking at; what was decided is in the audit trail (pacekeeper verify proves it)."
    )
