"""How many of Meta's units are one of a currency, for every currency that Meta's list names.

Typed from that list and from nowhere else: were it shared with the connector, a mistake in it could
not be found. Source: Meta, "Currency Codes", developers.facebook.com/docs/marketing-api/currencies.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_BY_HUNDREDS: Final = """
    DZD ARS AUD BHD BDT BOB BGN BRL GBP CAD CNY HRK CZK DKK EGP EUR GTQ HNL HKD INR ILS JOD KES LVL
    LTL MOP MYR MXN NZD NIO NGN NOK PKR PEN PHP PLN QAR RON RUB SAR RSD SGD SKK ZAR SEK CHF THB TRY
    AED UAH USD UYU VEF VES FBZ
"""
_BY_ONES: Final = "CLP COP CRC HUF ISK IDR JPY KRW PYG TWD VND"
OFFSETS: Final = MappingProxyType(
    dict.fromkeys(_BY_HUNDREDS.split(), 100) | dict.fromkeys(_BY_ONES.split(), 1)
)
