"""Why a recomputed recommendation may differ: what the topics no longer hold, first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from schemas import Arm, HoldReason
from schemas.topics import METRICS, PLANS
from workers.explain.comparing import Difference
from workers.explain.history import History, Published
from workers.explain.replay import Replayed
from workers.optimizer.explaining import EXPERIMENT
from workers.optimizer.policy import OptimizerPolicy

_SUMS = {"state_digest", "supersedes"}
_BY_CONDITIONS = {HoldReason.FROZEN, HoldReason.SUSPECTED_OUTAGE}


_UNKNOWN = (
    "nothing that was read tells why: a setting of [optimizer] may have been another when it was "
    "made, a record of the campaign may have been changed or put in since, or the code is another "
    "under the same version"
)


def likely_causes(
    policy: OptimizerPolicy,
    history: History,
    published: Published,
    replayed: Replayed,
    found: Sequence[Difference],
) -> list[str]:
    """Return sentences, the most telling first; none where nothing differs."""
    if not found:
        return []
    fields = {each.field for each in found}
    causes = [
        *_of_code(policy, published, fields),
        *inputs_gone(policy, history, published, found),
        *_of_lost_plan(policy, published, fields),
        *_of_conditions(published, fields),
        *_of_experiments(published, found),
        *_of_earlier(replayed, fields),
    ]
    return causes or [_UNKNOWN]


def inputs_gone(
    policy: OptimizerPolicy,
    history: History,
    published: Published,
    found: Sequence[Difference],
) -> list[str]:
    """Return which inputs are no longer on the topics for certain; none where nothing differs."""
    if not found:
        return []
    fields = {each.field for each in found}
    return [
        *_of_plan(policy, history, published),
        *_of_priors(published, fields),
        *_of_metrics(policy, history, fields),
    ]


def _of_code(
    policy: OptimizerPolicy, published: Published, fields: Collection[str]
) -> Iterator[str]:
    if "model_version" in fields:
        same = " All other fields are the same." if set(fields) == {"model_version"} else ""
        made = published.advice.model_version
        yield (
            f"it was made by {made}, and recomputed by {policy.model_version}: install that "
            f"version to recompute it byte for byte.{same}"
        )


def _of_plan(policy: OptimizerPolicy, history: History, published: Published) -> Iterator[str]:
    topic = policy.topic(PLANS)
    named = published.advice.inputs.get(topic)
    kept = {entry.record.offset for entry in history.sources.get(topic, ())}
    if named is not None and named not in kept:
        yield (
            f"version {published.advice.plan_version} of the plan, offset {named} of {topic}, is "
            "no longer kept: the topic is compacted and a later version took its place"
        )


def _of_lost_plan(
    policy: OptimizerPolicy, published: Published, fields: Collection[str]
) -> Iterator[str]:
    topic = policy.topic(PLANS)
    if topic not in published.advice.inputs and "plan_version" in fields:
        yield f"a plan was deleted or published since, and {topic} no longer tells when"


def _of_priors(published: Published, fields: Collection[str]) -> Iterator[str]:
    if "prior_version" in fields:
        yield (
            f"the priors of version {published.advice.prior_version} are no longer kept: the topic "
            "is compacted and later ones took their place"
        )


def _of_conditions(published: Published, fields: Collection[str]) -> Iterator[str]:
    if "hold_reason" in fields and published.advice.hold_reason in _BY_CONDITIONS:
        yield (
            "a freeze or outage that held then has been lifted or replaced since, and the topic of "
            "conditions is compacted"
        )


def _of_experiments(published: Published, found: Sequence[Difference]) -> Iterator[str]:
    values = {value for each in found for value in (each.published, each.recomputed)}
    told = any(reason.code == EXPERIMENT for reason in published.advice.reasons)
    if EXPERIMENT in values or (told and values & {*Arm}):
        yield (
            "an experiment that held then has been replaced since, or one that holds now was not "
            "known yet, and the topic of experiments is compacted"
        )


def _of_metrics(
    policy: OptimizerPolicy, history: History, fields: Collection[str]
) -> Iterator[str]:
    topic = policy.topic(METRICS)
    first = history.beginnings.get(topic, 0)
    if not first:
        return
    yield f"{topic} begins at offset {first}: earlier hours were deleted by retention" + (
        ", which the digest of the state tells; the advice itself does not depend on them"
        if set(fields) <= _SUMS
        else ""
    )


def _of_earlier(replayed: Replayed, fields: Collection[str]) -> Iterator[str]:
    odd = [*replayed.missing, *replayed.differing]
    if odd and "state_digest" in fields:
        yield (
            f"{len(odd)} earlier recommendations of the campaign cannot be repeated either "
            f"(the first is {odd[0]}): what was lost or changed lies before this one"
        )
