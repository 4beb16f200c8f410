"""Moments of the live loop: before and after each point at which it waits, found in its source.

Nobody lists them: whoever adds an ``await`` to one of the modules adds two moments. `instrument`
lets those modules tell where they are, and of which order.
"""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

LOOP: Final = (
    "workers.executor.live.carry_out",
    "workers.executor.live.courier",
    "workers.executor.live.course",
    "workers.executor.live.fitted",
    "workers.executor.couriers",
)
"""Modules of which every moment counts."""
COMMIT: Final = {
    "workers.delivery.partition": (
        "Partition.is_ours",
        "Partition.commit.write",
        "Partition.commit",
        "Partition._between_steps",
        "Partition._write",
        "Partition._commit",
    ),
    "workers.delivery.transactions": ("commit_step", "_send"),
}
"""Of delivery, the functions by which the loop proves that it owns a partition, and commits."""
_TELL: Final = "_tell_moment"

_Answer = TypeVar("_Answer")
Tell = Callable[[list[str], str], None]
"""Is told a step's moments, and the platform of the order that they are of; empty: of none."""


class Waits(ast.NodeTransformer):
    """Names each point at which a module waits, and has it told before and after."""

    def __init__(self, module: str) -> None:
        self.names: list[str] = []
        self._module = module
        self._scope = [module.rpartition(".")[2]]
        self._count: list[int] = [0]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._within(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._within(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return self._within(node)

    def visit_Await(self, node: ast.Await) -> ast.AST:
        name = self._name(ast.unparse(node.value))
        told: ast.Await = _placed(ast.Await(_call("during", name, self.visit(node.value))), node)
        return told

    def visit_AsyncWith(self, node: ast.AsyncWith) -> ast.AST | list[ast.AST]:
        name = self._name(ast.unparse(node.items[0].context_expr))
        self.generic_visit(node)
        node.body.insert(0, _placed(ast.Expr(_call("after", name)), node))
        return [_placed(ast.Expr(_call("before", name)), node), node]

    def visit_AsyncFor(self, node: ast.AsyncFor) -> ast.AST:
        assert not counts(self._module, ".".join(self._scope[1:])), "tell of `async for`, too"
        self.generic_visit(node)
        return node

    def _within(self, node: Any) -> ast.AST:  # noqa: ANN401 -- of any kind that has a name
        self._scope.append(node.name)
        self._count.append(0)
        self.generic_visit(node)
        self._scope.pop()
        self._count.pop()
        return node  # type: ignore[no-any-return]

    def _name(self, what: str) -> str:
        self._count[-1] += 1
        called = what.partition("(")[0]
        name = f"{'.'.join(self._scope)} {self._count[-1]} {called}"
        self.names.append(name)
        return name


def _call(how: str, name: str, *more: ast.expr) -> ast.expr:
    found = ast.Call(ast.Name("locals", ast.Load()), [], [])
    function = ast.Attribute(ast.Name(_TELL, ast.Load()), how, ast.Load())
    return ast.Call(function, [ast.Constant(name), found, *more], [])


def _placed(new: Any, old: ast.AST) -> Any:  # noqa: ANN401 -- of whatever kind it is
    return ast.fix_missing_locations(ast.copy_location(new, old))


def moments() -> list[str]:
    """Return all moments, in the order of the source."""
    return [f"{side} {name}" for module in (*LOOP, *COMMIT) for name, side in _of(module)]


def counts(module: str, function: str) -> bool:
    """Return whether the moments of a function are among those of the loop."""
    return module in LOOP or function in COMMIT[module]


def _of(module: str) -> Iterator[tuple[str, str]]:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    waits = Waits(module)
    waits.visit(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    for name in waits.names:
        if counts(module, name.split(" ")[0].partition(".")[2]):
            yield name, "before"
            yield name, "after"


_platform: ContextVar[str] = ContextVar("platform", default="")
"""Of the order that the task at hand carries out."""


class Teller:
    """What instrumented modules call; tells steps, each of the moments that it consists of.

    Between two waits for the world outside nothing happens there: moments in between are one step.
    A wait for another function of the loop is no such wait.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._steps = WeakKeyDictionary[asyncio.Task[Any], list[str]]()

    def before(self, name: str, found: Mapping[str, Any]) -> None:
        self._comes(f"before {name}", found)
        self._end()

    def after(self, name: str, found: Mapping[str, Any]) -> None:
        self._comes(f"after {name}", found)

    async def during(
        self, name: str, found: Mapping[str, Any], awaited: Awaitable[_Answer]
    ) -> _Answer:
        self._comes(f"before {name}", found)
        if not _is_of_loop(awaited):
            self._end()
        answer = await awaited
        self._comes(f"after {name}", found)
        return answer

    def _comes(self, moment: str, found: Mapping[str, Any]) -> None:
        order = found.get("order") or getattr(found.get("self"), "_order", None)
        if order is not None:
            _platform.set(order.platform)
        step = self._step()
        step.append(moment)
        # Where the task ends before it waits again, that ends the step.
        asyncio.get_running_loop().call_soon(self._told, step, len(step), _platform.get())

    def _end(self) -> None:
        step = self._step()
        self._told(step, len(step), _platform.get())
        step.clear()

    def _told(self, step: list[str], length: int, platform: str) -> None:
        if step and len(step) == length:
            self._tell(list(step), platform)

    def _step(self) -> list[str]:
        task = asyncio.current_task()
        assert task is not None
        return self._steps.setdefault(task, [])


def _is_of_loop(awaited: object) -> bool:
    code = getattr(awaited, "cr_code", None)
    module = Path(code.co_filename).with_suffix("").parts if code else ()
    return any(module[-len(parts) :] == parts for parts in _PARTS)


_PARTS: Final = [tuple(module.split(".")) for module in (*LOOP, *COMMIT)]


class _Loader(SourceFileLoader):
    def __init__(self, module: str, path: str, teller: Teller) -> None:
        super().__init__(module, path)
        self._teller = teller

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = Waits(fullname).visit(ast.parse(self.get_data(path)))
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, _TELL, self._teller)
        super().exec_module(module)


class _Finder(MetaPathFinder):
    def __init__(self, teller: Teller) -> None:
        self._teller = teller

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or fullname not in (*LOOP, *COMMIT):
            return None
        spec.loader = _Loader(fullname, spec.origin, self._teller)
        return spec


def instrument(tell: Tell) -> None:
    """Have ``tell`` told every step; to be called before any of the modules is imported."""
    assert not set(sys.modules) & {*LOOP, *COMMIT}, "too late: a module is imported already"
    sys.meta_path.insert(0, _Finder(Teller(tell)))
