"""Laws of replay: what was published is made again from the topics, byte for byte."""

from __future__ import annotations

import random
from dataclasses import replace

import orjson
import pytest

from schemas import Recommendation, decode, topics
from schemas.topic import Topic
from tests.workers.explain.histories import a_life
from workers.errors import UsageError
from workers.explain.history import Entry, History, Published
from workers.explain.replay import Replay, Replayed
from workers.explain.report import Explanation, explain
from workers.optimizer.policy import OptimizerPolicy

POLICY = OptimizerPolicy()


def replayed(history: History, target: int) -> Replayed:
    return Replay(policy=POLICY, history=history, target=target).run()


def without(history: History, topic: Topic, *offsets: int) -> History:
    """Return a history whose topic has lost records."""
    name = POLICY.topic(topic)
    kept = [each for each in history.sources[name] if each.record.offset not in offsets]
    return replace(history, sources={**history.sources, name: kept})


def trimmed(history: History, first: int) -> History:
    """Return a history whose metrics begin at an offset, as retention leaves them."""
    name = POLICY.topic(topics.METRICS)
    cut = without(history, topics.METRICS, *range(first))
    return replace(cut, beginnings={name: first})


def explained(history: History, target: int = -1) -> Explanation:
    return explain(POLICY, history, range(len(history.published))[target])


def fields(found: Explanation) -> set[str]:
    return {each.field for each in found.differences}


def last_seen(history: History, topic: Topic, target: int = -1) -> int:
    return history.published[target].advice.inputs[POLICY.topic(topic)]


@pytest.mark.parametrize("seed", range(16))
def test_every_recommendation_of_any_life_is_recomputed_to_the_same_bytes(seed: int) -> None:
    history = a_life(seed).history()
    last = len(history.published) - 1
    assert last >= 30
    whole = replayed(history, last)
    assert whole.recomputed == history.published[last].value
    assert (list(whole.differing), list(whole.missing)) == ([], [])


def test_the_lives_hold_what_makes_replay_hard() -> None:
    histories = [a_life(seed).history() for seed in range(16)]
    advice = [each.advice for history in histories for each in history.published]
    assert sum(each.by_tick for history in histories for each in history.published) > 10
    assert {each.hold_reason for each in advice} >= {None, "frozen", "no_plan", "stale_data"}
    assert max(each.prior_version for each in advice) > 5
    assert len({each.plan_version for each in advice}) > 5
    assert sum("pacekeeper.audit.v1" in each.inputs for each in advice) > 100


def test_any_recommendation_is_found_with_what_came_after_it_in_the_topics() -> None:
    history = a_life(3).history()
    chance = random.Random(3)
    for target in chance.sample(range(len(history.published)), 8):
        found = explained(history, target)
        assert found.identical, (target, found.differences)
        assert found.causes == []


def test_a_changed_report_is_named_by_what_it_changes() -> None:
    history = a_life(5).history()
    name = POLICY.topic(topics.METRICS)
    log = list(history.sources[name])
    at = next(
        i for i, each in enumerate(log) if each.record.offset == last_seen(history, topics.METRICS)
    )
    record = log[at].record
    more = (record.value or b"").replace(b'"impressions":1000', b'"impressions":2000')
    log[at] = Entry(log[at].written, replace(record, value=more))  # type: ignore[type-var]
    found = explained(replace(history, sources={**history.sources, name: log}))
    assert not found.identical
    assert "state_digest" in fields(found)
    assert found.causes
    assert "may have been changed" in found.causes[0]
    assert (found.verdict, found.gone) == ("differs", [])


def test_a_plan_that_compaction_took_away_is_named_with_its_offset() -> None:
    history = a_life(4).history()
    named = last_seen(history, topics.PLANS)
    found = explained(without(history, topics.PLANS, named))
    assert "inputs.pacekeeper.plans.v1" in fields(found)
    assert f"offset {named} of pacekeeper.plans.v1, is no longer kept" in found.causes[0]
    assert (found.verdict, found.gone) == ("inputs_gone", found.causes[:1])


def test_priors_that_compaction_took_away_are_named_with_their_version() -> None:
    history, target = next(
        (history, target)
        for history in (a_life(seed).history() for seed in range(16))
        for target in range(len(history.published) - 1, -1, -1)
        if history.published[target].advice.prior_version
    )
    lost = {**history.broadcasts, POLICY.topic(topics.PRIORS): ()}
    found = explained(replace(history, broadcasts=lost), target)
    assert "prior_version" in fields(found)
    version = history.published[target].advice.prior_version
    assert any(f"priors of version {version}" in cause for cause in found.causes)


def test_hours_that_retention_deleted_long_before_change_the_digest_and_not_the_advice() -> None:
    history = a_life(12, hours=24 * 38).history()
    found = explained(trimmed(history, 40))
    assert fields(found) <= {"state_digest", "supersedes"}
    assert "state_digest" in fields(found)
    assert "begins at offset 40" in found.causes[0]
    assert "the advice itself does not depend on them" in found.causes[0]
    assert found.verdict == "inputs_gone"


def test_one_whose_own_report_is_gone_cannot_be_recomputed_and_says_what_was_deleted() -> None:
    history = a_life(2).history()
    first = last_seen(history, topics.METRICS, 5) + 1
    with pytest.raises(UsageError) as refused:
        explained(trimmed(history, first), 4)
    assert "deleted by retention" in refused.value.remedy


def test_another_version_of_the_code_is_told_and_so_is_that_all_else_is_the_same() -> None:
    history = a_life(4).history()
    other = replace(POLICY, model_version="pacekeeper/9")
    found = explain(other, history, len(history.published) - 1)
    assert fields(found) == {"model_version"}
    assert "All other fields are the same" in found.causes[0]


def test_a_freeze_that_was_lifted_and_compacted_away_is_named() -> None:
    history, target = next(
        (history, target)
        for history in (a_life(seed).history() for seed in range(16))
        for target, each in enumerate(history.published)
        if each.advice.hold_reason == "frozen" and each.advice.plan_version
    )
    lost = {**history.broadcasts, POLICY.topic(topics.CONDITIONS): ()}
    found = explained(replace(history, broadcasts=lost), target)
    assert "hold_reason" in fields(found)
    assert any("freeze or outage that held then" in cause for cause in found.causes)


def test_one_that_was_made_before_a_field_was_told_is_still_recomputed_but_for_that_field() -> None:
    history = a_life(4).history()
    older = [without_field(each, "day_budget") for each in history.published]
    target = max(at for at, each in enumerate(history.published) if each.advice.day_budget)
    found = explained(replace(history, published=older), target)
    assert fields(found) == {"day_budget"}
    assert "the code is another under the same version" in found.causes[0]


def without_field(published: Published, name: str) -> Published:
    """Return what was published as if a field had not been known yet; its id stays what it was."""
    members = orjson.loads(published.value)
    members.pop(name, None)
    value = orjson.dumps(members)
    record = replace(published.entry.record, value=value)  # type: ignore[type-var]
    return Published(Entry(published.entry.written, record), decode(value, Recommendation))
