"""The platforms file and the secrets with which an executor acts on the platforms on loopback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workers.sandbox.google.tokens import REFRESH_TOKEN
from workers.sandbox.google.world import OPERATOR
from workers.sandbox.serving import WEBHOOK_SECRET, Sandbox

PLATFORMS: Final = "platforms.toml"
ROOTS: Final = "google-roots.pem"
SECRETS: Final = "secrets"
"""Directory of the secrets, one file each, that the owner alone may read."""

_MOST_CALLS: Final = 1000
"""Calls a second, and at once: these servers ask for no restraint."""
_OWN: Final = frozenset({"google", "meta", "linkedin"})

_Section = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyFile:
    """What is to be written for a sandbox that serves already: its addresses stand in it.

    Parameters
    ----------
    directory
        Absolute, for the references to secrets are.
    timeout
        Seconds that clients wait for an answer; None leaves it to each.
    """

    sandbox: Sandbox
    directory: Path
    timeout: float | None = None

    @property
    def path(self) -> Path:
        """Return where the platforms file goes."""
        return self.directory / PLATFORMS

    @property
    def secrets(self) -> Mapping[str, str]:
        """Return the secrets by the names of their files. They open nothing but these servers."""
        sandbox = self.sandbox
        return {
            "google-developer-token": "sandbox-developer-token",
            "google-client-id": "sandbox-client-id",
            "google-client-secret": "sandbox-client-secret",
            "google-refresh-token": REFRESH_TOKEN,
            "meta-access-token": sandbox.meta.access_token,
            "linkedin-client-id": "sandbox-client-id",
            "linkedin-client-secret": "sandbox-client-secret",
            "linkedin-access-token": sandbox.linkedin.access_token,
            "linkedin-refresh-token": sandbox.linkedin.refresh_token,
            "webhook-secret": WEBHOOK_SECRET,
        }

    def write(self) -> None:
        """Write it all, over whatever is there.

        Raises
        ------
        OSError
            Something cannot be written.
        """
        folder = self.directory / SECRETS
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, secret in self.secrets.items():
            file = folder / name
            file.touch(mode=0o600)
            file.chmod(0o600)
            file.write_text(secret, encoding="utf-8")
        (self.directory / ROOTS).write_bytes(self.sandbox.google.roots)
        self.path.write_text(self._text(), encoding="utf-8")

    def _text(self) -> str:
        return _HEAD + "".join(
            _toml(platform, self._section(platform)) for platform in self._platforms()
        )

    def _platforms(self) -> list[str]:
        """Return the platforms that have a campaign: a file must name accounts."""
        return sorted({each.key.platform for each in self.sandbox.portfolio})

    def _section(self, platform: str) -> dict[str, _Section]:
        of_platform = [each for each in self.sandbox.portfolio if each.key.platform == platform]
        return {
            **({} if platform in _OWN else {"": {"connector": "webhook"}}),
            "accounts": {each.key.account_id: "live" for each in of_platform},
            "limits": {"calls_per_second": _MOST_CALLS, "burst": _MOST_CALLS},
            "options": self._options(platform),
            "secrets": self._references(platform if platform in _OWN else "webhook"),
        }

    def _options(self, platform: str) -> _Section:
        if self.timeout is None:
            return self._places(platform)
        name = "timeout" if platform in _OWN else "timeout_seconds"
        return {**self._places(platform), name: self.timeout}

    def _places(self, platform: str) -> _Section:
        sandbox = self.sandbox
        if platform == "google":
            return {
                "endpoint": sandbox.google.address,
                "token_address": sandbox.google.tokens.address,
                "roots_file": str(self.directory / ROOTS),
                "proxies": False,
                "own_email": OPERATOR,
            }
        if platform == "meta":
            return {"address": sandbox.meta.address}
        if platform == "linkedin":
            address = sandbox.linkedin.address
            rest, tokens = f"{address}/rest", f"{address}/token"
            return {"address": rest, "token_address": tokens, "trust_env": False}
        return {
            "url": f"{sandbox.webhook.address}/changes",
            "state_url": f"{sandbox.webhook.address}/states",
            "accounts": self._accounts(platform),
        }

    def _accounts(self, platform: str) -> list[_Section]:
        """Return the accounts of a platform that does not describe its accounts itself."""
        told: dict[str, _Section] = {
            each.key.account_id: {
                "account_id": each.key.account_id,
                "currency": each.currency,
                "timezone": each.timezone,
                "step": str(each.step),
            }
            for each in self.sandbox.portfolio
            if each.key.platform == platform
        }
        return list(told.values())

    def _references(self, connector: str) -> _Section:
        folder = self.directory / SECRETS
        return {
            name.removeprefix(f"{connector}-").replace("-", "_"): f"file:{folder / name}"
            for name in self.secrets
            if name.startswith(f"{connector}-")
        }


_HEAD: Final = """\
# Written by Pacekeeper for platforms on loopback, which change nothing real; written anew with each
# start. A file for real platforms looks the same, without addresses and roots_file.
"""


def _toml(platform: str, sections: Mapping[str, _Section]) -> str:
    lines = []
    for name, section in sections.items():
        lines += ["", f"[{platform}.{name}]" if name else f"[{platform}]"]
        lines += [f"{_key(name)} = {_value(value)}" for name, value in section.items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    """Return a name as TOML has it: without quotes where it may be."""
    bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if bare else _value(name)


def _value(value: object) -> str:
    """Return a value as TOML has it; its strings and numbers are those of JSON."""
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
            + " }"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
