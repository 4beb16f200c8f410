"""What the engine offers: its public functions and methods, found by looking."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import engine


def public_functions() -> dict[str, Any]:
    """Return each public function and method, unwrapped, by ``module.name``."""
    found: dict[str, Any] = {}
    for info in pkgutil.iter_modules(engine.__path__):
        module = import_module(f"engine.{info.name}")
        found |= {f"{info.name}.{name}": each for name, each in _of_module(module)}
    return found


def _of_module(module: ModuleType) -> Iterator[tuple[str, Any]]:
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if getattr(value, "_is_protocol", False):
            continue
        if inspect.isclass(value):
            yield from _of_class(value)
        elif inspect.isroutine(value):
            yield name, inspect.unwrap(value)


def _of_class(owner: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(owner).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if inspect.isfunction(function) and not name.startswith("_"):
            yield f"{owner.__name__}.{name}", function
