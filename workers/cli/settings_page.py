"""The page ``docs/settings.md``, made from the types so that it cannot lag behind them."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

import msgspec

from workers.configuration import Setting, catalogue
from workers.settings import Settings


def settings_page() -> str:
    """Return ``docs/settings.md``."""
    lines = [_PAGE]
    for section in msgspec.structs.fields(Settings):
        lines += [f"\n## {section.name}\n", f"{section.type.__doc__}\n"]
        lines += [
            "| setting | default | allowed | variable | what it is for |",
            "|---|---|---|---|---|",
        ]
        lines += [_row(setting) for setting in catalogue() if setting.section == section.name]
    return "\n".join(lines) + "\n"


_PAGE = """# Settings

Every setting has a default; Pacekeeper runs without any. Values come from, the last one wins:

1. the defaults below;
2. a TOML file: `pacekeeper.toml` in the working directory, or the one named by `--config` or
   `PACEKEEPER_CONFIG`;
3. environment variables;
4. options of the command.

A name that is not listed here is refused, and the nearest one that is gets suggested. Variables
that Kubernetes makes of a Service called `pacekeeper` are passed over. `pacekeeper config check`
shows the values in force and where each comes from. Passwords are never written into a setting:
`env:NAME` names a variable that holds it, `file:PATH` a file.

```toml
[broker]
bootstrap = "kafka-1.example.com:9093,kafka-2.example.com:9093"
security = "SASL_SSL"
username = "pacekeeper"
password = "env:KAFKA_PASSWORD"

[topics]
partitions = 12
replication = 3
min_insync_replicas = 2
```

The embedded Kafka has variables of its own: `PACEKEEPER_DATA_DIR` (its data, and the logs of
`pacekeeper run`), `PACEKEEPER_CACHE_DIR` (what it downloads once), `PACEKEEPER_JAVA` (a Java to
use) and `PACEKEEPER_MAVEN_REPOSITORY` (where to fetch Kafka's jars)."""


def _row(setting: Setting) -> str:
    default = f"`{shown(setting.default)}`" if setting.default != "" else "empty"
    cells = (f"`{setting.key}`", default, _allowed(setting), f"`{setting.variable}`")
    return f"| {' | '.join(cells)} | {setting.description} |"


def _allowed(setting: Setting) -> str:
    """Return the range or the choices, as far as the type says them."""
    kind = setting.type.__origin__
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    low, high = setting.meta.ge, setting.meta.le
    if setting.meta.gt is not None:
        return f"above {shown(setting.meta.gt)}, to {shown(high)}"
    return "text" if low is None else f"{shown(low)} to {shown(high)}"


def shown(value: object) -> str:
    """Return a setting's value as a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
