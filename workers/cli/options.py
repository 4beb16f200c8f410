"""Options that several commands share, and what follows from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Concatenate, ParamSpec, TypeVar, get_type_hints

import typer
from msgspec.structs import replace

from deploy.broker.settings import BrokerSettings as EmbeddedSettings
from deploy.broker.settings import default_cache_dir, default_data_dir
from workers.configuration import Configuration, read_configuration
from workers.errors import UsageError
from workers.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; default: pacekeeper.toml, if there is one."),
]
BootstrapOption = Annotated[
    str | None,
    typer.Option("--bootstrap", metavar="HOST:PORT", help="Your own Kafka, not the embedded one."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Check and show what would change, no more.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

Own = ParamSpec("Own")
Shared = TypeVar("Shared")


def with_options(
    kind: Callable[..., Shared],
) -> Callable[[Callable[Concatenate[Shared, Own], None]], Callable[..., None]]:
    """Let commands take the options that the dataclass ``kind`` declares, after their own.

    The command itself takes them as its first argument, in one object.
    """
    hints, options = get_type_hints(kind, include_extras=True), signature(kind).parameters

    def decorate(command: Callable[Concatenate[Shared, Own], None]) -> Callable[..., None]:
        @wraps(command)
        def run(*args: Own.args, **given: Own.kwargs) -> None:
            shared = kind(**{name: given.pop(name) for name in options if name in given})
            command(shared, *args, **given)

        types = {**get_type_hints(command, include_extras=True), **hints}
        own = list(signature(command).parameters.values())[1:]
        # Typer reads the parameters of a command, and their types, from these two.
        run.__annotations__ = types
        run.__signature__ = Signature(  # type: ignore[attr-defined]
            [each.replace(annotation=types[each.name]) for each in own]
            + [
                each.replace(annotation=types[each.name], kind=Parameter.KEYWORD_ONLY)
                for each in options.values()
            ]
        )
        return run

    return decorate


def read_settings(config: Path | None, bootstrap: str | None, **options: object) -> Configuration:
    """Read the settings; ``options`` are ``section_name`` with one underscore after the section."""
    given: dict[str, object] = {"broker.bootstrap": bootstrap}
    given.update({key.replace("_", ".", 1): value for key, value in options.items()})
    return read_configuration(environment=os.environ, file=config, options=given)


def reachable_settings(config: Path | None, bootstrap: str | None, **options: object) -> Settings:
    """Read the settings and fill in the embedded Kafka's address when no other Kafka is set.

    Raises
    ------
    UsageError
        No Kafka is set, and the embedded one does not run.
    """
    settings = read_settings(config, bootstrap, **options).settings
    if settings.broker.bootstrap:
        return settings
    # Not above: most commands that are given an address need none of the embedded broker.
    from deploy.broker.service import status  # noqa: PLC0415

    found = status(embedded_settings(os.environ))
    if not found.running:
        raise UsageError(
            "no Kafka is set, and the embedded one does not run",
            remedy="start all with `make run`, or it alone with `pacekeeper broker start`, "
            "or name yours with --bootstrap or PACEKEEPER_BROKER",
        )
    return with_bootstrap(settings, found.bootstrap)


def with_bootstrap(settings: Settings, bootstrap: str) -> Settings:
    """Return ``settings`` with another address of Kafka."""
    return replace(settings, broker=replace(settings.broker, bootstrap=bootstrap))


def embedded_settings(
    environment: Mapping[str, str], *, nodes: int = 1, port: int = 9092
) -> EmbeddedSettings:
    """Return what the embedded Kafka of this user is like."""
    return EmbeddedSettings(
        data_dir=default_data_dir(environment),
        cache_dir=default_cache_dir(environment),
        nodes=nodes,
        port=port,
    )
