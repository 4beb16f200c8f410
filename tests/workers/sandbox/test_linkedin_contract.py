"""LinkedIn's own client reads and updates a campaign on LinkedIn on loopback."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.common import constants

from tests.workers.connectors.linkedin_parts import linkedin, money


async def test_the_official_client_reads_and_updates_a_campaign(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with linkedin() as platform:
        monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{platform.address}/rest")
        client = RestliClient()
        client.session.trust_env = False
        asked: dict[str, Any] = {
            "resource_path": "/adAccounts/{account}/adCampaigns/{id}",
            "path_keys": {"account": "1", "id": "7"},
            "access_token": platform.access_token,
            "version_string": "202610",
        }
        update = {"dailyBudget": money("62.50")}
        written = await asyncio.to_thread(client.partial_update, patch_set_object=update, **asked)
        read = await asyncio.to_thread(client.get, **asked)
        client.session.close()
        assert written.status_code == 204
        assert read.entity["dailyBudget"] == money("62.50")
        assert len(platform.effects) == 1
