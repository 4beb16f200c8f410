"""``pacekeeper whatif``: what another budget, target or strategy is expected to bring."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from schemas import Strategy
from workers.cli.console import await_result, print_json
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.cli.publish import ConstantsOption, MapOption, pairs
from workers.errors import UsageError
from workers.kafka import connect
from workers.whatif.asking import Way, answered, other_way, present_way
from workers.whatif.fitting import fitted
from workers.whatif.gathering import Gathered
from workers.whatif.page import print_answer
from workers.whatif.reading import from_file, from_topics


def whatif(  # noqa: PLR0913 -- the options of one command
    campaign: Annotated[
        str,
        typer.Argument(
            help="platform:account:campaign, or as much of its end as tells it from others."
        ),
    ],
    *,
    budget: Annotated[
        float | None, typer.Option(min=0, help="Budget of a day; default: as in the plan.")
    ] = None,
    target_cpa: Annotated[
        float | None, typer.Option(help="Most that a conversion may cost on average.")
    ] = None,
    target_roas: Annotated[
        float | None, typer.Option(help="Least revenue per unit of spend on average.")
    ] = None,
    strategy: Annotated[
        Strategy | None, typer.Option(help="How to spend it; default: as in the plan.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=92, help="How many days to look ahead.")] = 7,
    csv: Annotated[
        Path | None, typer.Option(help="Learn from this report and not from the topics.")
    ] = None,
    map_name: MapOption = "",
    constants: ConstantsOption = None,
    seed: Annotated[int, typer.Option(help="Of the chance that futures are drawn by.")] = 1,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Forecast spend, conversions and value of another plan, beside those of the present one.

    Learned from the campaign's own hours; p10 and p90 are the ends of what is expected four times
    of five. Nothing is published or changed. Exit code 1 when there is too little to go by.
    """
    wish = Way(
        strategy=strategy or "",
        daily_budget=budget,
        target_cpa=target_cpa,
        target_roas=target_roas,
    )
    _check(wish)
    if csv is not None:
        given = from_file(csv, campaign, map_name=map_name, constants=pairs(constants or ()))
    else:
        given = _read(campaign, config, bootstrap)
    other = other_way(present_way(given), wish)
    found = answered(given, fitted(given), other, days=days, seed=seed)
    if json:
        print_json(found)
    else:
        print_answer(Console(), found)


def _read(campaign: str, config: Path | None, bootstrap: str | None) -> Gathered:
    settings = reachable_settings(config, bootstrap)
    return await_result(from_topics(connect(settings.broker), settings.topics.prefix, campaign))


def _check(wish: Way) -> None:
    _check_finite(wish)
    targets = [each for each in (wish.target_cpa, wish.target_roas) if each is not None]
    if len(targets) > 1:
        raise UsageError("a campaign has one target", remedy="give --target-cpa or --target-roas")
    if any(each <= 0.0 for each in targets):
        raise UsageError(f"a target must be above 0, was {targets[0]:g}")
    if not targets and wish.daily_budget is None and not wish.strategy:
        raise UsageError(
            "nothing is asked", remedy="give --budget, --target-cpa, --target-roas or --strategy"
        )


def _check_finite(wish: Way) -> None:
    """Refuse what is no number: it is neither below nor above any limit."""
    asked = {
        "--budget": wish.daily_budget,
        "--target-cpa": wish.target_cpa,
        "--target-roas": wish.target_roas,
    }
    for name, value in asked.items():
        if value is not None and not isfinite(value):
            raise UsageError(f"{name} must be a finite number, was {value}")
