"""The table of commands: where each lives, and what the list of them says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where a command lives; its module is imported when the command runs, or its help is read."""

    target: str
    """``module:attribute``: a function with Typer's annotations, or a :class:`typer.Typer`."""
    help: str
    panel: str


RUN = "Run"
KAFKA = "Kafka"
LOOK = "Look and check"
DECIDE = "Decide"

COMMANDS = {
    "demo": Entry(
        target="workers.cli.demo:demo",
        help="See it all at work: Kafka and 40 simulated campaigns.",
        panel=RUN,
    ),
    "run": Entry(
        target="workers.cli.run:run",
        help="Run the whole stack until Ctrl-C.",
        panel=RUN,
    ),
    "optimizer": Entry(
        target="workers.cli.worker:optimizer",
        help="Run one optimizer: metrics in, recommendations out.",
        panel=RUN,
    ),
    "allocator": Entry(
        target="workers.cli.worker:allocator",
        help="Run one allocator: pools what campaigns learn, shares out budgets of groups.",
        panel=RUN,
    ),
    "adviser": Entry(
        target="workers.cli.worker:adviser",
        help="Run one adviser: which segments lose, whose ads are weak.",
        panel=RUN,
    ),
    "executor": Entry(
        target="workers.cli.worker:executor",
        help="Run one executor: actions in, audit trail out.",
        panel=RUN,
    ),
    "scorer": Entry(
        target="workers.cli.worker:scorer",
        help="Run one scorer: holds what came against what advice had projected.",
        panel=RUN,
    ),
    "collect": Entry(
        target="workers.cli.collect:collect",
        help="Run the collector: what ad platforms report, hour by hour.",
        panel=RUN,
    ),
    "simulator": Entry(
        target="workers.cli.simulator:simulator",
        help="Run a market that publishes metrics and obeys.",
        panel=RUN,
    ),
    "sandbox": Entry(
        target="workers.cli.sandbox:sandbox",
        help="Serve platforms on loopback, for trying mode live.",
        panel=RUN,
    ),
    "broker": Entry(
        target="workers.cli.broker:app",
        help="Start, stop and look at the embedded Kafka.",
        panel=KAFKA,
    ),
    "topics": Entry(
        target="workers.cli.topics:app",
        help="Create the topics, or check them for drift.",
        panel=KAFKA,
    ),
    "publish": Entry(
        target="workers.cli.publish:publish",
        help="Publish hourly metrics from CSV or Parquet files.",
        panel=KAFKA,
    ),
    "plans": Entry(
        target="workers.cli.plans:app",
        help="Publish campaign plans from files.",
        panel=KAFKA,
    ),
    "groups": Entry(
        target="workers.cli.groups:app",
        help="Publish shared budgets from files, or list them.",
        panel=KAFKA,
    ),
    "rates": Entry(
        target="workers.cli.rates:app",
        help="Publish exchange rates from files.",
        panel=KAFKA,
    ),
    "dlq": Entry(
        target="workers.cli.dlq:app",
        help="List and replay records that could not be read.",
        panel=KAFKA,
    ),
    "decide": Entry(
        target="workers.cli.decide:app",
        help="Approve, reject, freeze, pause, exclude hours.",
        panel=DECIDE,
    ),
    "undo": Entry(
        target="workers.cli.undo:undo",
        help="Set back what past changes have set, on any platform.",
        panel=DECIDE,
    ),
    "freeze": Entry(
        target="workers.cli.freeze:freeze",
        help="Stop all changes: of everything, a platform or an account.",
        panel=DECIDE,
    ),
    "unfreeze": Entry(
        target="workers.cli.freeze:unfreeze",
        help="Let changes go on where they were stopped.",
        panel=DECIDE,
    ),
    "status": Entry(
        target="workers.cli.status:status",
        help="Show how campaigns stand, the most urgent first.",
        panel=LOOK,
    ),
    "watch": Entry(
        target="workers.cli.watch:watch",
        help="Follow recommendations and the audit trail live.",
        panel=LOOK,
    ),
    "report": Entry(
        target="workers.cli.report:report",
        help="Write one HTML file about all that happened.",
        panel=LOOK,
    ),
    "backtest": Entry(
        target="workers.cli.backtest:backtest",
        help="Replay pacing on your own log, against others.",
        panel=LOOK,
    ),
    "verify": Entry(
        target="workers.cli.verify:verify",
        help="Prove the audit trail complete and unchanged.",
        panel=LOOK,
    ),
    "explain": Entry(
        target="workers.cli.explain:explain",
        help="Recompute a recommendation, and show what led to it.",
        panel=LOOK,
    ),
    "whatif": Entry(
        target="workers.cli.whatif:whatif",
        help="Forecast what another budget or target would bring.",
        panel=LOOK,
    ),
    "experiment": Entry(
        target="workers.cli.experiment:app",
        help="Compare two policies, day by day.",
        panel=LOOK,
    ),
    "schemas": Entry(
        target="workers.cli.schemas:schemas",
        help="Print or write JSON Schemas and AsyncAPI.",
        panel=LOOK,
    ),
    "config": Entry(
        target="workers.cli.config:app",
        help="Show the settings in force and their origin.",
        panel=LOOK,
    ),
}
