"""What a mutate is checked for, and what it does."""

from __future__ import annotations

from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from workers.sandbox.google import seasons
from workers.sandbox.google.kept import DEVICES, held
from workers.sandbox.google.refusals import invalid
from workers.sandbox.google.world import API, SandboxAccount, World

Setting: TypeAlias = tuple[str, str, object]
"""Resource, path and value."""


def checked(world: World, account: SandboxAccount, operation: Any) -> list[Setting]:  # noqa: ANN401 -- of the untyped client
    """Return what an operation sets; raise `Refusal` if it may not."""
    if type(operation).__name__ == seasons.OPERATION:
        owner = account.account_id, ZoneInfo(account.timezone)
        return [seasons.checked(world.resources, owner, operation)]
    if type(operation).pb(operation).WhichOneof("operation") == "create":
        return [_created(world, account, operation.create)]
    name, paths = operation.update.resource_name, list(operation.update_mask.paths)
    if not paths:
        raise invalid("field_mask_error/FIELD_MASK_MISSING", "no update_mask", "update_mask")
    if name not in world.resources or not name.startswith(f"customers/{account.account_id}/"):
        raise invalid("mutate_error/RESOURCE_NOT_FOUND", f"{name} is not found", "resource_name")
    if world.resources[name].get("status") == "REMOVED":
        of_budget = "/campaignBudgets/" in name
        raise invalid(_REMOVED_BUDGET if of_budget else _REMOVED, f"{name} was removed")
    return [(name, path, _checked_value(account, operation.update, path)) for path in paths]


_REMOVED: Final = "context_error/OPERATION_NOT_PERMITTED_FOR_REMOVED_RESOURCE"
_REMOVED_BUDGET: Final = "campaign_budget_error/CAMPAIGN_BUDGET_REMOVED"


def _created(world: World, account: SandboxAccount, new: Any) -> Setting:  # noqa: ANN401 -- as above
    """Return what comes to be: a device's modifier, and nothing else comes to be here."""
    of_ad_group = "ad_group" in type(new).pb(new).DESCRIPTOR.fields_by_name
    owner = new.ad_group if of_ad_group else new.campaign
    device = new.device.type_.name.lower()
    if owner not in world.resources or not owner.startswith(f"customers/{account.account_id}/"):
        raise invalid("mutate_error/RESOURCE_NOT_FOUND", f"{owner} is not found")
    if device not in DEVICES:
        raise invalid("criterion_error/CONCRETE_TYPE_REQUIRED", "name a device", "create")
    kind = "adGroupBidModifiers" if of_ad_group else "campaignCriteria"
    number = f"{owner.rpartition('/')[2]}~{DEVICES[device]}"
    name = f"customers/{account.account_id}/{kind}/{number}"
    if name in world.resources:
        raise invalid("criterion_error/BID_MODIFIER_ALREADY_EXISTS", f"{name} is there already")
    return name, "bid_modifier", _checked_value(account, new, "bid_modifier")


def _checked_value(account: SandboxAccount, update: Any, path: str) -> object:  # noqa: ANN401 -- as above
    value = update
    for part in path.split("."):
        value = getattr(value, part)
    if path == "status":
        return value.name
    if path == "bid_modifier" and value and not _LEAST_MODIFIER <= value <= _MOST_MODIFIER:
        high = value > _MOST_MODIFIER
        code = "multiplier_error/MULTIPLIER_TOO_" + ("HIGH" if high else "LOW")
        raise invalid(code, "a modifier is 0, or from 0.1 to 10", path)
    if path.endswith("_micros"):
        _check_money(account, int(value), path)
    return value


_LEAST_MODIFIER: Final = 0.1
_MOST_MODIFIER: Final = 10.0


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
    if path in _MINIMUMS and micros < least:
        told = {"currency_code": account.currency, _MINIMUMS[path]: least}
        raise invalid(
            "campaign_budget_error/BUDGET_BELOW_PER_DAY_MINIMUM",
            "the budget is below the least for a day",
            path,
            budget_per_day_minimum_error_details=told,
        )


_MINIMUMS: Final = {
    "amount_micros": "minimum_budget_amount_micros",
    "total_amount_micros": "minimum_budget_total_amount_micros",
}
"""Field to what tells its least value; in all, it is that of one day here."""


def made(world: World, sets: list[Setting]) -> None:
    """Set what was checked; what is so already is no effect."""
    for name, path, value in sets:
        if path == seasons.WHOLE:
            world.put_season(name, value, by=API)
        elif held(world.resources.get(name, {}), path) != value:
            world.put(name, path, value, by=API)


def result(sets: list[Setting], operation: Any, field: str) -> dict[str, Any]:  # noqa: ANN401 -- as above
    """Return what is told of an operation that was made: the resource with what was written."""
    name = sets[0][0]
    kind = type(operation).pb(operation).WhichOneof("operation")
    if kind == "remove":
        return {"resource_name": name}
    written = getattr(operation, kind)
    written.resource_name = name
    return {"resource_name": name, field: written}
