"""Real clients against platforms on loopback, into a real Kafka: what it says is what they say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from deploy.broker import Broker
from schemas.edit import Editor
from schemas.fields import Entity
from schemas.topics import METRICS
from tests.workers.collector.topics import PARTITIONS, Kafka, by_label
from tests.workers.collector.worlds import (
    AUTUMN,
    LONG_AGO,
    TOKEN,
    Clock,
    counts,
    meta,
    minutes,
    worlds,
)
from workers.collector import daily
from workers.collector.counts import Counts, total
from workers.collector.hourly import SOURCE
from workers.collector.rounds import Rounds
from workers.connectors.protocol import Lever, Ref
from workers.partitioner import partition_of
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.meta.server import US

pytestmark = pytest.mark.kafka

NOON = datetime(2025, 10, 27, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def topics(kafka: Broker, topic_prefix: str) -> Kafka:
    made = Kafka(kafka.bootstrap, topic_prefix)
    await made.create()
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


async def test_what_platforms_report_is_what_the_metrics_say_hour_by_hour(
    topics: Kafka, clock: Clock
) -> None:
    draw = Random(1)
    reported: dict[str, dict[tuple[str, date, int], list[Counts]]] = {"meta": {}, "google": {}}
    async with worlds(clock) as (on_meta, on_google, _):
        for day in (AUTUMN - timedelta(1), AUTUMN):
            for hour in range(24):
                for ad_set, campaign in on_meta.ad_sets.items():
                    told = counts(draw)
                    on_meta.report(ad_set, day, hour, told, LONG_AGO)
                    reported["meta"].setdefault((campaign, day, hour), []).append(told)
                told = counts(draw)
                on_google.report("11", day, hour, told, LONG_AGO)
                reported["google"].setdefault(("11", day, hour), []).append(told)

        await topics.round(clock, on_meta, on_google)

    known = await topics.known()
    for world in (on_meta, on_google):
        events = [event for cell, event in known.items() if cell[0] == world.name]
        wanted = {label: total(many) for label, many in reported[world.name].items()}
        assert by_label(events, world.timezone) == wanted
        assert {(e.currency, e.account_timezone, e.source) for e in events} == {
            ("EUR", world.timezone, SOURCE)
        }
        of_one = [event for event in events if event.campaign_id in ("5", "11")]
        assert len(of_one) == 24 + 25
    slices = {part.ad_set_id for event in known.values() for part in event.breakdown}
    assert slices == set(on_meta.ad_sets)


async def test_records_are_keyed_by_campaign_and_lie_where_readers_look_for_them(
    topics: Kafka, clock: Clock
) -> None:
    async with worlds(clock) as (on_meta, on_google, _):
        on_meta.report("7", AUTUMN, 4, counts(Random(1)), LONG_AGO)
        on_meta.report("9", AUTUMN, 4, counts(Random(2)), LONG_AGO)
        on_google.report("11", AUTUMN, 4, counts(Random(3)), LONG_AGO)
        await topics.round(clock, on_meta, on_google)

    stored = await topics.stored(METRICS)
    keys = {(each.key, number) for number, part in stored.items() for each in part}
    assert {key for key, _ in keys} == {b"meta:1:5", b"meta:1:6", b"google:1234567890:11"}
    assert all(number == partition_of(key, PARTITIONS) for key, number in keys)


async def test_a_restated_conversion_is_a_new_version_and_the_sum_is_the_platforms(
    topics: Kafka, clock: Clock
) -> None:
    first = Counts(900, 40, Decimal("12.50"), Decimal(1), Decimal(30))
    later = first._replace(conversions=Decimal(4), revenue=Decimal(150))
    async with meta(clock) as world:
        world.report("7", AUTUMN, 4, first, LONG_AGO)
        world.report("7", AUTUMN, 4, later, NOON + minutes(10))
        async with topics.accounts(clock, world) as (account,):
            await account.round()
            clock.now += QUARTER
            await account.round()

    told = sorted(await topics.events(), key=lambda event: event.sequence_number or 0)
    assert [Counts.of(event) for event in told] == [first, later]
    assert [event.emitted_at for event in told] == [NOON, NOON + QUARTER]


async def test_an_hour_is_told_again_once_it_is_over_and_as_it_ages_though_nothing_changed(
    topics: Kafka, clock: Clock
) -> None:
    hour, told = NOON - minutes(60), counts(Random(2))
    clock.now = NOON - minutes(20)
    async with meta(clock) as world, topics.accounts(clock, world) as (account,):
        world.report("7", NOON.date(), 12, told, LONG_AGO)  # noon in Zurich
        for after in (-20, -5, 10, 25, 55, 70, 85):
            clock.now = NOON + minutes(after)
            await account.round()

    events = await topics.events()
    assert {(event.window_start, Counts.of(event)) for event in events} == {(hour, told)}
    ages = [event.emitted_at - NOON for event in events if event.emitted_at]
    assert ages == [minutes(-20), minutes(10), minutes(70)]


async def test_a_repeated_round_tells_nothing_anew_and_a_restart_only_the_same(
    topics: Kafka, clock: Clock
) -> None:
    draw = Random(5)
    async with worlds(clock) as (on_meta, on_google, on_linkedin):
        for hour in range(9):
            on_meta.report("7", NOON.date(), hour, counts(draw), LONG_AGO)
            on_google.report("11", AUTUMN, hour, counts(draw), LONG_AGO)
        on_linkedin.report("7", NOON.date(), counts(draw), LONG_AGO)
        async with topics.accounts(clock, on_meta, on_google, on_linkedin) as accounts:
            for account in accounts:
                await account.round()
            before = await topics.known()
            count = len(await topics.events())
            clock.now += minutes(2)
            for account in accounts:
                account._depths.done(29, clock.now)
                await account.round()
        assert len(await topics.events()) == count

        await topics.round(clock, on_meta, on_google, on_linkedin)

    after = await topics.known()
    assert {cell: Counts.of(event) for cell, event in after.items()} == {
        cell: Counts.of(event) for cell, event in before.items()
    }


async def test_hours_of_a_platform_that_tells_days_are_marked_and_add_up_over_restarts(
    topics: Kafka, clock: Clock
) -> None:
    draw = Random(7)
    told = counts(draw)
    clock.now = NOON.replace(hour=7)
    async with worlds(clock) as (_, _, world):
        world.report("7", NOON.date(), told, LONG_AGO)
        for _ in range(6):
            await topics.round(clock, world)
            clock.now += timedelta(minutes=50)
            told = told.plus(counts(draw))
            world.report("7", NOON.date(), told, clock.now)
        less = told.minus(Counts(20, 1, Decimal("0.01"), Decimal(0), Decimal(0)))
        clock.now += QUARTER
        world.report("7", NOON.date(), less, clock.now)
        await topics.round(clock, world)

    known = await topics.known()
    assert total(Counts.of(event) for event in known.values()) == less
    assert {event.source for event in known.values()} == {daily.SOURCE}
    assert {event.window_start.hour for event in known.values()} >= {7, 8, 9, 10}


async def test_an_account_without_credentials_stops_only_itself_and_tells_no_secret(
    topics: Kafka, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "canary-that-opens-nothing"
    async with meta(clock, wrong) as closed, worlds(clock) as (_, on_google, _):
        on_google.report("11", AUTUMN, 4, counts(Random(3)), LONG_AGO)
        async with topics.accounts(clock, closed, on_google) as accounts:
            failed = await Rounds(accounts, QUARTER, topics.instruments).once()

    assert failed == 1
    assert {event.platform for event in await topics.events()} == {"google"}
    said = capsys.readouterr()
    assert "auth_failed" in said.out + said.err
    assert wrong not in said.out + said.err
    assert TOKEN not in said.out + said.err
    value = topics.instruments.registry.get_sample_value
    rounds = "pacekeeper_collector_rounds_total"
    assert value(rounds, {"platform": "meta", "outcome": "auth_failed"}) == 1
    assert value(rounds, {"platform": "google", "outcome": "told"}) == 1
    assert value("pacekeeper_collector_failing_accounts", {"platform": "meta"}) == 1


async def test_a_throttled_account_is_left_alone_for_as_long_as_it_asks_and_then_asked_again(
    topics: Kafka, clock: Clock
) -> None:
    async with meta(clock) as world, topics.accounts(clock, world) as (account,):
        rounds = Rounds([account], QUARTER, topics.instruments)
        world.report("7", AUTUMN, 4, counts(Random(3)), LONG_AGO)
        world.platform.faults.plan(Planned(fault=Fault.THROTTLED, call=Call.READ, seconds=3_000.0))

        assert await rounds.attempt(account) >= timedelta(seconds=3_000)
        assert await rounds.attempt(account) == QUARTER
    assert len(await topics.events()) == 1


async def test_edits_say_who_made_them_and_are_told_once_however_often_they_are_read(
    topics: Kafka, clock: Clock
) -> None:
    budget = Ref(account_id="1", entity=Entity.AD_SET, entity_id="7", lever=Lever.DAILY_BUDGET)
    async with meta(clock) as world:
        world.platform.store.now = Clock(NOON - minutes(5))
        state = (await world.connector.read_state([budget]))[budget]
        world.platform.edit(budget, Decimal(70))
        world.platform.store.set_field("7", "daily_budget", "8000", by=US)
        async with topics.accounts(clock, world) as (account,):
            await account.round()
            clock.now += QUARTER
            await account.round()
        await topics.round(clock, world)

    edits = sorted(await topics.edits(), key=lambda edit: edit.after or 0)
    assert [(e.by, e.actor, e.before, e.after) for e in edits] == [
        (Editor.PERSON, "Jane", state.value, Decimal(70)),
        (Editor.US, "Our user", Decimal(70), Decimal(80)),
    ]
    assert {(e.campaign_id, e.entity_id, e.field, e.currency) for e in edits} == {
        ("5", "7", "daily_budget", "EUR")
    }
