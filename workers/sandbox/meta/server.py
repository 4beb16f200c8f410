"""Meta on loopback: Graph's accounts, campaigns, ad sets, reports and history over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from workers.connectors.protocol import Lever, Ref
from workers.sandbox.faults import Call, Fault, FaultQueue
from workers.sandbox.loopback import LoopbackServer
from workers.sandbox.meta.faulty import REFUSALS, MetaFaults, refused, struck, usage
from workers.sandbox.meta.levers import BUDGETS, LEAST_ROAS, MOST_ROAS, SETTABLE, held
from workers.sandbox.meta.periods import EDGE, Periods
from workers.sandbox.meta.store import Store
from workers.sandbox.platform import Effect

US: Final = {"actor_id": "30", "actor_name": "Our user", "application_id": "app"}
"""Who makes changes over the wire, as the history has it."""
_SECRET: Final = frozenset({"access_token", "appsecret_proof"})
_ALWAYS: Final = ",date_start,hourly_stats_aggregated_by_advertiser_time_zone"
"""What a row of a report has beside the fields that are asked for."""


class MetaSandbox(LoopbackServer):
    """See `workers.sandbox.platform.SandboxPlatform`; `store` is filled by whoever runs it."""

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, port: int = 0
    ) -> None:
        super().__init__(port)
        self.faults: FaultQueue = MetaFaults()
        self.store = Store(now)
        self.periods = Periods(self.store)
        self.access_token = "sandbox-meta-token"  # noqa: S105 -- opens nothing
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        """Method, path, and what was asked for in address and form, of every request; no token."""
        self.page = 25
        """Rows of a page."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every value that was set, oldest first."""
        return tuple(self.store.effects)

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force; KeyError if there is no such entity."""
        if ref.lever is Lever.BUDGET_INCREASE:
            return self.periods.value(ref, self.store.offset_of(ref.entity_id))
        return self.store.value(ref)

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does."""
        if ref.lever is Lever.BUDGET_INCREASE:
            self.periods.edit(ref, value, self.store.offset_of(ref.entity_id))
        else:
            self.store.edit(ref, value)

    def application(self) -> web.Application:
        """Return what answers."""
        app = web.Application()
        app.router.add_route("*", "/{version}/{path:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(found) for name, found in (await request.post()).items()}
        path = request.match_info["path"].strip("/")
        asked = {name: found for name, found in request.query.items() if name not in _SECRET}
        self.requests.append((request.method, path, {**asked, **form}))
        planned = self.faults.take(Call.READ if request.method == "GET" else Call.WRITE)
        stale = planned is not None and planned.fault is Fault.STALE_READS

        async def answered() -> web.Response:
            answer = self._answer(request, path, form, stale=stale)
            answer.headers.update({"x-business-use-case-usage": usage(0.28), "x-fb-trace-id": "T1"})
            return answer

        if planned is None or stale:
            return await answered()
        if planned.fault is Fault.EDITED_MEANWHILE and planned.ref and planned.value is not None:
            self.edit(planned.ref, planned.value)
        if planned.fault in {Fault.TOKEN_EXPIRED, Fault.TOKEN_REVOKED}:
            self.access_token += "-next"
        return await struck(planned, request, answered)

    def _answer(
        self, request: web.Request, path: str, form: Mapping[str, str], *, stale: bool
    ) -> web.Response:
        if request.query.get("access_token") != self.access_token:
            return refused(190, 0, "Invalid OAuth access token.")
        place, _, edge = path.partition("/")
        account = self.store.accounts.get(place.removeprefix("act_"))
        if place.startswith("act_") and account is not None:
            return self._edge(request, place.removeprefix("act_"), edge)
        if place in self.periods.rows:
            return self.periods.change(request.method, place, form)
        if place not in self.store.entities:
            return refused(100, 33, f"Object with ID '{place}' does not exist.")
        return self._of_entity(request, (place, edge), form, stale=stale)

    def _of_entity(
        self, request: web.Request, path: tuple[str, str], form: Mapping[str, str], *, stale: bool
    ) -> web.Response:
        (place, edge), reads = path, request.method == "GET"
        fields = request.query.get("fields", "")
        if edge == EDGE and reads:
            rows = self.periods.of(place, stale=stale)
            return self._page(request, [selected(row, fields) for row in rows])
        if edge == EDGE:
            return self.periods.make(place, form)
        if reads:
            return web.json_response(selected(self.store.told(place, stale=stale), fields))
        return self._change(place, form)

    def _edge(self, request: web.Request, account_id: str, edge: str) -> web.Response:
        fields = request.query.get("fields", "")
        if not edge:
            return web.json_response(selected(self.store.accounts[account_id], fields))
        if edge == "minimum_budgets":
            return self._page(request, self.store.minimums[account_id])
        if edge == "activities":
            rows = self.store.activities.get(account_id, [])
        elif edge == "insights":
            days = json.loads(request.query["time_range"])
            since, until = (date.fromisoformat(days[name]) for name in ("since", "until"))
            rows, fields = self.store.report(account_id, since, until), fields + _ALWAYS
        else:
            return refused(2500, 0, f"Unknown path components: /{edge}")
        return self._page(request, [selected(row, fields) for row in rows])

    def _page(self, request: web.Request, rows: list[dict[str, Any]]) -> web.Response:
        start = int(request.query.get("after", "0"))
        end = start + self.page
        paging: dict[str, Any] = {"cursors": {"after": str(end)}}
        if end < len(rows):
            paging["next"] = "https://graph.facebook.com/next"
        return web.json_response({"data": rows[start:end], "paging": paging})

    def _change(self, place: str, form: Mapping[str, str]) -> web.Response:
        body = self.store.told(place)
        dry_run = "validate_only" in json.loads(form.get("execution_options", "[]"))
        fields = {name: found for name, found in form.items() if name != "execution_options"}
        for name, found in fields.items():
            refusal = self._refusal(body, name, found)
            if refusal is not None:
                return refusal
        of_ad_set = "campaign_id" in body and not fields.keys().isdisjoint(BUDGETS)
        if of_ad_set and self.store.quota.refuses(place, dry_run=dry_run):
            return refused(*REFUSALS[Fault.BUDGET_CHANGES], "The budget changed too often.")
        if not dry_run:
            for name, found in fields.items():
                self.store.set_field(place, name, held(name, found), by=US)
        return web.json_response({"success": True})

    def _refusal(self, body: Mapping[str, Any], name: str, found: str) -> web.Response | None:
        if body["status"] in {"ARCHIVED", "DELETED"}:
            return refused(100, 1487056, "The object is archived or deleted.", "status")
        if name not in SETTABLE:
            return refused(100, 0, f"Unknown parameter {name}.", name)
        if name in BUDGETS:
            return self._budget_refusal(body, name, found)
        wrong = (
            (name == "status" and found not in {"ACTIVE", "PAUSED"})
            or (name == "bid_amount" and not (found.isdigit() and int(found)))
            or (name == "bid_constraints" and not _is_floor(json.loads(found)))
        )
        return refused(100, 0, f"Invalid parameter {name}.", name) if wrong else None

    def _budget_refusal(
        self, body: Mapping[str, Any], name: str, found: str
    ) -> web.Response | None:
        if body.get(name, "0") == "0":
            return refused(100, 1885621, "The budget lives elsewhere.", name)
        least = self.store.least(body) if name == "daily_budget" else 1
        if not found.isdigit() or int(found) < least:
            return refused(100, 1885272, f"Your budget is too low: at least {least}.", name)
        return None


def _is_floor(constraints: Any) -> bool:  # noqa: ANN401 -- whatever JSON was sent
    floor = constraints.get("roas_average_floor") if isinstance(constraints, dict) else None
    return isinstance(floor, int) and LEAST_ROAS <= floor <= MOST_ROAS


def selected(body: Mapping[str, Any], fields: str) -> dict[str, Any]:
    """Return the fields that are asked for, of those that there are, and always the id."""
    told = {"id": body["id"]} if "id" in body else {}
    for name, inner in re.findall(r"(\w+)(?:\{([\w,]*)\})?", fields):
        if name in body:
            told[name] = selected(body[name], inner) if inner else body[name]
    return told
