"""How Google Ads refuses on the wire: a status, and its own words in the metadata at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

VERSION: Final = "v26"
ROOT: Final = f"google.ads.googleads.{VERSION}"
KEY: Final = f"{ROOT}.errors.googleadsfailure-bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Exception):
    """An answer that is no success; ``code`` such as ``quota_error/RESOURCE_EXHAUSTED``."""

    status: str
    code: str = ""
    message: str = ""
    path: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def failure(self, request_id: str) -> Any:  # noqa: ANN401 -- of the untyped client
        """Return the platform's own words."""
        kind, _, name = self.code.partition("/")
        types = import_module(f"{ROOT}.errors.types.errors")
        error = {
            "error_code": {kind: name},
            "message": self.message,
            "location": {"field_path_elements": [{"field_name": one} for one in self.path]},
            "details": self.details,
        }
        return types.GoogleAdsFailure(errors=[error], request_id=request_id)

    def metadata(self, request_id: str) -> tuple[tuple[str, object], ...]:
        """Return what ends the answer."""
        told = (("request-id", request_id),)
        if not self.code:
            return told
        failure = self.failure(request_id)
        return ((KEY, type(failure).serialize(failure)), *told)


def invalid(code: str, message: str, *path: str, **details: Any) -> Refusal:  # noqa: ANN401 -- as above
    """Return the refusal of what was asked for."""
    return Refusal(
        status="INVALID_ARGUMENT", code=code, message=message, path=path, details=details
    )


def of_access(code: str) -> Refusal:
    """Return the refusal of whoever asks, whatever is asked for."""
    kind = code.partition("/")[0]
    unknown = kind == "authentication_error"
    status = "UNAUTHENTICATED" if unknown else "PERMISSION_DENIED"
    if kind in {"header_error", "request_error"}:
        status = "INVALID_ARGUMENT"
    return Refusal(status=status, code=code, message=f"refused by {code}")
