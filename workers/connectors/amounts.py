"""What can be set, exactly: rules that connectors share where the platform has none of its own."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from workers.connectors.errors import Rejected
from workers.connectors.protocol import Account, Capabilities, Change, Lever

MONEY: Final = frozenset(
    {
        Lever.DAILY_BUDGET,
        Lever.LIFETIME_BUDGET,
        Lever.BUDGET_INCREASE,
        Lever.BID,
        Lever.COST_CAP,
        Lever.TARGET_CPA,
    }
)
RATIO_STEP: Final = Decimal("0.01")
DIGITS: Final = 80
"""More than any amount has, so that no rounding but the wanted one happens."""


def floor_to(amount: Decimal, step: Decimal) -> Decimal:
    """Return the greatest multiple of ``step`` (> 0) that is not above ``amount``."""
    with localcontext(prec=DIGITS):
        rest = amount % step
        return amount - rest - (step if rest < 0 else 0)


def quantize(amount: Decimal, account: Account, lever: Lever) -> Decimal:
    """Return the nearest value that can be set; money never above ``amount``."""
    if lever in MONEY:
        return floor_to(amount, account.step)
    step = Decimal(1) if lever is Lever.STATUS else RATIO_STEP
    with localcontext(prec=DIGITS):
        return amount.quantize(step, rounding=ROUND_HALF_EVEN)


def check(change: Change, account: Account, capabilities: Capabilities) -> None:
    """Raise `Rejected` where the change asks for what the account cannot have."""
    ref = change.ref
    if (ref.entity, ref.lever) not in capabilities.levers:
        raise Rejected(f"{ref.entity} has no {ref.lever} here", field=ref.lever)
    if change.currency != account.currency:
        raise Rejected(
            f"the change is in {change.currency}, account {account.account_id} in "
            f"{account.currency}; decide it anew in the account's currency",
            field="currency",
        )
    if not change.target.is_finite() or change.target < 0:
        raise Rejected(f"{change.target} is no value for {ref.lever}", field=ref.lever)
    if change.target < account.minimums.get(ref.lever, Decimal(0)):
        least = account.minimums[ref.lever]
        raise Rejected(f"{change.target} is below the least of {least}", field=ref.lever)
    if quantize(change.target, account, ref.lever) != change.target:
        raise Rejected(f"{change.target} is no multiple of the step", field=ref.lever)
