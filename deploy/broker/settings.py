"""What a broker is asked to be: its size, place, ports and extra listeners."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deploy.broker.errors import InvalidSettings

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]


@dataclass(frozen=True, kw_only=True)
class Listener:
    """One more address of every node, beside the plain one.

    ``properties`` go to this listener alone (``ssl.keystore.location`` becomes
    ``listener.name.<name>.ssl.keystore.location``).
    """

    name: str
    """Upper-case letters, unique; also the key of :meth:`Broker.address`."""
    protocol: Protocol = "PLAINTEXT"
    port: int = 0
    """0 picks a free one; with several nodes, node k takes ``port + k - 1``."""
    advertised_port: int | None = None
    """What clients are told instead, where something stands in between (a slow proxy)."""
    properties: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (self.name.isascii() and self.name.isalpha() and self.name.isupper()):
            raise InvalidSettings("listener name", f"must be upper-case letters, was {self.name!r}")
        if self.name in {"PLAIN", "CONTROLLER"}:
            raise InvalidSettings("listener name", f"{self.name} is the broker's own")


@dataclass(frozen=True, kw_only=True)
class ScramUser:
    """A user who exists from the first start, for listeners with SASL SCRAM."""

    name: str
    password: str = field(repr=False)
    mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-256"

    def __post_init__(self) -> None:
        if not self.name or set(self.name + self.password) & set("[],="):
            raise InvalidSettings("SCRAM user", "name and password must not hold any of [ ] , =")


@dataclass(frozen=True, kw_only=True)
class BrokerSettings:
    """One embedded cluster."""

    data_dir: Path
    """Where topics live across restarts; one cluster per directory."""
    cache_dir: Path
    """Where the checked jars are; shared by all clusters of a user."""
    nodes: int = 1
    """1, or 3 (replication 3, two in-sync replicas needed) where loss of a node matters."""
    port: int = 9092
    """First node's port on 127.0.0.1, 0 picks free ones; the next nodes and then the
    controllers take the ports after it."""
    heap_mib: int = 512
    """Largest heap of one node, MiB, >= 256."""
    short_lived: bool = False
    """Let Java compile lightly: a start costs half the CPU time, heavy load is served slower."""
    java: Path | None = None
    """This Java and no other; None looks for one."""
    mirror: str | None = None
    """Address of a Maven repository to fetch Kafka from; None is the public one."""
    min_free_bytes: int = 1 << 30
    """Free disk below which a start is refused, bytes."""
    start_timeout: float = 90.0
    """Seconds until a start counts as failed; ten times that after an unclean stop."""
    stop_timeout: float = 30.0
    """Seconds between asking a node to stop and killing it."""
    listeners: tuple[Listener, ...] = ()
    scram_users: tuple[ScramUser, ...] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    """Kafka settings that win over ours."""

    def __post_init__(self) -> None:
        if self.nodes not in {1, 3}:
            raise InvalidSettings("nodes", f"must be 1 or 3, was {self.nodes}")
        if not 0 <= self.port <= 65_535 - 2 * self.nodes:
            raise InvalidSettings("port", f"must leave room for {2 * self.nodes}, was {self.port}")
        if self.heap_mib < 256:  # noqa: PLR2004
            raise InvalidSettings("heap_mib", f"must be >= 256, was {self.heap_mib}")
        names = [listener.name for listener in self.listeners]
        if len(set(names)) < len(names):
            raise InvalidSettings("listeners", f"names must differ, were {names}")


def default_data_dir(environ: Mapping[str, str]) -> Path:
    """Return where a user's data goes: PACEKEEPER_DATA_DIR, else the XDG place."""
    return _place(environ, "PACEKEEPER_DATA_DIR", "XDG_DATA_HOME", ".local/share")


def default_cache_dir(environ: Mapping[str, str]) -> Path:
    """Return where fetched files go: PACEKEEPER_CACHE_DIR, else the XDG place."""
    return _place(environ, "PACEKEEPER_CACHE_DIR", "XDG_CACHE_HOME", ".cache")


def _place(environ: Mapping[str, str], own: str, xdg: str, below_home: str) -> Path:
    if environ.get(own):
        return Path(environ[own]).expanduser().absolute()
    base = Path(environ.get(xdg, ""))
    # The XDG specification: a relative path is to be ignored.
    return (base if base.is_absolute() else Path.home() / below_home) / "pacekeeper"
