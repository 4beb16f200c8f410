"""What is wrong with a record, for programs and for people."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a value was refused; few and stable, so they can label a metric."""

    NOT_JSON = "not_json"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    UNSUPPORTED_VERSION = "unsupported_version"
    NOT_FINITE = "not_finite"
    NEGATIVE = "negative"
    OUT_OF_RANGE = "out_of_range"
    TOO_MANY_DECIMALS = "too_many_decimals"
    NAIVE_TIME = "naive_time"
    INVALID_TIME = "invalid_time"
    UNKNOWN_TIMEZONE = "unknown_timezone"
    NOT_ONE_HOUR = "not_one_hour"
    EMITTED_BEFORE_WINDOW = "emitted_before_window"
    UNKNOWN_CURRENCY = "unknown_currency"
    INVALID_NAME = "invalid_name"
    INVALID_KEY = "invalid_key"
    KEY_MISMATCH = "key_mismatch"
    CONTRADICTION = "contradiction"
    INVALID_VALUE = "invalid_value"
    INVALID_LENGTH = "invalid_length"
    DUPLICATE = "duplicate"


_LONGEST_FIELD, _LONGEST_DETAIL = 200, 500


class SchemaError(ValueError):
    """A record, or one value of it, breaks the schema.

    Attributes
    ----------
    field
        Path of the field in the record, such as ``budget.amount`` or
        ``breakdown[2].clicks``; empty when the record as a whole is at fault.
    reason
        A `Reason`: short, stable, usable as a metric label.
    detail
        One sentence for a person: what was found and what is accepted. Both
        texts are cut short, because they may quote a hostile record.
    """

    def __init__(self, field: str, reason: Reason, detail: str) -> None:
        self.field = field[:_LONGEST_FIELD]
        self.reason = reason
        self.detail = detail[:_LONGEST_DETAIL]
        super().__init__(f"{self.field}: {self.detail}" if field else self.detail)

    def inside(self, parent: str) -> SchemaError:
        """Return the same error, its field named from ``parent`` downwards."""
        return SchemaError(join_path(parent, self.field), self.reason, self.detail)

    def __reduce__(self) -> tuple[type[SchemaError], tuple[str, Reason, str]]:
        return type(self), (self.field, self.reason, self.detail)


def join_path(parent: str, field: str) -> str:
    """Return the path of ``field`` inside ``parent``; either may be empty."""
    return f"{parent}.{field}" if parent and field else parent or field
