"""``pacekeeper publish``: hourly metrics from a report file into the metrics topic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from schemas.topics import METRICS
from workers.cli.console import await_result, counted, done, note, print_json, print_table, warn
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.errors import UsageError
from workers.importer.mapping import built_in_names
from workers.importer.run import Reading, Request, Target, dry_run, publish_file, reading
from workers.importer.tally import Tally
from workers.kafka import connect
from workers.settings import Settings

_MAPS = ", ".join(built_in_names())


MapOption = Annotated[
    str,
    typer.Option(
        "--map", help=f"What the columns mean: a TOML file, or {_MAPS}; default: what fits."
    ),
]
ConstantsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="FIELD=VALUE", help="A field that is the same in all rows; repeatable."
    ),
]
ReplayOption = Annotated[
    bool,
    typer.Option(
        "--replay",
        help="Decide about each hour as if it had been published when it ended; "
        "without it, old hours only teach.",
    ),
]
AgainOption = Annotated[
    bool, typer.Option("--again", help="Publish all rows, also those published before.")
]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="Check every row, show a sample, publish nothing.")
]
RejectedOption = Annotated[
    Path | None,
    typer.Option(help="Where refused rows go; default: FILE.rejected.csv in this directory."),
]


def publish(  # noqa: PLR0913 -- the options of one command
    file: Annotated[Path, typer.Argument(help="CSV (plain or gzipped) or Parquet.")],
    *,
    map_name: MapOption = "",
    constants: ConstantsOption = None,
    replay: ReplayOption = False,
    again: AgainOption = False,
    dry: DryOption = False,
    rejected: RejectedOption = None,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Publish hourly metrics from a report; stop it and start it again as you like.

    Every row is checked as the optimizer would check it. Rows that do not pass are not published;
    they are kept with their reasons, and the exit code is 1. A run that was stopped goes on where
    it was: readers of committed records see each row exactly once.
    """
    request = _request(file, map_name, constants or (), rejected, replay=replay)
    with reading(request) as source, _progress(file.name) as progress:
        note(f"{file.name} is read as {source.binding.name}: {source.binding.report.about}")
        if dry:
            tally = dry_run(source, progress)
        else:
            target = _target(reachable_settings(config, bootstrap), again=again)
            tally = await_result(publish_file(source, target, progress))
    _report(source, tally, dry=dry, json=json)
    if tally.refused:
        raise typer.Exit(1)


def _request(
    file: Path, map_name: str, constants: Sequence[str], rejected: Path | None, *, replay: bool
) -> Request:
    return Request(
        path=file,
        map_name=map_name,
        constants=pairs(constants),
        replay=replay,
        refused_path=rejected or Path(f"{file.name}.rejected.csv"),
    )


def _target(settings: Settings, *, again: bool) -> Target:
    prefix = settings.topics.prefix
    topic = METRICS.full_name(prefix)
    return Target(connection=connect(settings.broker), topic=topic, prefix=prefix, again=again)


def pairs(given: Sequence[str]) -> dict[str, str]:
    """Return what ``--set FIELD=VALUE`` says, by field."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"--set {text}: must be FIELD=VALUE, such as currency=EUR")
        found[name] = value
    return found


@contextmanager
def _progress(name: str) -> Iterator[Callable[[float], None]]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(name, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _report(source: Reading, tally: Tally, *, dry: bool, json: bool) -> None:
    if json:
        print_json(_facts(source, tally))
    else:
        _show_sample(tally, dry=dry)
        _show_counts(tally)
    if dry:
        done(f"{counted(tally.accepted, one='row')} would be published; nothing was")
    elif tally.published or not tally.already:
        done(f"{counted(tally.published, one='row')} published" + _before(tally))
    else:
        done(f"nothing to publish{_before(tally)}; --again publishes the file once more")
    if tally.refused:
        refused = counted(tally.refused.total(), one="row was", many="rows were")
        warn(f"{refused} refused; see {source.request.refused_path}")
    if tally.out_of_order and source.request.replay:
        warn(
            f"{tally.out_of_order:,} rows are older than a row before them and will not be decided "
            "about; sort the file by time to replay them too"
        )


def _before(tally: Tally) -> str:
    return f" ({tally.already:,} were published before)" if tally.already else ""


def _show_sample(tally: Tally, *, dry: bool) -> None:
    if not dry:
        return
    for row in tally.sample:
        typer.echo(f"{row.key.decode()}\t{row.value.decode()}")


def _show_counts(tally: Tally) -> None:
    rows: list[tuple[str, object]] = [
        ("rows", f"{tally.rows:,}"),
        ("valid", f"{tally.accepted:,}"),
        ("campaigns", f"{len(tally.campaigns):,}"),
    ]
    if tally.first and tally.last:
        rows += [("first hour", f"{tally.first:%Y-%m-%d %H:%M} UTC")]
        rows += [("last hour", f"{tally.last:%Y-%m-%d %H:%M} UTC")]
    rows += [(f"spend {currency}".strip(), f"{sum_:,}") for currency, sum_ in tally.spend.items()]
    rows += [(f"refused: {why}", f"{count:,}") for why, count in tally.refused.most_common()]
    print_table(("", ""), rows)


def _facts(source: Reading, tally: Tally) -> dict[str, Any]:
    return {
        "file": str(source.request.path),
        "map": source.binding.name,
        "rows": tally.rows,
        "valid": tally.accepted,
        "published": tally.published,
        "published_before": tally.already,
        "out_of_order": tally.out_of_order,
        "refused": dict(tally.refused),
        "campaigns": len(tally.campaigns),
        "first_hour": tally.first,
        "last_hour": tally.last,
        "spend": tally.spend,
    }
