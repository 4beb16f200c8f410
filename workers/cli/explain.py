"""``pacekeeper explain``: why a recommendation is as it is, and whether it can be repeated."""

from __future__ import annotations

from typing import Annotated

import typer
from aiokafka import ConsumerRecord
from rich.console import Console

from schemas import Kind, Recommendation, decode
from workers.cli.console import await_result, note, print_json
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.record_ids import checked_prefix
from workers.settings import Settings


def explain(
    recommendation_id: Annotated[
        str, typer.Argument(help="Its id, or as much of it as tells it from others (4 at least).")
    ],
    *,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Recompute a recommendation from the topics, and show what led to it.

    The campaign's records are taken through the optimizer's own steps once more. Exit code 0: the
    recomputed bytes are identical; 1: they differ, and it says in what; 2: it was not found, or
    cannot be recomputed, as what it was made from is gone.
    """
    prefix = checked_prefix(recommendation_id, "recommendation")
    _explain(reachable_settings(config, bootstrap), prefix, json=json)


def _explain(settings: Settings, prefix: str, *, json: bool) -> None:
    """Recompute what an optimizer has published; of others, their own agents do."""
    # Not above: these load the optimizer, which other commands do without.
    from workers.explain.page import print_explanation  # noqa: PLC0415
    from workers.explain.reading import OfNoOptimizerError, read_history  # noqa: PLC0415
    from workers.explain.report import as_json  # noqa: PLC0415
    from workers.explain.report import explain as explained  # noqa: PLC0415
    from workers.optimizer.program import policy_of  # noqa: PLC0415

    policy = policy_of(settings)
    if not json:
        note("reading the topics of the campaign's partition...")
    try:
        history, target = await_result(read_history(connect(settings.broker), policy, prefix))
    except OfNoOptimizerError as other:
        _explain_other(settings, other.record, json=json)
        return
    found = explained(policy, history, target)
    if json:
        print_json(as_json(found))
    else:
        print_explanation(Console(), found)
    _end(same=found.identical, gone=bool(found.gone))


def _explain_other(settings: Settings, record: ConsumerRecord, *, json: bool) -> None:
    """Recompute a recommendation of a group's budget or an adviser, and say if it is the same."""
    from workers.adviser.policy import AdviserPolicy  # noqa: PLC0415
    from workers.allocator.policy import AllocatorPolicy  # noqa: PLC0415
    from workers.explain.advice import is_advice  # noqa: PLC0415
    from workers.explain.emergency import is_emergency  # noqa: PLC0415
    from workers.explain.group_page import as_json, print_other  # noqa: PLC0415
    from workers.explain.reading_advice import advised_from_topics  # noqa: PLC0415
    from workers.explain.reading_emergency import answered_from_topics  # noqa: PLC0415
    from workers.explain.reading_groups import recomputed_from_topics  # noqa: PLC0415

    advice = decode(record.value, Recommendation)
    _refuse_what_is_asked_for(advice)
    connection, prefix = connect(settings.broker), settings.topics.prefix
    adviser = AdviserPolicy(prefix=prefix)
    if is_advice(adviser, advice):
        source, again = (
            "the account's closed days",
            advised_from_topics(connection, adviser, record),
        )
    elif is_emergency(adviser, advice):
        source, again = "the campaign's hours", answered_from_topics(connection, adviser, record)
    else:
        allocator = AllocatorPolicy(prefix=prefix)
        source = "the group's records"
        again = recomputed_from_topics(connection, allocator, record)
    found, gone = await_result(again).against(record.value)
    if json:
        print_json(as_json(advice, found, gone))
    else:
        print_other(Console(), advice, found, (source, gone))
    _end(same=not found, gone=bool(gone))


def _refuse_what_is_asked_for(advice: Recommendation) -> None:
    """Raise `UsageError` for advice that follows from the plan alone."""
    if advice.kind in (Kind.STATUS, Kind.CALENDAR):
        told = " ".join(reason.text for reason in advice.reasons)
        raise UsageError(
            f"advice on {advice.field} is not computed, the plan asks for it: {told}",
            remedy="look into the plan; `pacekeeper watch` shows what was done about it",
        )


def _end(*, same: bool, gone: bool) -> None:
    if not same:
        raise typer.Exit(2 if gone else 1)
