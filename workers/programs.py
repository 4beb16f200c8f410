"""The workers there are, and the program that each one runs."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Final, cast

from workers.delivery.api import Program
from workers.settings import Settings
from workers.topic_specs import TopicSpec, catalogue_specs, changelog_specs

WORKERS: Final = ("optimizer", "allocator", "adviser", "executor", "scorer")
"""Each is a package here, whose module ``program`` has a function ``create_program``."""


def create_program(worker: str, settings: Settings) -> Program:
    """Return what ``worker`` does under ``settings``; only its own modules are imported."""
    module = import_module(f"workers.{worker}.program")
    return cast(Program, module.create_program(settings))


def topic_specs(settings: Settings) -> Sequence[TopicSpec]:
    """Return every topic that Pacekeeper needs: the catalogue's, dead letters, changelogs."""
    specs = list(catalogue_specs(settings.topics))
    for worker in WORKERS:
        specs += changelog_specs(create_program(worker, settings), settings.topics)
    return specs
