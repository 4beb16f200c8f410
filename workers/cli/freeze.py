"""``pacekeeper freeze`` and ``unfreeze``: the switch that stops all changes at once.

Single campaigns are frozen by ``pacekeeper decide freeze``, which the audit trail tells of. What is
frozen here is a condition that every worker reads, whoever has what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from msgspec import structs

from schemas.condition import Condition, ConditionKind, Scope, condition_key, scopes_of
from schemas.errors import SchemaError
from schemas.keys import EVERYTHING
from schemas.topics import CONDITIONS, PLANS
from workers.cli.applying import known_records, publish
from workers.cli.console import await_result, counted, done, print_json, warn
from workers.cli.deciding import time_of, who
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.record_files import stored_record
from workers.settings import Settings

Where = Annotated[str, typer.Argument(metavar="SCOPE", help="all, PLATFORM, or PLATFORM:ACCOUNT.")]
By = Annotated[str | None, typer.Option("--by", help="Who stops it; default: your login name.")]
Why = Annotated[str, typer.Option("--why", help="Why, for those who find it frozen.")]


def freeze(  # noqa: PLR0913 -- the options of one command
    scope: Where,
    *,
    by: By = None,
    why: Why = "",
    until: Annotated[str | None, typer.Option(help="When it ends by itself.")] = None,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Let nothing be changed any more: of all campaigns, of a platform, or of an account.

    It holds before the next call to a platform; a call that is on the wire is not stopped. What is
    in force stays.
    """
    ends = None if until is None else time_of("--until", until)
    said = {"active": True, "until": ends, "by": who(by), "why": why}
    _tell(reachable_settings(config, bootstrap), scope, said, json=json)


def unfreeze(  # noqa: PLR0913 -- the options of one command
    scope: Where,
    *,
    by: By = None,
    why: Why = "",
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Let changes go on that the freeze of the same scope has stopped; others stay."""
    said = {"active": False, "by": who(by), "why": why}
    _tell(reachable_settings(config, bootstrap), scope, said, json=json)


def condition_of(scope: str, said: Mapping[str, Any], stored: Mapping[bytes, bytes]) -> Condition:
    """Return the condition to publish, one version after the one that is stored.

    Raises
    ------
    UsageError
        The scope is none of the three, or what is to be lifted does not hold.
    """
    fields = {**_names(scope), **said, "kind": ConditionKind.FREEZE, "since": datetime.now(UTC)}
    try:
        wanted = Condition(**fields, version=1)
    except SchemaError as error:
        raise UsageError(str(error), remedy="write all, PLATFORM, or PLATFORM:ACCOUNT") from None
    held = stored.get(wanted.key)
    known = stored_record(held, Condition)
    # One that cannot be read freezes as well, so it may be lifted.
    if not wanted.active and (held is None or (known is not None and not known.active)):
        found = ", ".join(_frozen(stored)) or "nothing"
        raise UsageError(f"{scope} is not frozen", remedy=f"frozen by scope are: {found}")
    return structs.replace(wanted, version=known.version + 1 if known else 1)


def _names(scope: str) -> dict[str, Any]:
    if scope == Scope.ALL:
        return {"scope": Scope.ALL}
    platform, *account = scope.split(":")
    if len(account) > 1:
        raise UsageError(
            f"{scope} is a campaign", remedy=f"pacekeeper decide freeze {scope}, or unfreeze"
        )
    if not account:
        return {"scope": Scope.PLATFORM, "platform": platform}
    return {"scope": Scope.ACCOUNT, "platform": platform, "account_id": account[0]}


def _frozen(stored: Mapping[bytes, bytes]) -> list[str]:
    conditions = (stored_record(value, Condition) for value in stored.values())
    return sorted(
        each.key.decode().partition("#")[0].replace(EVERYTHING.decode(), Scope.ALL)
        for each in conditions
        if each and each.active and each.kind is ConditionKind.FREEZE
    )


def _tell(settings: Settings, scope: str, said: Mapping[str, Any], *, json: bool) -> None:
    condition, campaigns = await_result(_published(settings, scope, said))
    if json:
        told = {"scope": scope, "frozen": condition.active, "version": condition.version}
        print_json({**told, "campaigns": campaigns})
        return
    of = counted(campaigns, one="campaign with a plan", many="campaigns with plans")
    if not campaigns:
        warn(f"no campaign with a plan lies in {scope}: is it written as in campaigns' keys?")
    if condition.active:
        until = f" until {condition.until.isoformat()}" if condition.until else ""
        done(f"{scope} is frozen{until}: nothing is changed of {of}; pacekeeper unfreeze {scope}")
    else:
        done(f"{scope} is not frozen any more: {of}; narrower and wider freezes stay")


async def _published(
    settings: Settings, scope: str, said: Mapping[str, Any]
) -> tuple[Condition, int]:
    condition = condition_of(scope, said, await known_records(settings, CONDITIONS))
    plans = await known_records(settings, PLANS)
    connection = connect(settings.broker)
    await publish(connection, CONDITIONS.full_name(settings.topics.prefix), [condition])
    inside = [
        campaign
        for campaign in plans
        if condition.key in {condition_key(one, condition.kind) for one in scopes_of(campaign)}
    ]
    return condition, len(inside)
