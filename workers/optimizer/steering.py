"""Who of the campaigns that are due has its bids set, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.arrays import Floats, Rows
from engine.offsets import of_intent, offset_lifts, week_shape
from engine.plans import ACTUATORS
from engine.situation import Steered, nobody_steered
from engine.strategies import steers
from schemas.topics import PRIORS
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.lived import Calendars, campaigns_of
from workers.optimizer.pacing import catch_up
from workers.optimizer.reserves import Account, learning_of
from workers.optimizer.tables import METRICS, windows_key
from workers.optimizer.targets import Aimed, highest

_BID = ACTUATORS.index("bid")

HALF_KNOWN = 12.0
"""Hours learned from at which a campaign is half trusted, those before its bids were set included:
a search under caps is not helped by waiting for more of them."""


class Known(NamedTuple):
    """What is known of the campaigns that are steered, and what the table is to be told."""

    steered: Steered
    weights: Floats
    """Shape (R, 168): what the hours of the week spend at one multiplier and its offsets."""
    trust: Floats
    """Shape (R,), in [0, 1): how much of it is the campaign's own."""
    values: Sequence[bytes]
    writes: Mapping[bytes, bytes | None]
    accounts: Mapping[int, Account]
    """What campaigns that explore have spent of their reserves, by row of the batch."""


def known_of(draft: Draft, books: Books, due: Due, forced: Rows, intents: Floats) -> Known:
    """Return the campaigns of ``due`` that are steered.

    ``forced`` is what is in force, ``intents`` (B, 168) how well the clicks of each hour convert.
    """
    rows = np.flatnonzero(steers(due.plans) & (due.plans["version"] > 0))
    if not rows.size:
        nobody = nobody_steered()
        return Known(nobody, np.zeros((0, 168)), np.zeros(0), [], {}, {})
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    # What cannot be read of these records has been counted where their weights were read.
    shapes, _, _ = books.shapes.shapes(latest, [due.names[i][:2] for i in rows.tolist()])
    campaigns = campaigns_of(due, forced, rows)
    values = [due.plan_values[i] for i in rows.tolist()]
    offsets = _offsets(due.plans[rows], intents[rows])
    detailed = due.plans["detailed"][rows]
    # What the week was learned without, be it for the plan or for a person, the pacer does as well.
    windows = draft.read_of(METRICS, [windows_key(key) for key in campaigns.keys])
    told = Calendars(books.calendars.events(values, detailed), windows)
    caught = catch_up(draft, campaigns, told, shapes)
    learning, accounts = learning_of(draft, books.plans, due, campaigns, rows)
    steered = Steered(
        rows=rows,
        pacing=caught.pacing,
        shapes=shapes,
        highest=highest(draft, books.plans, Aimed(values, due.now[rows]), campaigns, offsets),
        bounds=books.plans.bid_bounds(values, due.plans[rows]),
        offsets=offsets,
        learning=learning,
    )
    return Known(
        steered=steered,
        weights=_week(steered),
        trust=caught.hours / (caught.hours + HALF_KNOWN),
        values=caught.values,
        writes=caught.writes,
        accounts=accounts,
    )


def _offsets(plans: Rows, intents: Floats) -> Floats:
    """Return the offsets of hours whose clicks are worth more or less than others' (R, 168).

    The best bid is in proportion to what a click is worth. Where the platform itself bids towards
    a target it knows that already.
    """
    own = plans["actuator"] == _BID
    return np.where(own[:, None], of_intent(intents), 0.0)


def _week(steered: Steered) -> Floats:
    response = steered.pacing.response
    lifts = offset_lifts(response, steered.offsets, response.anchor)
    return np.asarray(np.exp(week_shape(steered.pacing, steered.shapes) + lifts))
