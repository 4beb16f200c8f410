"""What must hold of a closed loop that was played, by what platforms and market kept themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas import BudgetPeriod, MetricsEvent, Plan, PlatformEdit, decode
from schemas.audit import OPEN, AuditStatus
from schemas.edit import Editor
from schemas.levers import ON_PLATFORM
from schemas.topics import AUDIT, EDITS, METRICS
from tests.faults.closed_loop.loop import ClosedLoop
from tests.faults.topics import read
from workers.connectors.protocol import Lever
from workers.demo.trail import Trail
from workers.sandbox.platform import Effect
from workers.sandbox.portfolio import PlacedCampaign
from workers.sandbox.telling import Count, Label
from workers.simulator.market import UNITS
from workers.verify import Verifier
from workers.verify.reading import audit_records

MOST: Final = {"google": Decimal(2), "meta": Decimal("1.75"), "linkedin": Decimal("1.5")}
"""What a platform makes of a daily budget on one day at most."""
STEPS: Final = {"JPY": Decimal(1)}
"""Between two amounts, in units of the currency, where it is no hundredth."""
LEAST: Final = {"google": Decimal(1), "meta": Decimal(1), "linkedin": Decimal(0)}
"""The least daily budget that the platforms on loopback take."""
A_HUNDREDTH: Final = Decimal("0.01")
CHANGES_AN_HOUR: Final = 4
HOUR: Final = timedelta(hours=1)
_SET: Final = {AuditStatus.APPLIED, AuditStatus.CONFIRMED}


def zone_of(placed: PlacedCampaign) -> ZoneInfo:
    """Return the clock that budgets go by: LinkedIn's is UTC."""
    return ZoneInfo("UTC" if placed.key.platform == "linkedin" else placed.timezone)


class Set(NamedTuple):
    """A value that was set on a platform."""

    row: int
    day: date
    effect: Effect


@dataclass(slots=True)
class Played:
    """A loop that was played, with what it left on the topics."""

    loop: ClosedLoop
    intact: bool
    events: list[MetricsEvent]
    edits: list[PlatformEdit]

    @classmethod
    async def of(cls, loop: ClosedLoop) -> Played:
        """Read what is on the topics."""
        verifier = Verifier(from_genesis=True)
        topics = loop.settings.topics
        async for entry in audit_records(loop.connection, AUDIT.full_name(topics.prefix)):
            verifier.add(entry)
        found = {}
        for topic in (METRICS, EDITS):
            name = topic.full_name(topics.prefix)
            stored = await read(loop.settings.broker.bootstrap, name, count=topics.partitions)
            found[topic] = [each.value for part in stored.values() for each in part]
        return cls(
            loop=loop,
            intact=verifier.report().intact,
            events=[decode(value, MetricsEvent) for value in found[METRICS]],
            edits=[decode(value, PlatformEdit) for value in found[EDITS]],
        )

    def broken(self) -> list[str]:
        """Return what does not hold, nothing where all does."""
        return [
            *self.days_above_the_worst(),
            *self.budgets_above_what_is_left(),
            *self.against_the_rules(),
            *self.differences(),
            *self.unexplained(),
            *self.without_one_end(),
            *([] if self.intact else ["the chain of the audit trail is broken"]),
            *self.hours_told_otherwise(),
            *self.edits_told_otherwise(),
        ]

    # ------------------------------------------------------------ money

    def days_above_the_worst(self) -> Iterator[str]:
        """Yield days that cost more than the plan's cap, or than a platform makes of its budget."""
        for (row, day), units in self.loop.market.spent.items():
            placed, plan = self._placed(row), self.loop.plans[row]
            worst = plan.daily_cap or MOST[placed.key.platform] * placed.daily_budget
            if Decimal(units) / UNITS > worst:
                yield f"{placed.key} spent {units / UNITS} on {day}, above {worst}"

    def budgets_above_what_is_left(self) -> Iterator[str]:
        """Yield daily budgets with which a day was let spend what its period had not left."""
        for made in self._ours(Lever.DAILY_BUDGET):
            plan, placed = self.loop.plans[made.row], self._placed(made.row)
            left = plan.budget.amount - self._spent_before(made.row, plan, made.day)
            most = MOST[placed.key.platform]
            cap = left if plan.daily_cap is None else min(left, plan.daily_cap / most)
            if made.effect.after > cap:
                yield f"{placed.key}: budget {made.effect.after} on {made.day}, where {cap} is left"

    def _spent_before(self, row: int, plan: Plan, day: date) -> Decimal:
        first = {
            BudgetPeriod.DAY: day,
            BudgetPeriod.MONTH: day.replace(day=1),
            BudgetPeriod.FLIGHT: plan.flight_start or day,
        }[plan.budget.period]
        spent = self.loop.market.spent
        return Decimal(
            sum(units for (one, at), units in spent.items() if one == row and first <= at < day)
        ) / Decimal(UNITS)

    # ------------------------------------------------------------ what was set

    def against_the_rules(self) -> Iterator[str]:
        """Yield values that no platform has: no whole steps, too little, or changed too often."""
        changes: dict[str, list[datetime]] = defaultdict(list)
        for row, _, effect in self._all():
            placed, ref = self._placed(row), effect.ref
            if effect.after % STEPS.get(placed.currency, A_HUNDREDTH):
                yield f"{ref}: {effect.after} {placed.currency} is no whole number of steps"
            budget = ref.lever is Lever.DAILY_BUDGET
            if effect.after <= 0 or (budget and effect.after < LEAST[placed.key.platform]):
                yield f"{ref}: {effect.after} is too little"
            if budget and placed.key.platform == "meta":
                changes[ref.entity_id].append(effect.at)
        for entity_id, moments in changes.items():
            for at in moments:
                if sum(at - HOUR < other <= at for other in moments) > CHANGES_AN_HOUR:
                    yield f"the budget of {entity_id} changed too often before {at}"

    def differences(self) -> Iterator[str]:
        """Yield values that are not what the trail says, or of which it has no word are others."""
        trail = Trail()
        for entry in self.loop.story.trail:
            trail.hear(entry)
        said = {(slot.platform, slot.ref): value for slot, value in trail.values.items()}
        last = {(effect.ref.entity_id, effect.ref.lever): effect for _, _, effect in self._all()}
        told = {
            entry.campaign_id
            for entry in self.loop.story.trail
            if entry.status in {AuditStatus.EDITED, AuditStatus.DRIFT}
        }
        for placed in self.loop.sandbox.portfolio:
            for ref, first in placed.values:
                there = self.loop.sandbox.value(placed.key.platform, ref)
                own = said.get((placed.key.platform, ref))
                wanted = first if own is None else own
                effect = last.get((ref.entity_id, ref.lever))
                heard = own is None or placed.key.campaign_id in told
                if effect and effect.by_person and heard:
                    # Of a day's budget the trail says what the hour may spend since.
                    wanted = effect.after
                if there != wanted:
                    yield f"{ref} is {there}, not {wanted}"

    def unexplained(self) -> Iterator[str]:
        """Yield values that were set without an entry that says so, and entries without one."""
        made = Counter(
            (effect.ref.entity_id, effect.ref.lever.value, effect.after)
            for _, _, effect in self._all()
            if not effect.by_person
        )
        told = Counter(
            (entry.entity_id, entry.field.removeprefix(ON_PLATFORM), entry.after)
            for entry in self.loop.story.trail
            if entry.is_of_part and entry.status in _SET and entry.after is not None
        )
        for what in (made - told) + (told - made):
            yield f"{what}: set {made[what]} times, told {told[what]} times"

    def without_one_end(self) -> Iterator[str]:
        """Yield actions that have none or more than one, and ends of what was never released."""
        story = self.loop.story
        ends = Counter(
            entry.action_id
            for entry in story.trail
            if entry.action_id and entry.status not in OPEN and not entry.is_of_part
        )
        for action_id in {*story.actions, *ends}:
            if ends[action_id] != 1 or action_id not in story.actions:
                yield f"action {action_id} has {ends[action_id]} ends"

    # ------------------------------------------------------------ what was told

    def hours_told_otherwise(self) -> Iterator[str]:
        """Yield hours, or days, whose last word on the topic is not what the market told last."""
        found, wanted = self.collected(), self.loop.market.telling.reported
        for place in {*found, *wanted}:
            got, told = found.get(place, Count()), wanted.get(place, Count())
            if got != told:
                yield f"{self._placed(place[0]).key} {place[1]}: {got} collected, {told} told"

    def collected(self) -> Mapping[tuple[int, Label], Count]:
        """Return the last word on each hour, summed to what reports of its platform are of."""
        latest: dict[tuple[str, datetime], MetricsEvent] = {}
        for event in sorted(self.events, key=lambda each: each.sequence_number or 0):
            latest[event.campaign_id, event.window_start] = event
        rows = {each.key.campaign_id: row for row, each in self._rows()}
        found: dict[tuple[int, Label], Count] = {}
        for event in latest.values():
            row = rows[event.campaign_id]
            local = event.window_start.astimezone(zone_of(self._placed(row)))
            hour = None if event.platform == "linkedin" else local.hour
            place = row, Label(local.date(), hour)
            counts = event.impressions, event.clicks, event.spend, event.conversions, event.revenue
            found[place] = found.get(place, Count()).grown(Count(), Count(*counts))
        return {place: count for place, count in found.items() if any(count)}

    def edits_told_otherwise(self) -> Iterator[str]:
        """Yield what a person has set and nobody was told of, or the other way round."""
        made = {
            (effect.ref.entity_id, effect.after)
            for row, _, effect in self._all()
            if effect.by_person and self._placed(row).key.platform != "linkedin"
        }
        told = {(edit.entity_id, edit.after) for edit in self.edits if edit.by is Editor.PERSON}
        if made != told:
            yield f"people have set {made}, told is {told}"

    # ------------------------------------------------------------ parts

    def _rows(self) -> Iterator[tuple[int, PlacedCampaign]]:
        yield from enumerate(self.loop.sandbox.portfolio)

    def _placed(self, row: int) -> PlacedCampaign:
        return self.loop.sandbox.portfolio[row]

    def _all(self) -> Iterator[Set]:
        rows: dict[str, int] = {}
        for row, placed in self._rows():
            rows |= {placed.key.campaign_id: row, placed.ad_set_id: row}
        for platform in ("google", "meta", "linkedin"):
            for effect in self.loop.sandbox.platforms[platform].effects:
                row = rows[effect.ref.entity_id]
                local = effect.at.astimezone(zone_of(self._placed(row)))
                yield Set(row, local.date(), effect)

    def _ours(self, lever: Lever) -> Iterator[Set]:
        ours = (made for made in self._all() if not made.effect.by_person)
        return (made for made in ours if made.effect.ref.lever is lever)
