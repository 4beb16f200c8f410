"""What a mutate is checked for, and what it does."""

from __future__ import annotations

from typing import Any

from workers.sandbox.google.refusals import invalid
from workers.sandbox.google.world import SandboxAccount, World, held


def checked(world: World, account: SandboxAccount, operation: Any) -> list[tuple[str, str, object]]:  # noqa: ANN401 -- of the untyped client
    """Return what an operation sets: resource, path and value; raise `Refusal` if it may not."""
    name, paths = operation.update.resource_name, list(operation.update_mask.paths)
    if not paths:
        raise invalid("field_mask_error/FIELD_MASK_MISSING", "no update_mask", "update_mask")
    if name not in world.resources or not name.startswith(f"customers/{account.account_id}/"):
        raise invalid("mutate_error/RESOURCE_NOT_FOUND", f"{name} is not found", "resource_name")
    if world.resources[name].get("status") == "REMOVED":
        raise invalid("context_error/OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE", "removed")
    return [(name, path, _checked_value(account, operation.update, path)) for path in paths]


def _checked_value(account: SandboxAccount, update: Any, path: str) -> object:  # noqa: ANN401 -- as above
    value = update
    for part in path.split("."):
        value = getattr(value, part)
    if path == "status":
        return value.name
    if path.endswith("_micros"):
        _check_money(account, int(value), path)
    return value


def _check_money(account: SandboxAccount, micros: int, path: str) -> None:
    unit = account.billable_unit_micros
    if micros % unit:
        code = (
            "campaign_budget_error/NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
            if path.endswith("amount_micros")
            else "currency_error/VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT"
        )
        raise invalid(code, f"not a multiple of {unit} micros", path)
    least = account.minimum_daily_micros
    if path == "amount_micros" and micros < least:
        told = {"currency_code": account.currency, "minimum_budget_amount_micros": least}
        raise invalid(
            "campaign_budget_error/BUDGET_BELOW_PER_DAY_MINIMUM",
            "the budget is below the least for a day",
            path,
            budget_per_day_minimum_error_details=told,
        )


def made(world: World, sets: list[tuple[str, str, object]]) -> None:
    """Set what was checked; what is so already is no effect."""
    for name, path, value in sets:
        if held(world.resources[name], path) != value:
            world.put(name, path, value, by_person=False)
