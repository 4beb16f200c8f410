"""From what an action wants to what is set on the platform, value by value.

Platforms know no multiplier of bids and no budget of an hour. A multiplier becomes each ad set's
own bid times the multiplier, or the target that the platform bids towards; what an hour may spend
becomes the day's budget: what the day has spent, and what this hour may.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Final

from msgspec import structs

from schemas.action import Action, Release
from schemas.errors import SchemaError
from schemas.fields import Entity
from schemas.levers import BID, BID_MULTIPLIER, DAILY_BUDGET, FORETOLD, STATUS
from schemas.money import check_amount, exponent_of
from schemas.plan import Actuator
from workers.connectors.protocol import Lever
from workers.executor.capping import has_cap, uncapped
from workers.executor.day_limits import highest_of
from workers.executor.entries import Finding, rejected
from workers.executor.orders import Part
from workers.executor.plan_rules import PlanRule
from workers.executor.platforms import KnownPlatforms
from workers.executor.rows import Campaign
from workers.executor.slots import part_of, slot_named

_DIGITS: Final = Decimal("0.000001")
"""How finely bids and targets are reckoned; connectors round to the platform's own step."""


UsualBids = dict[tuple[Entity, str], Decimal]
"""Whose bid is to be set, and what the multiplier multiplies."""


class CannotSet(Exception):
    """What is wanted has no way to the platform; ``finding`` says why."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.finding: Finding = rejected(reason, detail)


def parts_of(
    platforms: KnownPlatforms, rule: PlanRule, campaign: Campaign, action: Action, currency: str
) -> tuple[Part, ...]:
    """Return what to set, decreases of what is known first.

    Raises
    ------
    CannotSet
        The platform has no such lever, or the plan lacks what it takes to reckon the value.
    """
    told = _Translation(platforms, rule, campaign, action, currency)
    return tuple(told.parts())


class _Translation:
    def __init__(
        self,
        platforms: KnownPlatforms,
        rule: PlanRule,
        campaign: Campaign,
        action: Action,
        currency: str,
    ) -> None:
        self._platforms, self._rule, self._campaign = platforms, rule, campaign
        self._action, self._currency = action, currency

    def parts(self) -> Iterator[Part]:
        action = self._action
        if action.field == DAILY_BUDGET:
            yield self._of_campaign(Lever.DAILY_BUDGET, action.target, limited=True)
        elif action.field in (STATUS, *FORETOLD):
            yield self._of_campaign(Lever(action.field), action.target)
        elif action.field == BID:
            yield from self._bids(self._multiplier(), self._entities_of_bid(), limited=True)
        elif action.field == BID_MULTIPLIER:
            if has_cap(action) and not uncapped(self._platforms, action):
                yield structs.replace(self._day_budget(), beside=True)
            yield from self._multiplied()
        else:
            yield self._day_budget()

    # ------------------------------------------------------------ budgets

    def _day_budget(self) -> Part:
        """Return the budget of the day with which the hour keeps to its own."""
        if self._action.day_budget is None:
            detail = "no platform has budgets of an hour, and the action names no day_budget"
            raise CannotSet("day_budget_missing", f"{detail}: wait for the next recommendation")
        step = Decimal(1).scaleb(-exponent_of(self._currency))
        highest = self._highest(Lever.DAILY_BUDGET)
        amount = self._action.day_budget
        amount = amount if highest is None else min(amount, highest)
        return self._of_campaign(Lever.DAILY_BUDGET, amount.quantize(step, ROUND_DOWN))

    # ------------------------------------------------------------ bids and targets

    def _multiplied(self) -> Iterator[Part]:
        actuator, multiplier = self._rule.actuator, self._action.target
        if actuator is Actuator.TARGET_CPA:
            yield from self._target(Lever.TARGET_CPA, self._rule.target_cpa, multiplier)
        elif actuator is Actuator.TARGET_ROAS:
            yield from self._target(Lever.TARGET_ROAS, self._rule.target_roas, 1 / multiplier)
        else:
            yield from self._bids(multiplier, self._entities())

    def _target(self, lever: Lever, usual: Decimal | None, factor: Decimal) -> Iterator[Part]:
        if usual is None:
            detail = f"the plan turns {lever} and names none: add {lever} to the plan"
            raise CannotSet("target_missing", detail)
        # A target of revenue per cost that is lower spends more, one of cost that is higher does.
        rounding = ROUND_UP if lever is Lever.TARGET_ROAS else ROUND_DOWN
        target = (usual * factor).quantize(_DIGITS, rounding)
        if self._can(Entity.CAMPAIGN, lever):
            yield self._of_campaign(lever, target)
            return
        others = Lever.COST_CAP if lever is Lever.TARGET_CPA else lever
        for ad_set in self._ad_sets(others):
            yield self._part(Entity.AD_SET, ad_set, others, target)

    def _bids(
        self,
        multiplier: Decimal,
        entities: UsualBids,
        *,
        limited: bool = False,
    ) -> Iterator[Part]:
        for (entity, entity_id), usual in entities.items():
            target = (usual * multiplier).quantize(_DIGITS, ROUND_DOWN)
            target = self._within_bounds(target, entity_id if entity is Entity.AD_SET else "")
            yield self._part(entity, entity_id, Lever.BID, target, limited=limited)

    def _within_bounds(self, bid: Decimal, ad_set: str) -> Decimal:
        """Return the nearest bid in the range that the plan gives it."""
        rule = self._rule
        own = ad_set if ad_set in rule.bids else ""
        least, most = rule.bids[own].min if own in rule.bids else None, rule.highest.get(own)
        bid = bid if least is None else max(bid, least)
        return bid if most is None else min(bid, most)

    def _entities_of_bid(self) -> UsualBids:
        """Return whose bid the action sets: an ad set's own, or that of all without one."""
        action = self._action
        if action.entity is Entity.AD_SET:
            if (
                action.entity_id in self._rule.protected_ad_sets
                and action.released_by is Release.POLICY
            ):
                raise CannotSet("protected", f"ad set {action.entity_id} is for people to change")
            self._must(Entity.AD_SET, Lever.BID)
            return {(Entity.AD_SET, action.entity_id): action.target}
        if self._can(Entity.CAMPAIGN, Lever.BID):
            return {(Entity.CAMPAIGN, action.campaign_id): action.target}
        own = {ad_set for ad_set in self._rule.ad_sets if self._own_bid(ad_set) is not None}
        others = [ad_set for ad_set in self._ad_sets(Lever.BID) if ad_set not in own]
        return {(Entity.AD_SET, ad_set): action.target for ad_set in others}

    def _entities(self) -> UsualBids:
        """Return all that bid, each with its usual bid."""
        general = self._in_force(Entity.CAMPAIGN, self._action.campaign_id, BID)
        general = general if general is not None else self._base("")
        if not self._rule.ad_sets and self._can(Entity.CAMPAIGN, Lever.BID):
            return {(Entity.CAMPAIGN, self._action.campaign_id): self._known(general, "bid.base")}
        found = {}
        for ad_set in self._ad_sets(Lever.BID):
            own = self._own_bid(ad_set)
            usual = own if own is not None else general
            found[Entity.AD_SET, ad_set] = self._known(usual, f"bid.base of ad set {ad_set}")
        return found

    def _own_bid(self, ad_set: str) -> Decimal | None:
        own = self._in_force(Entity.AD_SET, ad_set, BID)
        return own if own is not None else self._base(ad_set)

    def _base(self, ad_set: str) -> Decimal | None:
        bid = self._rule.bids.get(ad_set)
        return bid.base if bid else None

    def _known(self, usual: Decimal | None, what: str) -> Decimal:
        if usual is None:
            detail = f"nothing says what the multiplier multiplies: add {what} to the plan"
            raise CannotSet("bid_unknown", detail)
        return usual

    def _multiplier(self) -> Decimal:
        found = self._in_force(Entity.CAMPAIGN, self._action.campaign_id, BID_MULTIPLIER)
        return Decimal(1) if found is None else found

    def _in_force(self, entity: Entity, entity_id: str, field: str) -> Decimal | None:
        found = self._campaign.in_force.get(slot_named(entity, entity_id, field))
        return found.value if found else None

    def _ad_sets(self, lever: Lever) -> list[str]:
        """Return the ad sets that may be changed.

        Raises
        ------
        CannotSet
            The plan names none, or the platform has no such lever on them.
        """
        self._must(Entity.AD_SET, lever)
        found = [one for one in self._rule.ad_sets if one not in self._rule.protected_ad_sets]
        if not found:
            detail = (
                f"{self._action.platform} has no {lever} on a campaign: name ad_sets in the plan"
            )
            raise CannotSet("ad_sets_missing", detail)
        return found

    # ------------------------------------------------------------ parts

    def _of_campaign(self, lever: Lever, target: Decimal, *, limited: bool = False) -> Part:
        self._must(Entity.CAMPAIGN, lever)
        return self._part(Entity.CAMPAIGN, self._action.campaign_id, lever, target, limited=limited)

    def _part(
        self,
        entity: Entity,
        entity_id: str,
        lever: Lever,
        target: Decimal,
        *,
        limited: bool = False,
    ) -> Part:
        try:
            check_amount(target, lever)
        except SchemaError as error:
            detail = f"{lever} of {entity} {entity_id} {error.detail}: correct the plan"
            raise CannotSet(str(error.reason), detail) from None
        free = self._action.released_by is not Release.POLICY or self._action.rolls_back
        free = free or self._action.returns_from
        largest = None if free or not limited else self._rule.max_change_pct
        return Part(
            entity,
            entity_id,
            lever,
            target,
            highest=self._highest(lever),
            max_change_pct=largest,
            part=part_of(self._action),
        )

    def _highest(self, lever: Lever) -> Decimal | None:
        return highest_of(lever, self._rule, self._campaign, self._action)

    def _can(self, entity: Entity, lever: Lever) -> bool:
        return self._platforms.can_set(self._action, entity, lever)

    def _must(self, entity: Entity, lever: Lever) -> None:
        if not self._can(entity, lever):
            detail = f"{self._action.platform} lets nobody set {lever} of a {entity}"
            raise CannotSet("unsupported_lever", f"{detail}; choose another actuator in the plan")
