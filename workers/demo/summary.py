"""The last screen of a demo: a table, a sentence that says what it means, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas import Kind
from workers.demo.lost_tracking import sentence
from workers.demo.proposal_tables import bid_heading, bid_table, budget_heading, budget_table
from workers.demo.proposals import bids_by_device
from workers.demo.result import Result
from workers.demo.scorecard import Row
from workers.demo.screen import WIDTH, money

NEXT = (
    "Next: `make run` starts the same stack for your own campaigns; publish a report with "
    "`pacekeeper publish FILE`, and follow the advice with `pacekeeper watch`. `pacekeeper demo "
    "--keep` leaves its Kafka running: there `pacekeeper explain ID` says what led to a number, "
    "and repeats it (the commands are in .venv/bin)."
)

APPROVAL = "It waits for a person: the group's autonomy is propose."

_SELL_NOTHING = (
    "The servers sell nothing: what it brought is told by the simulated market, which obeys the "
    "trail."
)

_FOR_PEOPLE = frozenset({Kind.TARGETING, Kind.CREATIVE})

LEGEND = (
    "Budget, spend and error: campaign-days that ended; error is |spend - budget| / budget. "
    "Spend of all: the mean of the currencies, by their days. Even: the same auctions with a 24th "
    "of the day budget in each hour."
)


def print_summary(console: Console, result: Result) -> None:
    """Print how the demo came out, at most `WIDTH` columns wide on any terminal."""
    width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    parts: tuple[RenderableType, ...] = (
        Text("Two simulated days, account by account", style="bold"),
        _scores(result, width),
        _counts(result),
        Text(),
        Text(result.sentence(), style="bold green" if result.uplift > 0 else "bold yellow"),
        *_budgets(result, width),
        *_bids(result, width),
        *_advice(result),
        *_lost(result),
        *_platforms(result),
        *_report(result),
        Text(NEXT),
    )
    with console.capture() as captured:
        console.print(Padding(Group(*parts), (1, 0)), width=width, highlight=False)
    text = captured.get()
    if not console.is_terminal:  # there a line is filled with blanks: in a file they are litter
        text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    console.file.write(text)


def _budgets(result: Result, width: int) -> Sequence[RenderableType]:
    """Return how a group's budget is to be split anew, and the reason of the largest move."""
    split = result.shared
    if split is None:
        return ()
    why = f"{split.moves[0].campaign_id}: {split.moves[0].reasons[0].text} {APPROVAL}"
    heading = Text(budget_heading(split), style="bold")
    return Text(), heading, budget_table(split, width), Text(why)


def _bids(result: Result, width: int) -> Sequence[RenderableType]:
    """Return the bids that are advised with multipliers by device, and the surest one's reason."""
    bids = bids_by_device(result.advice)
    if not bids:
        return ()
    why = f"{bids[0].campaign_id}: {bids[0].reasons[0].text}"
    heading = Text(bid_heading(bids), style="bold")
    return Text(), heading, bid_table(bids, width), Text(why), Text()


def _advice(result: Result) -> Sequence[Text]:
    """Return the surest advice of each kind, for people: no worker carries it out."""
    told = sorted(result.advice, key=lambda each: each.confidence)
    best = {each.kind: each for each in told if each.kind in _FOR_PEOPLE}
    return [
        Text.assemble(
            "Advice on ",
            (each.kind.value, "bold"),
            f" for {each.campaign_id}: {each.reasons[0].text} {each.reasons[1].text}",
        )
        for each in sorted(best.values(), key=lambda each: each.kind.value, reverse=True)
    ]


def _lost(result: Result) -> Sequence[Text]:
    return (Text(sentence(result.lost_tracking)),) if result.lost_tracking else ()


def _platforms(result: Result) -> Sequence[Text]:
    if result.platforms is None:
        return ()
    chain = "is verified, every link" if result.chain_verified else "is BROKEN"
    told = f"{result.platforms.sentence()} The trail's hash chain {chain}. {_SELL_NOTHING}"
    return Text(), Text(told, style="bold green" if result.as_told else "bold red"), Text()


def _report(result: Result) -> Sequence[Text]:
    """Return where the page is; its name alone may be longer than a line."""
    if result.report is None:
        return ()
    return (Text.assemble("Report: open ", (str(result.report), "bold"), " in a browser."),)


def _scores(result: Result, width: int) -> Table:
    table = Table(
        width=width,
        header_style="bold",
        border_style="dim",
        box=SIMPLE,
        show_footer=True,
        caption=LEGEND,
        caption_justify="left",
    )
    table.add_column("Account", "all", no_wrap=True, ratio=1)
    for name, foot in _totals(result):
        table.add_column(name, foot, justify="right", no_wrap=True)
    for row in result.rows:
        table.add_row(*_cells(row))
    return table


def _totals(result: Result) -> tuple[tuple[str, str], ...]:
    """Return the headings of the figures, each with what stands below its column."""
    with_us, even = result.conversions
    error, error_even = result.pacing_error
    used, _ = result.use
    return (
        ("Budget", f"{result.days} days"),
        ("Spend", f"{used:.1%}"),
        ("Error", f"{error:.2%}"),
        ("Even", f"{error_even:.2%}"),
        ("Conv.", f"{with_us:,}"),
        ("Even", f"{even:,}"),
        ("Change", f"{result.uplift:+.1%}"),
    )


def _cells(row: Row) -> tuple[str, ...]:
    change = row.conversions / row.conversions_even - 1 if row.conversions_even else 0.0
    return (
        f"{row.platform} {row.account_id}",
        money(row.budget, row.currency),
        f"{row.spend:,.0f}",
        f"{row.pacing_error:.2%}",
        f"{row.pacing_error_even:.2%}",
        f"{row.conversions:,}",
        f"{row.conversions_even:,}",
        f"{change:+.1%}",
    )


def _counts(result: Result) -> Table:
    counts = result.counts
    held = ", ".join(f"{count:,} {reason}" for reason, count in counts.holds.items())
    audit = ", ".join(f"{count:,} {status}" for status, count in counts.audit.items())
    chain = "verified, every link" if result.chain_verified else "BROKEN"
    grid = Table.grid(padding=(0, 2))
    grid.add_row("events in", f"{counts.events:,} (here and below: those of the history, too)")
    grid.add_row("recommendations", f"{counts.recommendations:,}" + _in_brackets("holds", held))
    grid.add_row("actions", f"{counts.actions:,}")
    grid.add_row("audit entries", f"{counts.audit_entries:,}" + _in_brackets("", audit))
    grid.add_row("audit chain", Text(chain, style="green" if result.chain_verified else "red"))
    grid.add_row("took", f"{result.seconds:.0f} s")
    return grid


def _in_brackets(name: str, text: str) -> str:
    return f" ({name + ': ' if name else ''}{text})" if text else ""
