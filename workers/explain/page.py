"""An explanation on a terminal: inputs, model, rules, value, verdict; at home in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from schemas import Recommendation
from schemas.fields import Autonomy
from schemas.levers import MULTIPLIER_UNIT
from schemas.zones import zone
from workers.chances import chance
from workers.explain.report import Explanation
from workers.explain.rules import ruled
from workers.pages import print_page, section

WIDEST = 120
_FIELDS = 24
"""Differences that are shown; `--json` has them all."""
_STYLES = {"passed": "green", "clamped": "yellow", "blocked": "red"}


def print_explanation(console: Console, found: Explanation) -> None:
    """Print an explanation, at most `WIDEST` columns wide."""
    print_page(console, _page(found, min(console.width, WIDEST)), WIDEST)


def _page(found: Explanation, width: int) -> Iterator[RenderableType]:
    advice = found.published
    yield Text.assemble(("Recommendation ", "bold"), (advice.recommendation_id, "bold cyan"))
    yield Text(f"{found.campaign}, the hour from {_when(advice.hour, _zone(found))}", style="dim")
    yield from section("Inputs", _inputs(found))
    yield from section("Model", _model(found, width))
    yield from section("Rules", _rules(found))
    yield from section("Value", _value(found))
    yield from section("Verdict", _verdict(found))


def _inputs(found: Explanation) -> Iterator[RenderableType]:
    table = _table(("hour", "left"), *_right("offset", "impressions", "clicks", "spend", "conv."))
    for event in found.events:
        table.add_row(
            _when(event.hour, _zone(found)),
            *(f"{count:,}" for count in (event.offset, event.impressions, event.clicks)),
            f"{event.spend:,}",
            f"{event.conversions:,}",
        )
    yield table
    yield Text()
    yield _facts(_origins(found))


def _origins(found: Explanation) -> Iterator[tuple[str, str]]:
    advice, plan = found.published, found.plan
    if plan is None:
        yield "plan", "none"
    else:
        budget = f"{plan.budget.amount:,} {plan.currency} a {plan.budget.period}"
        how = f"{plan.strategy}, days of {plan.timezone}"
        yield "plan", f"version {plan.version}: {budget}, {how}"
    if advice.current_value is not None:
        yield "in force", _set(advice.current_value, advice)
    yield "priors", f"version {advice.prior_version}" if advice.prior_version else "none"
    yield "read up to", ", ".join(f"{topic} {at}" for topic, at in sorted(advice.inputs.items()))
    yield "state", advice.state_digest or "-"


def _model(found: Explanation, width: int) -> Iterator[RenderableType]:
    advice, inside = found.published, found.inside
    # Of what was held no hour was given anything: weights alone are nobody's plan.
    if inside is not None and advice.hour_plan and any(inside.weights):
        table = _table(("hour", "left"), *_right("weight", "plan"), ("", "left"))
        most, room = max(inside.weights), max(width - 46, 10)
        amounts = [f"{each:,}" for each in advice.hour_plan]
        for start, weight, amount in zip(inside.starts, inside.weights, amounts, strict=False):
            bar = Text("━" * round(room * weight / most), style="cyan")
            table.add_row(_when(start, _zone(found)), f"{weight:.1%}", amount, bar)
        yield table
        yield Text()
    yield _facts(_beliefs(found))


def _beliefs(found: Explanation) -> Iterator[tuple[str, str]]:
    advice, inside = found.published, found.inside
    yield "model", advice.model_version
    if inside is not None:
        yield "learned", f"{inside.own:.0%} of the week is the campaign's own, the rest priors"
        if inside.answer is not None:
            known = inside.answer
            spread = f"{known.elasticity:.2f} ± {known.deviation:.2f}"
            yield "answer", f"elasticity of spend to bids {spread}, from {known.hours} hours heard"
    yield "confidence", chance(advice.confidence, decimals=0)
    if advice.pacing_index is not None:
        yield "pace", f"{advice.pacing_index:.2f} times what was expected by now"
    if advice.projected_spend is not None:
        ends, total = advice.projected_spend, _amount(advice.period_budget, advice)
        spread = f"{ends.p50:,} (80 % between {ends.p10:,} and {ends.p90:,}) of {total}"
        yield "ends at", f"{spread} if nothing changes"
    if advice.exhaustion_risk is not None:
        at = f", about {_when(advice.exhausts_at, _zone(found))}" if advice.exhausts_at else ""
        yield "runs out", f"with a probability of {chance(advice.exhaustion_risk, decimals=0)}{at}"


def _rules(found: Explanation) -> Iterator[RenderableType]:
    advice = found.published
    if advice.hold_reason is not None:
        yield Text(f"hold: {advice.hold_reason}", style="yellow")
    steps = ruled(advice, found.inside)
    if not steps:
        yield Text("no guard rail was asked: there was no amount to rule", style="dim")
        return
    table = _table(("rule", "left"), *_right("before", "after"), ("", "left"))
    for step in steps:
        status = Text(step.status, style=_STYLES.get(step.status, ""))
        table.add_row(step.name, step.before, step.after, status)
    yield table


def _value(found: Explanation) -> Iterator[RenderableType]:
    advice = found.published
    if advice.recommended_value is None:
        yield Text("nothing is changed", style="bold")
    else:
        moved = f" ({advice.change_pct:+.1f} %)" if advice.change_pct is not None else ""
        amount = _set(advice.recommended_value, advice)
        at = _when(advice.valid_from, _zone(found))
        yield Text(f"{advice.field}: {amount} from {at}{moved}", style="bold")
        how = _how(found)
        cap = f"; cut off at {_amount(advice.hourly_cap, advice)}" if advice.hourly_cap else ""
        yield Text(how + cap, style="dim")
    for reason in advice.reasons:
        yield Text(reason.text)


def _how(found: Explanation) -> str:
    """Return who lets it go, and by which autonomy of the plan."""
    if found.autonomy is None:
        return "released by policy" if found.published.auto_execute else "waits for a person"
    how = "waits for a person"
    if found.published.auto_execute:
        how = "released by policy"
    elif found.autonomy is Autonomy.OBSERVE:
        how = "nobody is asked"
    elif found.plan and found.plan.approvers > 1:
        how = f"waits for {found.plan.approvers} people"
    return f"{how} (autonomy of {found.published.field}: {found.autonomy})"


def _verdict(found: Explanation) -> Iterator[RenderableType]:
    if found.identical:
        yield Text.assemble(
            ("identical", "bold green"),
            f": {_records(found)} replayed, the {found.size:,} bytes are the same",
        )
        if found.first_offset:
            yield Text(f"Metrics are kept from offset {found.first_offset} on.", style="dim")
        return
    count = len(found.differences)
    what = f" in {count} field{'s' if count > 1 else ''}"
    if found.gone:
        yield Text.assemble(("inputs are gone", "bold yellow"), f", so that it is other{what}")
    else:
        yield Text.assemble(("differs", "bold red"), what)
    table = _table(("field", "left"), ("published", "left"), ("recomputed", "left"))
    for each in found.differences[:_FIELDS]:
        cells = ("-" if value is None else str(value) for value in (each[1], each[2]))
        table.add_row(each.field, *(Text(cell, overflow="fold") for cell in cells))
    yield table
    if count > _FIELDS:
        yield Text(f"and {count - _FIELDS} more; --json has them all", style="dim")
    yield Text()
    for cause in found.causes:
        yield Text(f"{'Gone' if cause in found.gone else 'Likely'}: {cause}")


def _records(found: Explanation) -> str:
    return f"{found.replayed:,} metrics record{'' if found.replayed == 1 else 's'}"


def _facts(pairs: Iterator[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in pairs:
        grid.add_row(name, Text(text))
    return grid


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left")
    return table


def _right(*names: str) -> Sequence[tuple[str, str]]:
    return [(name, "right") for name in names]


def _zone(found: Explanation) -> ZoneInfo:
    return zone(found.plan.timezone if found.plan else "UTC")


def _when(at: datetime, where: ZoneInfo) -> str:
    return f"{at.astimezone(where):%F %H:%M}"


def _set(value: Decimal | None, advice: Recommendation) -> str:
    """Return a value of what the advice sets: a multiplier has no currency."""
    if value is not None and advice.unit == MULTIPLIER_UNIT:
        return f"x{value:.4f}"
    return _amount(value, advice)


def _amount(value: Decimal | None, advice: Recommendation) -> str:
    return "unknown" if value is None else f"{value:,} {advice.currency or ''}".rstrip()
