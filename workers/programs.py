"""The workers there are, and the program that each one runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, cast

from workers.delivery.api import Program
from workers.settings import Settings
from workers.topic_specs import TopicSpec, catalogue_specs, changelog_specs

_FACTORIES: Final[Mapping[str, tuple[str, str]]] = {
    "optimizer": ("workers.optimizer.program", "create_program"),
    "allocator": ("workers.allocator.program", "create_program"),
    "executor": ("workers.executor.agents", "program"),
}
"""By name of the worker: the module and its function from settings to a program."""

WORKERS: Final = tuple(_FACTORIES)


def create_program(worker: str, settings: Settings) -> Program:
    """Return what ``worker`` does under ``settings``; only its own modules are imported."""
    module, factory = _FACTORIES[worker]
    return cast(Program, getattr(import_module(module), factory)(settings))


def topic_specs(settings: Settings) -> Sequence[TopicSpec]:
    """Return every topic that Pacekeeper needs: the catalogue's, dead letters, changelogs."""
    specs = list(catalogue_specs(settings.topics))
    for worker in WORKERS:
        specs += changelog_specs(create_program(worker, settings), settings.topics)
    return specs
