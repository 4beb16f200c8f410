"""What is in force, from the rows of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.fields import Entity
from workers.connectors.google.parts import part
from workers.connectors.google.places import BID_FIELDS, Message, Place, place
from workers.connectors.google.services import SERVICES
from workers.connectors.google.values import held, told
from workers.connectors.protocol import Lever, Ref, State


def states(
    refs: Sequence[Ref], rows: Sequence[Message], modifiers: Sequence[Message]
) -> dict[Ref, State]:
    """Return the states of campaigns' values, or of ad groups'; what is not there is left out.

    ``rows`` are of the campaigns or ad groups, ``modifiers`` of their criteria.
    """
    by_entity = {_number(row, refs[0].entity): row for row in rows}
    by_part = _by_part(modifiers, refs[0].entity)
    found = {
        ref: _state(ref, by_entity[ref.entity_id], by_part.get((ref.entity_id, ref.part)))
        for ref in refs
        if ref.entity_id in by_entity
    }
    return {ref: state for ref, state in found.items() if state is not None}


def _number(row: Message, entity: Entity) -> str:
    return str(row.campaign.id if entity is Entity.CAMPAIGN else row.ad_group.id)


def _by_part(modifiers: Sequence[Message], entity: Entity) -> Mapping[tuple[str, str], Message]:
    field = "campaign_criterion" if entity is Entity.CAMPAIGN else "ad_group_bid_modifier"
    return {
        (_number(row, entity), part(getattr(row, field))): getattr(row, field) for row in modifiers
    }


def _state(ref: Ref, row: Message, modifier: Message | None) -> State | None:
    where = place(ref, row, modifier)
    if where is None:
        return None
    entities = [row.campaign] if ref.entity is Entity.CAMPAIGN else [row.campaign, row.ad_group]
    holder = getattr(row, SERVICES[where.collection].field) if modifier is None else modifier
    ignored = ref.lever is Lever.BID and where.strategy not in BID_FIELDS
    return State(
        value=None if ignored else told(ref.lever, held(holder, where.path)),
        currency=row.customer.currency_code,
        version=where.version(ref),
        shared=_shared(where, row),
        delivering=all(entity.status.name == "ENABLED" for entity in entities),
    )


def _shared(where: Place, row: Message) -> bool:
    if where.collection == "campaignBudgets":
        budget = row.campaign_budget
        return bool(budget.explicitly_shared or budget.reference_count > 1)
    if where.collection == "biddingStrategies":
        # Of another account's strategy nothing is told, how many go by it included.
        return bool(row.bidding_strategy.non_removed_campaign_count != 1)
    return False
