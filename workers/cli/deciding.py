"""From what a person writes to decisions that are published, and what is told of them."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from schemas import (
    AuditEntry,
    Decision,
    Plan,
    Recommendation,
    SchemaError,
    Verb,
    decode,
    encode,
)
from schemas.keys import CampaignKey
from schemas.topics import PLANS, RECOMMENDATIONS
from workers.cli.applying import known_records
from workers.cli.console import await_result, done, note, print_json, printable, warn
from workers.errors import UsageError
from workers.executor.entries import identity
from workers.kafka import connect
from workers.people import Subject, became, decide, is_done, sentence
from workers.reading import partitions_of, reader
from workers.record_files import stored_record
from workers.record_ids import checked_prefix, find_each
from workers.settings import Settings
from workers.status.choosing import named

Pair = tuple[Decision, Subject]


def said_by(verb: Verb, by: str | None, why: str) -> dict[str, Any]:
    """Return the fields of a decision that is made now."""
    return {"verb": verb, "by": who(by), "why": why, "decided_at": datetime.now(UTC)}


def who(by: str | None) -> str:
    """Return who decides: who is named, or else who is logged in."""
    try:
        return by or getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("nobody knows who decides", remedy="say it with --by NAME") from error


def time_of(option: str, text: str) -> datetime:
    """Return the time that an option gives; raises `UsageError` where it says no zone."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise UsageError(
            f"{option} is {text!r}, which is no time with a zone",
            remedy="write a time such as 2026-03-01T08:00Z or 2026-03-01T08:00+01:00",
        )
    return time


def about(settings: Settings, ids: Sequence[str], said: Mapping[str, Any]) -> list[Pair]:
    """Return a decision on each recommendation."""
    prefixes = list(dict.fromkeys(checked_prefix(each, "recommendation") for each in ids))
    pairs: dict[str, Pair] = {}
    for value in await_result(_find(settings, prefixes)):
        subject = decode(value, Recommendation)
        name = subject.recommendation_id
        pairs[name] = _decision(_key(subject), {**said, "recommendation_id": name}), subject
    return list(pairs.values())


def of(settings: Settings, campaigns: Sequence[str], said: Mapping[str, Any]) -> list[Pair]:
    """Return a decision on each campaign; those that have a plan are known."""
    stored = await_result(known_records(settings, PLANS)).values()
    plans = [plan for value in stored if (plan := stored_record(value, Plan)) is not None]
    if not plans:
        raise UsageError(
            "no campaign has a plan", remedy="publish one with: pacekeeper plans apply FILES"
        )
    keys = [_key(plan) for plan in plans]
    wanted = dict.fromkeys(named(keys, text) for text in campaigns)
    return [(_decision(key, said), None) for key in wanted]


def tell(settings: Settings, pairs: Sequence[Pair], wait: float, *, json: bool) -> None:
    """Show what is decided, publish it, and show what became of it; exits with 1 if not done."""
    if not json:
        for decision, subject in pairs:
            note(printable(f"{decision.by} decides: {sentence(decision, subject)}"))
    answers = await_result(decide(settings, [decision for decision, _ in pairs], wait))
    for pair in pairs:
        _show(pair, answers.get(identity(pair[0])), waited=wait > 0, json=json)
    if not wait:
        note("published; `pacekeeper watch` shows what becomes of it")
        return
    if len(answers) < len(pairs):
        warn(
            f"not all was answered in {wait:g} s. It is published, and counts as soon as an "
            "executor reads it: see that one runs, and look with `pacekeeper watch`"
        )
    if not all(is_done(answers.get(identity(decision))) for decision, _ in pairs):
        raise typer.Exit(1)


def _show(pair: Pair, entry: AuditEntry | None, *, waited: bool, json: bool) -> None:
    decision, subject = pair
    if json:
        told = {"decision_id": identity(decision), "sentence": sentence(decision, subject)}
        print_json({**told, "decision": decision, "done": is_done(entry), "answer": entry})
    elif waited:
        say = done if is_done(entry) else warn
        say(printable(f"{decision.key.decode()}: {became(entry)}"))


async def _find(settings: Settings, prefixes: list[str]) -> list[bytes]:
    connection, one = connect(settings.broker), "recommendation"
    topic = RECOMMENDATIONS.full_name(settings.topics.prefix)
    partitions = await partitions_of(connection, [topic])
    async with reader(connection) as consumer:
        return [each.value for each in await find_each(consumer, partitions, prefixes, one)]


def _key(record: Plan | Recommendation) -> CampaignKey:
    return CampaignKey(record.platform, record.account_id, record.campaign_id)


def _decision(key: CampaignKey, said: Mapping[str, Any]) -> Decision:
    try:
        # Lengths are checked when it is read, as the executor will.
        return decode(encode(Decision(**key._asdict(), **said)), Decision)
    except SchemaError as error:
        raise UsageError(f"this cannot be decided: {error}") from error
