"""What one worker keeps in mind of pure look-ups; forgetting it changes no answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.optimizer.asking_plans import AskingBook
from workers.optimizer.conditions import ConditionBook
from workers.optimizer.delay_priors import DelayBook
from workers.optimizer.experiments import ExperimentBook
from workers.optimizer.plan_calendar import CalendarBook
from workers.optimizer.plan_rows import PlanBook
from workers.optimizer.priors import PriorBook
from workers.optimizer.shape_priors import ShapeBook
from workers.optimizer.zones import ZoneBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The memos of one worker."""

    zones: ZoneBook = field(default_factory=ZoneBook)
    plans: PlanBook = field(default_factory=PlanBook)
    asking: AskingBook = field(default_factory=AskingBook)
    priors: PriorBook = field(default_factory=PriorBook)
    shapes: ShapeBook = field(default_factory=ShapeBook)
    delays: DelayBook = field(default_factory=DelayBook)
    conditions: ConditionBook = field(default_factory=ConditionBook)
    calendars: CalendarBook = field(default_factory=CalendarBook)
    experiments: ExperimentBook = field(default_factory=ExperimentBook)
