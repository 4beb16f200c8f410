"""``pacekeeper status``: how campaigns stand, the most urgent first, or all about one of them."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from schemas import CampaignKey
from workers.cli.console import await_result, counted, note, print_json, warn
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.settings import Settings
from workers.status.book import StatusBook, read_book
from workers.status.choosing import Filters, listed, named, of_account
from workers.status.model import CampaignStatus, Level
from workers.status.standing import campaigns_of, totals_of
from workers.status.table import ENDLESS, print_account

if TYPE_CHECKING:
    from workers.status.asking import Asked


class Risk(StrEnum):
    """Levels of risk as a person writes them."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def level(self) -> Level:
        """The level that it names."""
        return Level[self.name]


def status(  # noqa: PLR0913 -- a command has as many arguments as options
    campaign: Annotated[
        str | None,
        typer.Argument(
            metavar="CAMPAIGN",
            help="platform:account:campaign, or as much of its end as tells it from others. "
            "Default: all campaigns.",
        ),
    ] = None,
    *,
    platform: Annotated[str | None, typer.Option(help="Only campaigns of this platform.")] = None,
    account: Annotated[str | None, typer.Option(help="Only campaigns of this account.")] = None,
    risk: Annotated[Risk, typer.Option(help="List campaigns of this risk or a higher one.")] = (
        Risk.LOW
    ),
    limit: Annotated[int | None, typer.Option(min=1, help="List so many at most.")] = None,
    fail_at: Annotated[
        Risk | None, typer.Option(help="Exit with code 1 if a campaign has this risk or a higher.")
    ] = None,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Show how campaigns stand: budgets, pace, where they end, what they bring, what may go wrong.

    Of one campaign it answers more: today's hours, what would help, what was learned, what is held
    and what changed. Nothing is published or changed. Exit code 0, or with --fail-at 1 when a
    campaign is at such risk; 2 when the campaign is not known or Kafka cannot be asked.
    """
    settings = reachable_settings(config, bootstrap)
    filters = Filters(platform=platform, account=account, risk=risk.level, limit=limit)
    book = _book(settings)
    if campaign is None:
        shown = _account(book, filters, json=json)
    else:
        shown = _campaign(settings, book, campaign, json=json)
    if fail_at is not None and any(Level[each.risk.upper()] >= fail_at.level for each in shown):
        raise typer.Exit(1)


def _book(settings: Settings) -> StatusBook:
    book, unreadable = await_result(read_book(connect(settings.broker), settings.topics.prefix))
    if unreadable:
        records = counted(unreadable, one="record")
        warn(f"{records} of {settings.topics.prefix} could not be read and are left out")
    return book


def _account(book: StatusBook, filters: Filters, *, json: bool) -> list[CampaignStatus]:
    """Print an account; return all campaigns of it, listed or not."""
    keys = of_account(book.campaigns, filters)
    every = campaigns_of(book, keys)
    some, totals = listed(every, filters), totals_of(book, keys, every)
    if json:
        for each in (*some, *totals):
            print_json(each)
    else:
        print_account(_console(), some, totals, left_out=len(every) - len(some))
    return every


def _console() -> Console:
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = ENDLESS
    return console


def _campaign(
    settings: Settings, book: StatusBook, text: str, *, json: bool
) -> list[CampaignStatus]:
    # Not above: these load the optimizer, which an account does without.
    from workers.status.answering import answers_of  # noqa: PLC0415
    from workers.status.page import print_campaign  # noqa: PLC0415

    key = named(book.campaigns, text)
    if not json:
        note("learning again from the campaign's log...")
    (found,) = campaigns_of(book, [key])
    answers = answers_of(book, key, found, _asked(settings, book, key))
    if json:
        print_json(answers)
    else:
        print_campaign(_console(), answers)
    return [found]


def _asked(settings: Settings, book: StatusBook, key: CampaignKey) -> Asked | None:
    """Return what the engine answers, or None where there is no decision to go by."""
    from workers.explain.reading import read_history  # noqa: PLC0415
    from workers.optimizer.program import policy_of  # noqa: PLC0415
    from workers.status.asking import ask  # noqa: PLC0415

    advice = book.latest.get(key)
    if advice is None:
        warn("no optimizer has decided anything about it yet: what it learned cannot be told")
        return None
    policy = policy_of(settings)
    try:
        history, target = await_result(
            read_history(connect(settings.broker), policy, advice.recommendation_id)
        )
    except UsageError as error:
        warn(f"what was learned of it cannot be told: {error}")
        return None
    return ask(policy, history, target)
