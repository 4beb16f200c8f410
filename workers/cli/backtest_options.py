"""The options of ``pacekeeper backtest``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers.backtest.contest import CONTROLLERS, USUAL
from workers.backtest.run import DRAWS
from workers.backtest.verdict import Measure

DAYS = 14
"""Days that are simulated."""

WORLDS = 3
"""Worlds of the simulator that are played."""

FileOption = Annotated[
    list[Path] | None,
    typer.Option("--csv", "--parquet", metavar="FILE", help="A log in a file; repeatable."),
]
TopicOption = Annotated[
    str | None,
    typer.Option("--topic", metavar="NAME", help="A log in Kafka, such as metrics.v1."),
]
SimulateOption = Annotated[
    int | None,
    typer.Option("--simulate", metavar="N", min=1, help="No log: N campaigns of the simulator."),
]
FromOption = Annotated[
    str | None,
    typer.Option("--from", help="First offset of a topic, or first day or time of the hours, UTC."),
]
ToOption = Annotated[str | None, typer.Option("--to", help="Where to end, itself excluded.")]
DaysOption = Annotated[
    int | None, typer.Option(min=2, max=366, help=f"Days to simulate; default: {DAYS}.")
]
BudgetOption = Annotated[
    str | None,
    typer.Option(
        help="Of a day, for each campaign: an amount, or 80% of its mean daily spend, or `log` for "
        "the daily budget that the log names; default: 100%."
    ),
]
PlansOption = Annotated[
    list[Path] | None, typer.Option("--plans", help="Plans with the budgets; repeatable.")
]
StrategyOption = Annotated[
    list[str] | None,
    typer.Option(
        help=f"Who plays, repeatable or with commas: {', '.join(CONTROLLERS)}; "
        f"default: {', '.join(USUAL)}."
    ),
]
LearnOption = Annotated[
    int | None,
    typer.Option(
        min=1, help="First days, which teach the hours and are not scored; default: a third."
    ),
]
LateOption = Annotated[int, typer.Option(min=0, max=12, help="Hours by which reports are late.")]
StopOption = Annotated[
    bool,
    typer.Option("--no-stop", help="The platform does not stop a campaign at its budget."),
]
DrawsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1_000,
        help=f"Draws of what the log hides, or worlds; default: {DRAWS}, or {WORLDS}.",
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed draws the same.")]
FailOption = Annotated[
    float | None,
    typer.Option(metavar="RATIO", min=0, help="Exit with 1 where Pacekeeper's ratio is below."),
]
FailOfOption = Annotated[
    Measure,
    typer.Option(help="Which ratio: of value over the best other's, or over the optimum."),
]
ToFileOption = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write it all as JSON, too.")
]
