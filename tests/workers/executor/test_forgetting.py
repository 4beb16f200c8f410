"""Laws of what is kept by ad set: those that came and went are let go, others never."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from schemas import topics
from schemas.fields import Autonomy, Entity
from schemas.plan import AdSet, Bid
from tests.workers.executor.test_live import Live
from tests.workers.executor.world import KEY, World, a_plan, an_action, at
from workers.executor.orders import Orders
from workers.executor.progress import orders_in
from workers.executor.rows import Campaign, pack
from workers.executor.tables import ACTIONS, in_force

DAY = 24 * 60
MONTH = 30 * DAY


def bid(world: World, ad_set: str, minutes: float, value: str = "0.50") -> None:
    """Set an ad set's bid, and let the platform take it where there is one."""
    action = an_action(
        f"{ad_set} at {minutes}",
        None,
        value,
        field="bid",
        unit="currency_per_click",
        entity=Entity.AD_SET,
        entity_id=ad_set,
        released_at=at(minutes),
        valid_from=at(minutes),
        expires_at=at(minutes + 60),
    )
    found = in_force(world, KEY).value_for(action)
    world.publish(topics.ACTIONS, structs.replace(action, expected=found), minutes)
    world.settle()
    if isinstance(world, Live):
        assert world.order is not None
        world.answer(minutes=minutes, before=found)


def of_ad_sets(slots: dict[str, object]) -> set[str]:
    return {slot.split("\0")[1] for slot in slots}


def known(world: World) -> set[str]:
    return of_ad_sets({**in_force(world, KEY).in_force})


def counted(world: World) -> set[str]:
    ((_, orders),) = orders_in(world.tables[ACTIONS])
    return of_ad_sets({**orders.speeds})


def planned() -> Live:
    stays = AdSet(ad_set_id="stays", bid=Bid(base=Decimal(1)))
    return Live(a_plan(Autonomy.AUTO, ad_sets=(stays,)))


def test_an_ad_set_that_no_plan_names_is_let_go_a_month_after_its_last_change() -> None:
    world = planned()
    for ad_set in ("stays", "goes"):
        bid(world, ad_set, 0)
    bid(world, "recent", DAY)
    bid(world, "new", MONTH - 1)
    assert known(world) == counted(world) == {"stays", "goes", "recent", "new"}
    bid(world, "new", MONTH + 1, "0.60")

    assert known(world) == counted(world) == {"stays", "recent", "new"}


def test_ad_sets_that_come_and_go_for_a_year_leave_no_more_than_a_months_worth() -> None:
    world = planned()
    for day in range(365):
        bid(world, f"of day {day}", day * DAY)

    assert len(known(world)) == len(counted(world)) == 31


def test_what_is_simulated_is_let_go_as_well() -> None:
    world = World()
    bid(world, "goes", 0)
    bid(world, "new", MONTH + 1)

    assert known(world) == {"new"}


def test_what_an_earlier_release_has_kept_without_its_time_counts_from_now_on() -> None:
    world = planned()
    bid(world, "goes", 0)
    stored = in_force(world, KEY)
    timeless = {slot: structs.replace(own, at=0) for slot, own in stored.in_force.items()}
    world.tables[ACTIONS][KEY] = pack(Campaign(timeless, stored.memory))
    bid(world, "new", 2 * MONTH)
    assert known(world) == {"goes", "new"}
    bid(world, "new", 3 * MONTH + 1, "0.60")

    assert known(world) == {"new"}


def test_what_is_set_of_the_campaign_itself_is_never_let_go() -> None:
    world = planned()
    budget = an_action("budget", None, "100", field="daily_budget")
    world.act(budget).answer(before=Decimal(90))
    bid(world, "new", 12 * MONTH)
    ((_, orders),) = orders_in(world.tables[ACTIONS])

    assert isinstance(orders, Orders)
    assert "42" in known(world)
    assert "42" in counted(world)
