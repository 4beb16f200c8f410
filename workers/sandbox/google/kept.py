"""Where loopback keeps what can be set: by the name of a resource, and a path in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

import numpy as np

from schemas.fields import Entity
from workers.connectors.protocol import Lever, Ref

Row: TypeAlias = dict[str, Any]
"""Of a query, or of a resource: names of fields to values or to further rows."""

MONEY: Final = frozenset({Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET, Lever.BID, Lever.TARGET_CPA})
DEVICES: Final = {"desktop": "30000", "mobile": "30001", "tablet": "30002"}
_MODIFIERS: Final = frozenset({Lever.DEVICE_MODIFIER, Lever.SCHEDULE_MODIFIER})
_BUDGETS: Final = {
    Lever.DAILY_BUDGET: "amount_micros",
    Lever.LIFETIME_BUDGET: "total_amount_micros",
}
_TARGETS: Final[Mapping[tuple[Lever, str], str]] = {
    (Lever.TARGET_CPA, "TARGET_CPA"): "target_cpa.target_cpa_micros",
    (Lever.TARGET_CPA, "MAXIMIZE_CONVERSIONS"): "maximize_conversions.target_cpa_micros",
    (Lever.TARGET_ROAS, "TARGET_ROAS"): "target_roas.target_roas",
    (Lever.TARGET_ROAS, "MAXIMIZE_CONVERSION_VALUE"): "maximize_conversion_value.target_roas",
}
_AD_GROUP_PATHS: Final[Mapping[Lever, str]] = {
    Lever.TARGET_CPA: "target_cpa_micros",
    Lever.TARGET_ROAS: "target_roas",
    Lever.STATUS: "status",
}
_BIDS: Final = {"MANUAL_CPM": "cpm_bid_micros", "MANUAL_CPV": "cpv_bid_micros"}


def place(resources: Mapping[str, Row], ref: Ref) -> tuple[str, str]:
    """Return the resource and the path of a value; raise `KeyError` where there is none."""
    root = f"customers/{ref.account_id.replace('-', '')}"
    kind = "adGroups" if ref.entity is Entity.AD_SET else "campaigns"
    owner = f"{root}/{kind}/{ref.entity_id}"
    row = resources[owner]
    if ref.lever in _MODIFIERS:
        return _modifier(resources, root, ref), "bid_modifier"
    if ref.entity is Entity.AD_SET:
        strategy = resources[row["campaign"]]["bidding_strategy_type"]
        path = _BIDS.get(strategy, "cpc_bid_micros")
        return owner, path if ref.lever is Lever.BID else _AD_GROUP_PATHS[ref.lever]
    if ref.lever is Lever.STATUS:
        return owner, "status"
    if ref.lever in _BUDGETS:
        return str(row["campaign_budget"]), _BUDGETS[ref.lever]
    path = _TARGETS[ref.lever, row["bidding_strategy_type"]]
    return str(row.get("bidding_strategy", owner)), path


def _modifier(resources: Mapping[str, Row], root: str, ref: Ref) -> str:
    if ref.lever is Lever.DEVICE_MODIFIER:
        kind = "adGroupBidModifiers" if ref.entity is Entity.AD_SET else "campaignCriteria"
        return f"{root}/{kind}/{ref.entity_id}~{DEVICES[ref.part]}"
    for name, row in resources.items():
        of_campaign = name.startswith(f"{root}/campaignCriteria/{ref.entity_id}~")
        if of_campaign and stretch(row) == ref.part != "":
            return name
    raise KeyError(ref.part)


def stretch(row: Row) -> str:
    """Return the part that a criterion of a schedule is named by; empty for other resources."""
    schedule = row.get("ad_schedule")
    if schedule is None or {schedule["start_minute"], schedule["end_minute"]} != {"ZERO"}:
        return ""
    start, end = schedule["start_hour"], schedule["end_hour"]
    day = schedule["day_of_week"][:3].lower()
    return f"{day}-{start:02}" + (f"-{end:02}" if end > start + 1 else "")


def refs(resources: Mapping[str, Row]) -> Iterator[Ref]:
    """Yield every value that can be set, modifiers that none are set of yet included."""
    for name in resources:
        _, account, kind, number = name.split("/")
        if kind not in {"campaigns", "adGroups"}:
            continue
        entity = Entity.AD_SET if kind == "adGroups" else Entity.CAMPAIGN
        parts = {
            Lever.DEVICE_MODIFIER: list(DEVICES),
            Lever.SCHEDULE_MODIFIER: [stretch(row) for row in resources.values()],
        }
        for lever in Lever:
            for part in parts.get(lever, [""]):
                ref = Ref(
                    account_id=account, entity=entity, entity_id=number, lever=lever, part=part
                )
                try:
                    place(resources, ref)
                except KeyError:
                    continue
                yield ref


def device_modifier(name: str) -> Row:
    """Return a resource of a device's modifier, which comes to be under its own name."""
    _, account, kind, number = name.split("/")
    owner, criterion = number.split("~")
    device = next(one for one, known in DEVICES.items() if known == criterion)
    of_ad_group = kind == "adGroupBidModifiers"
    field, of = ("ad_group", "adGroups") if of_ad_group else ("campaign", "campaigns")
    return {
        "resource_name": name,
        "criterion_id": int(criterion),
        field: f"customers/{account}/{of}/{owner}",
        "type": "DEVICE",
        "device": {"type": device.upper()},
    }


def held(row: Row, path: str) -> Any:  # noqa: ANN401 -- as many kinds as fields have
    """Return what a row holds at a dotted path; None where nothing is."""
    value: Any = row
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def put_at(row: Row, path: str, value: object) -> None:
    """Set what a row holds at a dotted path."""
    *parents, last = path.split(".")
    for name in parents:
        row = row.setdefault(name, {})
    row[last] = value


def value_of(lever: Lever, raw: Any) -> Decimal | None:  # noqa: ANN401 -- as many kinds as fields have
    """Return a value of a lever from what a row holds."""
    if lever is Lever.STATUS:
        return Decimal(int(raw == "ENABLED"))
    if raw is None or (not raw and lever not in _MODIFIERS):
        return None
    if lever in MONEY:
        return Decimal(raw) / 1_000_000
    short = np.float32(raw)  # as a campaign's modifier comes over the wire
    return Decimal(str(short if short == raw else raw))


def raw_of(lever: Lever, value: Decimal) -> object:
    """Return what a row holds for a value of a lever."""
    if lever in MONEY:
        return int(value * 1_000_000)
    if lever is Lever.STATUS:
        return "ENABLED" if value else "PAUSED"
    return float(value)
