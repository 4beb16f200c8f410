"""Reads the settings: defaults, then a TOML file, then the environment, then options; last wins.

Every name is checked: an unknown key or ``PACEKEEPER_`` variable is refused, with the nearest
known one suggested, because a misspelt cap that is silently ignored costs money.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from workers.errors import UsageError
from workers.settings import Settings

PREFIX = "PACEKEEPER_"
DEFAULT_FILE = "pacekeeper.toml"
FILE_VARIABLE = "PACEKEEPER_CONFIG"
EMBEDDED = {f"{PREFIX}{name}" for name in ("DATA_DIR", "CACHE_DIR", "JAVA", "MAVEN_REPOSITORY")}
"""What the embedded Kafka reads itself: where it keeps its data and finds its parts."""

_SERVICE_NAME = re.compile(r"_SERVICE_HOST$|_SERVICE_PORT(_\w+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?$")
_SERVICE_VALUE = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One thing that can be set."""

    section: str
    name: str
    type: Any
    default: Any
    description: str
    meta: msgspec.Meta

    @property
    def key(self) -> str:
        """How it is called: ``section.name``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Which environment variable sets it; Kafka's address has the short name."""
        if self.key == "broker.bootstrap":
            return f"{PREFIX}BROKER"
        return f"{PREFIX}{self.section}_{self.name}".upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value that somebody gave, and where."""

    raw: object
    origin: str
    text: bool
    """Whether it came as text (environment), so that ``8`` may become a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings in force, and where each that is not a default comes from."""

    settings: Settings
    origins: Mapping[str, str]

    def value(self, setting: Setting) -> Any:  # noqa: ANN401 -- as many types as settings
        """Return the value in force."""
        return getattr(getattr(self.settings, setting.section), setting.name)


def catalogue() -> Iterator[Setting]:
    """Yield every setting, in the order in which they are declared."""
    for section in msgspec.structs.fields(Settings):
        for field in msgspec.structs.fields(section.type):
            (meta,) = (m for m in field.type.__metadata__ if m.description)
            yield Setting(
                section=section.name,
                name=field.name,
                type=field.type,
                default=field.default,
                description=meta.description,
                meta=meta,
            )


def read_configuration(
    *,
    environment: Mapping[str, str],
    file: Path | None = None,
    options: Mapping[str, object] | None = None,
) -> Configuration:
    """Read the settings from all their sources.

    Parameters
    ----------
    environment
        Variables; those that begin with ``PACEKEEPER_`` must be known.
    file
        A TOML file that must exist; by default the one that ``PACEKEEPER_CONFIG`` names, or else
        ``pacekeeper.toml`` in the working directory, if there is one.
    options
        ``section.name`` to value, from the command line; ``None`` is not given.

    Raises
    ------
    UsageError
        A source cannot be read, or a name or value in it is wrong.
    """
    known = {setting.key: setting for setting in catalogue()}
    values: dict[str, Value] = {}
    values.update(_from_file(_which_file(file, environment), known))
    secret = values.get("broker.password")
    values.update(_from_environment(environment, known, secret))
    for key, option in (options or {}).items():
        if option is not None:
            values[key] = Value(raw=option, origin="command line", text=False)
    settings = _build(values, known)
    return Configuration(settings=settings, origins={k: v.origin for k, v in values.items()})


def _which_file(file: Path | None, environment: Mapping[str, str]) -> Path | None:
    if file is not None:
        return file
    if named := environment.get(FILE_VARIABLE):
        return Path(named)
    default = Path(DEFAULT_FILE)
    return default if default.is_file() else None


def _from_file(file: Path | None, known: Mapping[str, Setting]) -> Iterator[tuple[str, Value]]:
    if file is None:
        return
    try:
        sections = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"cannot read the settings file {file}: {error.strerror}",
            remedy="create it, or name another one with --config",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not TOML: {error}") from error
    for section, content in sections.items():
        if not isinstance(content, dict):
            raise UsageError(
                f"{file}: {section} stands outside a section{_nearest(section, known)}"
            )
        for name, raw in content.items():
            key = f"{section}.{name}"
            if key not in known:
                raise UsageError(f"{file}: unknown setting {key}{_nearest(key, known)}")
            yield key, Value(raw=raw, origin=str(file), text=False)


def _from_environment(
    environment: Mapping[str, str], known: Mapping[str, Setting], secret: Value | None
) -> Iterator[tuple[str, Value]]:
    variables = {setting.variable: setting.key for setting in known.values()}
    references = (
        str(secret.raw) if secret else "",
        environment.get(f"{PREFIX}BROKER_PASSWORD", ""),
    )
    expected = {
        FILE_VARIABLE,
        *EMBEDDED,
        *(reference.removeprefix("env:") for reference in references),
    }
    for variable in sorted(environment):
        if key := variables.get(variable):
            yield key, Value(raw=environment[variable], origin=variable, text=True)
        elif not variable.startswith(PREFIX) or variable in expected:
            continue
        elif not _is_service_link(variable, environment[variable]):
            raise UsageError(f"unknown variable {variable}{_nearest(variable, variables)}")


def _is_service_link(variable: str, value: str) -> bool:
    """Whether Kubernetes set it: of a Service ``pacekeeper`` it makes variables like ours."""
    return bool(_SERVICE_NAME.search(variable) or _SERVICE_VALUE.match(value))


def _nearest(name: str, known: Iterable[str]) -> str:
    names = {candidate.rpartition(".")[2]: candidate for candidate in known}
    close = get_close_matches(name, list(known), 1) or [
        names[found] for found in get_close_matches(name.rpartition(".")[2], names, 1)
    ]
    return f"; did you mean {close[0]}?" if close else "; see `pacekeeper config check`"


def _build(values: Mapping[str, Value], known: Mapping[str, Setting]) -> Settings:
    sections: dict[str, dict[str, object]] = {}
    for key, value in values.items():
        sections.setdefault(known[key].section, {})[known[key].name] = _convert(known[key], value)
    built = {}
    for section in msgspec.structs.fields(Settings):
        try:
            built[section.name] = section.type(**sections.get(section.name, {}))
        except ValueError as error:
            given = [v.origin for k, v in values.items() if known[k].section == section.name]
            where = ", ".join(dict.fromkeys(given))
            raise UsageError(f"settings of {section.name} ({where}): {error}") from error
    return Settings(**built)


def _convert(setting: Setting, value: Value) -> object:
    try:
        return msgspec.convert(value.raw, setting.type, strict=not value.text)
    except msgspec.ValidationError as error:
        secret = setting.name == "password"
        shown = "***" if secret else repr(value.raw)
        wanted = "env:NAME or file:PATH, not the password itself" if secret else str(error)
        raise UsageError(
            f"{setting.key} = {shown} ({value.origin}): {wanted[:1].lower()}{wanted[1:]}",
            remedy=setting.description[:1].lower() + setting.description[1:],
        ) from error
