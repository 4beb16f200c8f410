"""Controllers, replay and the simulated market."""

from __future__ import annotations

import numpy as np
import pytest

from engine.arrays import Floats
from engine.day_shapes import no_days, pooled
from workers.backtest.baselines import BASELINES
from workers.backtest.contest import CONTROLLERS, OURS, Terms, compete
from workers.backtest.contract import Played, Task
from workers.backtest.knapsack import knapsack
from workers.backtest.replay import play
from workers.backtest.simulated import Simulated, SimulatedMarket, simulated_case
from workers.backtest.summary import standings
from workers.backtest.teaching import taught
from workers.simulator.population import make_world

SHAPES = pooled(no_days()).of(np.array([0]))


class Plenty:
    """One campaign that could spend 1 in each hour, or what it is given of each day."""

    def __init__(self, demand: Floats) -> None:
        self._demand = demand
        self.size = 1, len(demand)

    def play(self, hour: int, multiplier: Floats, cap: Floats) -> Played:
        wanted = self._demand[hour] * multiplier
        spend = np.minimum(wanted, cap)
        return Played(spend=spend, value=spend, wins=spend, capped=wanted > cap)


def spends(name: str, demand: Floats, *, late: int = 0, stops: bool = True) -> Floats:
    task = Task(budget=np.array([24.0]), multiplier=np.ones(1), late=late)
    seen: list[float] = []
    market = Plenty(demand)

    class Heard(Plenty):
        def play(self, hour: int, multiplier: Floats, cap: Floats) -> Played:
            played = market.play(hour, multiplier, cap)
            seen.append(float(played.spend[0]))
            return played

    play(Heard(demand), task, CONTROLLERS[name](task, SHAPES), stops=stops)
    return np.array(seen)


def test_even_hours_never_spend_more_than_a_24th_and_lose_what_an_hour_leaves() -> None:
    demand = np.tile([*[0.5] * 12, *[9.0] * 12], 2)
    assert spends("even", demand).tolist() == np.minimum(demand, 1.0).tolist()


def test_linear_keeps_to_the_line_and_begins_anew_every_day() -> None:
    """By hand: twelve hours leave half of their 1, the thirteenth may spend all of that."""
    demand = np.tile([*[0.5] * 12, *[9.0] * 12], 2)
    day = [*[0.5] * 12, 7.0, *[1.0] * 11]
    assert spends("linear", demand).tolist() == pytest.approx([*day, *day])


@pytest.mark.parametrize("late", [1, 3])
def test_linear_with_late_reports_is_still_within_the_budget(late: int) -> None:
    demand = np.full(72, 9.0)
    days = spends("linear", demand, late=late, stops=False).reshape(-1, 24).sum(axis=1)
    assert (days <= 24.0 + 1e-9).all()


def test_where_the_platform_does_not_stop_only_who_caps_keeps_to_every_day() -> None:
    demand = np.full(72, 9.0)
    most = {
        name: spends(name, demand, stops=False).reshape(-1, 24).sum(axis=1).max()
        for name in CONTROLLERS
    }
    kept = {name for name, spent in most.items() if spent <= 24.0 + 1e-9}
    assert kept == {"pacekeeper", "even", "linear"}
    assert most["none"] == 24 * 9.0


def test_every_baseline_is_played_and_has_a_name() -> None:
    assert set(CONTROLLERS) == {OURS, *BASELINES}
    assert len(BASELINES) == 7


def test_the_first_days_teach_the_shape_of_a_day_as_each_campaign_lives_it() -> None:
    day = np.array([*[1.0] * 12, *[3.0] * 12])
    size = np.tile(day, (40, 14))
    weekdays = np.tile(np.arange(14) % 7, (40, 1))
    weekdays[1::2] = (weekdays[1::2] + 3) % 7
    odd = np.tile(day[::-1], (40, 14))
    size = np.where(np.repeat(weekdays == 3, 24, axis=1), odd, size)
    shapes = taught(size, np.ones((40, 14), dtype=np.bool_), weekdays)
    # The Thursday is the fourth day of those that begin on Monday, and the first of the others.
    for row, thursday in ((0, 3), (1, 0)):
        tops = shapes.mean[row, :, 12:].mean(axis=1) > shapes.mean[row, :, :12].mean(axis=1)
        assert np.flatnonzero(~tops).tolist() == [thursday]


def test_the_best_purchase_of_auctions_by_hand() -> None:
    # By price over value: 1 for 4, 1 for 2, 3 for 3. With 3 the last is bought to a third.
    value, price = np.array([4.0, 2.0, 3.0]), np.array([1.0, 1.0, 3.0])
    assert knapsack(value, price, 3.0) == (7.0, 1.0)
    assert knapsack(value, price, 1.5) == (5.0, 0.5)
    assert knapsack(value, price, 99.0) == (9.0, 1.0)


@pytest.fixture(scope="module")
def simulated() -> SimulatedMarket:
    return SimulatedMarket(make_world(3, seed=2, auctions_per_day=2_000.0), days=2)


def test_a_simulated_hour_costs_what_its_auctions_cost_and_never_more_than_its_cap(
    simulated: SimulatedMarket,
) -> None:
    free = simulated.play(12, np.ones(3), np.full(3, np.inf))
    assert not free.capped.any()
    tight = simulated.play(12, np.ones(3), 0.3 * free.spend)
    assert tight.capped.all()
    assert (tight.spend <= 0.3 * free.spend).all()
    assert (tight.spend > 0.2 * free.spend).all()
    # Bids are worth at least what they pay.
    assert (free.value >= free.spend).all()
    twice = simulated.play(12, np.full(3, 2.0), np.full(3, np.inf))
    assert (twice.spend > free.spend).all()


def test_nobody_beats_hindsight_on_the_simulator(simulated: SimulatedMarket) -> None:
    everything = sum(
        simulated.play(hour, np.full(3, 1e9), np.full(3, np.inf)).spend for hour in range(24)
    )
    budget = np.asarray(0.2 * everything)
    best = simulated.best(budget)
    task = Task(budget=budget, multiplier=np.ones(3))
    for name, build in CONTROLLERS.items():
        scores = play(simulated, task, build(task, SHAPES.of(np.zeros(3, dtype=np.int64))))
        assert (scores.value <= best * (1.0 + 1e-9)).all(), name
        assert (scores.spend <= budget[:, None]).all(), name
    assert (simulated.best(2.0 * budget) > best).all()


def test_on_the_simulator_pacekeeper_leads_and_the_same_seed_plays_the_same() -> None:
    wish = Simulated(campaigns=2, days=3, worlds=1, seed=4)
    terms = Terms(controllers=(OURS, "even", "pid"))

    def played() -> list[tuple[str, float, float]]:
        case = simulated_case(wish)
        found = standings(case, compete(case, terms, lambda *_: None))
        return [(each.controller, each.value.p50, each.overspend) for each in found]

    first = played()
    assert first == played()
    assert [name for name, _, _ in first][:2] == [OURS, "pid"]
    assert first[0][1] > 0.98
    assert all(over == 0.0 for _, _, over in first)
