"""Meta, Google Ads, LinkedIn and a receiver of webhooks on loopback, with a portfolio on them."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from workers.connectors.meta.units import offset
from workers.connectors.protocol import Account, Lever, Ref
from workers.sandbox.google.kept import place, put_at, raw_of
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.google.world import SandboxAccount
from workers.sandbox.linkedin.server import LinkedInSandbox
from workers.sandbox.meta.server import MetaSandbox
from workers.sandbox.platform import SandboxPlatform
from workers.sandbox.portfolio import PlacedCampaign, Portfolio
from workers.sandbox.webhook import WebhookSandbox

PORTS: Final = 5
"""One each, and one for Google's tokens."""
WEBHOOK_SECRET: Final = "whsec_" + base64.b64encode(b"sandbox-webhook-key").decode()
_MILLION: Final = 1_000_000


class Sandbox:
    """All platforms at once.

    Parameters
    ----------
    portfolio
        What is on them. Campaigns of a platform that is none of the three go to the webhook's
        receiver, whatever the platform is called.
    port
        The first of `PORTS` ports of loopback, one after the other; 0 for any free ones.
    now
        The time that Meta, Google Ads and LinkedIn live in.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        *,
        port: int = 0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.portfolio = portfolio
        google, tokens, meta, linkedin, webhook = (port + at if port else 0 for at in range(PORTS))
        self.google = _google(self._of("google"), google, tokens, now)
        self.meta = _meta(self._of("meta"), MetaSandbox(now, port=meta))
        self.linkedin = _linkedin(self._of("linkedin"), LinkedInSandbox(now, port=linkedin))
        known = {"google", "meta", "linkedin"}
        others = [each for each in portfolio if each.key.platform not in known]
        self.webhook = _webhook(others, webhook)
        self.platforms: dict[str, SandboxPlatform] = {
            "google": self.google,
            "meta": self.meta,
            "linkedin": self.linkedin,
            **{each.key.platform: self.webhook for each in others},
        }
        """By the names that campaigns' keys have; those without a campaign, too."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen for as long as the block lasts; then open requests are cut.

        Raises
        ------
        OSError
            A port is taken.
        """
        async with AsyncExitStack() as stack:
            for platform in (self.google, self.meta, self.linkedin, self.webhook):
                await platform.start()
                stack.push_async_callback(platform.stop)
            yield

    def value(self, platform: str, ref: Ref) -> Decimal | None:
        """Return what is in force.

        Raises
        ------
        KeyError
            There is no such platform or entity.
        """
        return self.platforms[platform].value(ref)

    def _of(self, platform: str) -> list[PlacedCampaign]:
        return [each for each in self.portfolio if each.key.platform == platform]


def _google(
    campaigns: Iterable[PlacedCampaign], port: int, token_port: int, now: Callable[[], datetime]
) -> GoogleSandbox:
    campaigns = list(campaigns)
    sandbox = GoogleSandbox(
        *{_google_account(each) for each in campaigns}, port=port, token_port=token_port
    )
    sandbox.world.now = now
    for each in campaigns:
        account, number = each.key.account_id.replace("-", ""), each.key.campaign_id
        amount = int(each.daily_budget * _MILLION)
        strategy = "TARGET_CPA" if each.by_target else "MANUAL_CPC"
        sandbox.world.add_campaign(account, number, strategy=strategy, amount_micros=amount)
        sandbox.world.add_ad_group(account, number, each.ad_set_id)
        for ref, value in each.values:
            name, path = place(sandbox.world.resources, ref)
            put_at(sandbox.world.resources[name], path, raw_of(ref.lever, value))
    return sandbox


def _google_account(campaign: PlacedCampaign) -> SandboxAccount:
    return SandboxAccount(
        account_id=campaign.key.account_id.replace("-", ""),
        currency=campaign.currency,
        timezone=campaign.timezone,
        billable_unit_micros=int(campaign.step * _MILLION),
    )


def _meta(campaigns: Iterable[PlacedCampaign], sandbox: MetaSandbox) -> MetaSandbox:
    for each in campaigns:
        account, units = each.key.account_id.removeprefix("act_"), offset(each.currency)
        sandbox.store.add_account(account, each.currency, each.timezone)
        sandbox.store.add_campaign(
            account,
            each.key.campaign_id,
            daily_budget=str(int(each.daily_budget * units)),
            bid_strategy="LOWEST_COST_WITH_BID_CAP",
        )
        sandbox.store.add_ad_set(
            account, each.ad_set_id, each.key.campaign_id, bid_amount=str(int(each.bid * units))
        )
    return sandbox


def _linkedin(campaigns: Iterable[PlacedCampaign], sandbox: LinkedInSandbox) -> LinkedInSandbox:
    for each in campaigns:
        account = each.key.account_id
        sandbox.store.add_account(account, each.currency)
        sandbox.store.add_campaign(
            account,
            each.key.campaign_id,
            dailyBudget={"amount": f"{each.daily_budget:f}", "currencyCode": each.currency},
            unitCost={"amount": f"{each.bid:f}", "currencyCode": each.currency},
        )
    return sandbox


def _webhook(campaigns: Iterable[PlacedCampaign], port: int) -> WebhookSandbox:
    campaigns = list(campaigns)
    accounts = {each.key.account_id: _described(each) for each in campaigns}
    values = {ref: value for each in campaigns for ref, value in each.values}
    return WebhookSandbox(WEBHOOK_SECRET, list(accounts.values()), values, port=port)


def _described(campaign: PlacedCampaign) -> Account:
    return Account(
        account_id=campaign.key.account_id,
        name=campaign.key.account_id,
        currency=campaign.currency,
        timezone=campaign.timezone,
        step=campaign.step,
        minimums=dict.fromkeys((Lever.DAILY_BUDGET, Lever.BID), campaign.step),
    )
