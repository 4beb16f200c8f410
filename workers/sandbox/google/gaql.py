"""The part of Google Ads' query language that connectors use, parsed to be refused or obeyed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_QUERY: Final = re.compile(
    r"SELECT (?P<fields>[\w., ]+?) FROM (?P<resource>\w+)(?: WHERE (?P<where>.+?))?"
    r"(?: ORDER BY (?P<order>[\w.]+))?(?: LIMIT (?P<limit>\d+))?"
)
_BETWEEN: Final = re.compile(r"([\w.]+) BETWEEN '([^']*)' AND '([^']*)'")
_CONDITION: Final = re.compile(r"([\w.]+) (=|>=|<=|IN) ('[^']*'|\([\w', ]+\))")


class Malformed(ValueError):
    """A query that is none, or that is more than is understood here."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A field and what it is held against: ``IN`` has several values, the others one."""

    field: str
    sign: str
    values: tuple[str, ...]

    def holds(self, value: str) -> bool:
        """Return whether a value meets it; times and dates compare as their text does."""
        if self.sign == ">=":
            return value >= self.values[0]
        if self.sign == "<=":
            return value <= self.values[0]
        return value in self.values


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for."""

    fields: tuple[str, ...]
    resource: str
    conditions: tuple[Condition, ...]
    limit: int | None


def parse(text: str) -> Query:
    """Return a query taken apart; raise `Malformed` for one that is not understood wholly."""
    found = _QUERY.fullmatch(text.strip())
    if found is None:
        raise Malformed("the query is not understood")
    where = _BETWEEN.sub(r"\1 >= '\2' AND \1 <= '\3'", found["where"] or "")
    conditions = tuple(_condition(part) for part in where.split(" AND ") if part)
    limit = int(found["limit"]) if found["limit"] else None
    fields = tuple(name.strip() for name in found["fields"].split(","))
    return Query(fields, found["resource"], conditions, limit)


def _condition(text: str) -> Condition:
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise Malformed(f"the condition {text!r} is not understood")
    values = tuple(part.strip(" '") for part in found[3].strip("()").split(","))
    return Condition(found[1], found[2], values)
