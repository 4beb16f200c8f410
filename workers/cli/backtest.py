"""``pacekeeper backtest``: what pacing would have come to, on your log or on the simulator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from workers.backtest.budgets import Wish, wish_of
from workers.backtest.contest import CONTROLLERS, USUAL, Case, Terms
from workers.backtest.contest import Progress as Played
from workers.backtest.events import Heap
from workers.backtest.files import Files, read_files
from workers.backtest.report import LABELS, print_result
from workers.backtest.run import DRAWS, Asked, Result, replay_log, replay_simulator
from workers.backtest.simulated import Simulated
from workers.backtest.span import Span, span_of
from workers.backtest.study import Question
from workers.backtest.topic import Topic, read_topic
from workers.backtest.verdict import Measure, Verdict, check_measure, verdict
from workers.cli import backtest_options as options
from workers.cli.console import await_result, done, warn
from workers.cli.options import BootstrapOption, ConfigOption, reachable_settings
from workers.cli.publish import ConstantsOption, MapOption, pairs
from workers.errors import UsageError
from workers.kafka import connect
from workers.plans import read_plans
from workers.settings import Settings

_NAMED = 3


def backtest(  # noqa: PLR0913 -- the options of one command
    *,
    csv: options.FileOption = None,
    topic: options.TopicOption = None,
    simulated: options.SimulateOption = None,
    map_name: MapOption = "",
    constants: ConstantsOption = None,
    begin: options.FromOption = None,
    end: options.ToOption = None,
    days: options.DaysOption = None,
    budget: options.BudgetOption = None,
    plans: options.PlansOption = None,
    strategy: options.StrategyOption = None,
    learn_days: options.LearnOption = None,
    late: options.LateOption = 0,
    no_stop: options.StopOption = False,
    draws: options.DrawsOption = None,
    seed: options.SeedOption = 1,
    fail_below: options.FailOption = None,
    fail_of: options.FailOfOption = Measure.BEST,
    json: options.ToFileOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Replay Pacekeeper and other controllers on your own log, or on the simulator.

    A log says what was bid and bought. What other bids would have bought is inferred by a model,
    and what the log cannot tell is drawn many times: intervals show how much hangs on it.
    """
    terms = Terms(controllers=_controllers(strategy or USUAL), late=late, stops=not no_stop)
    if fail_below is not None:
        check_measure(fail_of, tuple(terms.controllers))
    wish, source = wish_of(budget), _source(csv or (), topic, simulated)
    if simulated is not None:
        unused = {"--map": map_name, "--set": constants, "--plans": plans, "--from": begin or end}
        _refuse(unused, "says how a log is read, and --simulate reads none")
        _refuse_amounts(wish)
        world = Simulated(
            campaigns=simulated,
            days=days or options.DAYS,
            worlds=draws or options.WORLDS,
            seed=seed,
            learn_days=learn_days,
            share=wish.share,
        )
        result = _on_bar(terms, lambda bar: replay_simulator(world, terms, bar.prepared))
    else:
        _refuse({"--days": days}, "is for --simulate; of a log give --from and --to")
        columns = {"--map": map_name, "--set": constants} if topic is not None else {}
        _refuse(columns, "says what the columns of a file mean; a topic has none")
        question = _question(wish, budget, plans, learn_days)
        asked = Asked(
            source=source, question=question, terms=terms, draws=draws or DRAWS, seed=seed
        )
        span, said = span_of(begin, end, offsets=topic is not None), pairs(constants or ())
        files = Files(paths=csv or (), map_name=map_name, constants=said, span=span)
        settings = None if topic is None else reachable_settings(config, bootstrap)
        result = _replay(asked, _reader(files, settings, topic))
    _tell(result, json, None if fail_below is None else verdict(result, fail_of, fail_below))


def _controllers(given: Sequence[str]) -> tuple[str, ...]:
    names = [name.strip() for text in given for name in text.split(",")]
    for name in names:
        if name not in CONTROLLERS:
            raise UsageError(
                f"--strategy {name}: nobody is called so",
                remedy="; ".join(f"{each} is {LABELS[each]}" for each in CONTROLLERS),
            )
    return tuple(dict.fromkeys(names))


def _source(paths: Sequence[Path], topic: str | None, simulated: int | None) -> str:
    """Return what is back-tested, in words, having seen to it that it is one thing."""
    if sum((bool(paths), topic is not None, simulated is not None)) != 1:
        raise UsageError(
            "one thing is back-tested at a time, a log or the simulator",
            remedy="give --csv FILE or --parquet FILE, --topic metrics.v1, or --simulate 20",
        )
    return topic or _shown(paths)


def _shown(paths: Sequence[Path]) -> str:
    names = [path.name for path in paths[:_NAMED]]
    more = len(paths) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _refuse(unused: Mapping[str, object], why: str) -> None:
    for option, given in unused.items():
        if given:
            raise UsageError(f"{option} {why}")


def _refuse_amounts(wish: Wish) -> None:
    """Refuse budgets that are no share: the simulator makes up those of its campaigns."""
    if wish.as_logged or wish.amount is not None:
        raise UsageError(
            "--simulate makes up budgets with its campaigns",
            remedy="give a share of them, such as --budget 50%, or none",
        )


def _question(
    wish: Wish, budget: str | None, plans: Sequence[Path] | None, learn_days: int | None
) -> Question:
    if plans and budget is not None:
        raise UsageError("budgets come from --plans or from --budget", remedy="give one of them")
    return Question(wish=wish, plans=read_plans(plans or ()), learn_days=learn_days)


_Read = Callable[[Callable[[float], None]], Heap]


def _replay(asked: Asked, read: _Read) -> Result:
    """Read a log and replay it, with a bar for both."""
    return _on_bar(asked.terms, lambda bar: replay_log(read(bar.read), asked, bar.prepared))


def _reader(files: Files, settings: Settings | None, topic: str | None) -> _Read:
    """Return what reads the log, given whom to tell how far it is."""
    if settings is None or topic is None:
        return lambda progress: read_files(files, progress)
    where = _topic(settings, topic, files.span)
    return lambda progress: await_result(read_topic(where, progress))


def _topic(settings: Settings, name: str, span: Span) -> Topic:
    prefix = f"{settings.topics.prefix}."
    full = name if name.startswith(prefix) else prefix + name
    return Topic(connection=connect(settings.broker), name=full, span=span)


class _Bar:
    """One bar: reading first, then playing."""

    def __init__(self, bar: Progress, players: int) -> None:
        self._bar, self._players = bar, players
        self._task = bar.add_task("reading", total=1.0)

    def read(self, share: float) -> None:
        """Show how much of the log is read."""
        self._bar.update(self._task, completed=share)

    def prepared(self, case: Case) -> Played:
        """Begin to show playing."""
        self._bar.reset(self._task, total=case.row_hours * self._players)
        return self._played

    def _played(self, name: str, rows: int) -> None:
        self._bar.update(self._task, advance=rows, description=LABELS[name])


def _on_bar(terms: Terms, work: Callable[[_Bar], Result]) -> Result:
    """Do ``work`` while a bar on standard error shows how far it is."""
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        return work(_Bar(bar, len(terms.controllers)))


def _tell(result: Result, file: Path | None, judged: Verdict | None) -> None:
    """Print the result, write it where it is to be written, and say whether it is good enough."""
    print_result(Console(highlight=False), result)
    if file is not None:
        _write(result, judged, file)
    if judged is None:
        return
    if judged.failed:
        warn(judged.told())
        raise typer.Exit(1)
    done(judged.told())


def _write(result: Result, judged: Verdict | None, file: Path) -> None:
    known = msgspec.to_builtins(result, enc_hook=str)
    content = {**known, "verdict": judged and msgspec.to_builtins(judged)}
    try:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    done(f"written to {file}")
