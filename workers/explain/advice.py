"""Advises once more on what an account's closed days say, to hold one recommendation against.

A recommendation names the closed day that led to it. What the adviser keeps follows from the
account's closed days in their order, so all that are kept up to there are taken again. How late
conversions come is told by the days themselves; of days that do not tell, by the latest priors,
which alone are kept: newer ones may differ.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas import Recommendation, account_key, decode
from schemas.topics import BREAKDOWNS, PRIORS, RECOMMENDATIONS
from workers.adviser.accounts import breakdowns_step
from workers.adviser.books import Books
from workers.adviser.policy import AdviserPolicy
from workers.adviser.tables import DAYS
from workers.delivery.api import Record, Step
from workers.explain.partition import Partition


def is_advice(policy: AdviserPolicy, advice: Recommendation) -> bool:
    """Return whether a recommendation was made by an adviser, from a closed day."""
    return policy.topic(BREAKDOWNS) in advice.inputs


def account_of(advice: Recommendation) -> bytes:
    """Return the key of the closed days that advice is made from."""
    return account_key(advice.platform, advice.account_id)


def advised_again(
    policy: AdviserPolicy,
    advice: Recommendation,
    records: Iterable[Record],
    place: tuple[int, int],
) -> bytes | None:
    """Return the recommendation as it is made now; None where the records lead to none.

    Parameters
    ----------
    policy
        That of the adviser.
    advice
        What was published.
    records
        The account's closed days in the order of their offsets, and the latest priors.
    place
        The partition of the account's key, and how many there are.
    """
    told = list(records)
    priors = policy.topic(PRIORS)
    latest = {each.key or b"": each.value or b"" for each in told if each.topic == priors}
    view, books = Partition(*place, {priors: latest}), Books()
    last = advice.inputs[policy.topic(BREAKDOWNS)]
    for record in told:
        if record.topic == priors or record.offset > last:
            continue
        step = breakdowns_step(policy, books, view, [record])
        view.commit(DAYS, step)
        if record.offset == last:
            return _like(policy, advice, step)
    return None


def _like(policy: AdviserPolicy, advice: Recommendation, step: Step) -> bytes | None:
    """Return what a step says of the same kind and thing."""
    name = policy.topic(RECOMMENDATIONS)
    found = [
        out.value
        for out in step.outputs
        if (out.topic, out.key) == (name, advice.key) and out.value is not None
    ]
    about = _about(advice)
    told = ((value, _about(decode(value, Recommendation))) for value in found)
    return next((value for value, what in told if what == about), None)


def _about(advice: Recommendation) -> tuple[str, str, str | None]:
    """Return what a recommendation is about; one step says one thing of it."""
    return advice.kind.value, advice.entity_id, advice.field
