"""Plays a world hour by hour, and remembers what is still to be told about the hours played."""

from __future__ import annotations

from workers.simulator.clearing import Outcome, Policy, clear
from workers.simulator.market import Auctions, draw, generator
from workers.simulator.population import World
from workers.simulator.reports import Calendar, Faults, Report, reports_of


class Simulation:
    """One run of a world under some policy.

    Parameters
    ----------
    world
        The campaigns and their market.
    faults
        What goes wrong between the platform and the topic.
    """

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._calendar = Calendar()

    def play(self, hour: int, policy: Policy) -> tuple[Auctions, Outcome]:
        """Let ``hour``, in hours since 1970, happen; return its auctions and what came of them."""
        market = self._world.market
        auctions = draw(market, hour)
        outcome = clear(auctions, policy)
        chance = generator(market.seed, "telling", hour)
        self._calendar.add(reports_of(outcome, hour, self._faults, chance))
        return auctions, outcome

    def told(self, now: int) -> list[Report]:
        """Return what is told up to the beginning of hour ``now``, once."""
        chance = generator(self._world.market.seed, "publishing", now)
        return self._calendar.take(now, self._faults, chance)
