"""Laws of health: what counts as standing still, and what is not held against a worker."""

from hypothesis import given
from hypothesis import strategies as st

from workers.health import Health, LaneSighting

LIMIT = 60.0


def lane(applied: int, end: int, *, topic: str = "metrics", partition: int = 0) -> LaneSighting:
    return LaneSighting(topic=topic, partition=partition, applied=applied, end=end)


def test_a_worker_is_alive_before_anything_was_seen_and_not_ready() -> None:
    health = Health(stall_seconds=LIMIT)

    assert health.live().ok
    assert not health.ready(now=0.0).ok


def test_a_lane_that_stands_still_with_records_waiting_fails_liveness_after_the_limit() -> None:
    health = Health(stall_seconds=LIMIT)

    health.saw([lane(5, 9)], now=100.0)
    health.saw([lane(5, 9)], now=100.0 + LIMIT)
    assert health.live().ok

    health.saw([lane(5, 9)], now=101.0 + LIMIT)
    assert not health.live().ok
    assert "metrics[0]" in health.live().reason


def test_one_stuck_lane_is_not_hidden_by_others_that_move() -> None:
    health = Health(stall_seconds=LIMIT)

    for second in range(0, 90, 5):
        health.saw([lane(second, 1000), lane(5, 9, partition=1)], now=float(second))

    assert "metrics[1]" in health.live().reason


def test_standing_still_at_the_end_of_the_topic_is_rest() -> None:
    health = Health(stall_seconds=LIMIT)

    for second in (0.0, 1000.0, 2000.0):
        health.saw([lane(9, 9)], now=second)

    assert health.live().ok


def test_time_before_records_arrived_is_not_held_against_a_lane() -> None:
    health = Health(stall_seconds=LIMIT)

    health.saw([lane(9, 9)], now=0.0)
    health.saw([lane(9, 9)], now=1000.0)
    health.saw([lane(9, 10)], now=1010.0)

    assert health.live().ok


def test_any_progress_starts_the_clock_again() -> None:
    health = Health(stall_seconds=LIMIT)

    health.saw([lane(5, 90)], now=0.0)
    health.saw([lane(6, 90)], now=59.0)
    health.saw([lane(6, 90)], now=118.0)
    assert health.live().ok

    health.saw([lane(6, 90)], now=120.0)
    assert not health.live().ok


def test_while_kafka_cannot_be_asked_the_worker_stays_alive_but_is_not_ready() -> None:
    health = Health(stall_seconds=LIMIT)

    health.saw([lane(5, 9)], now=0.0)

    assert health.ready(now=LIMIT).ok
    assert not health.ready(now=LIMIT + 1).ok
    assert health.live().ok


def test_a_partition_that_was_given_away_is_forgotten() -> None:
    health = Health(stall_seconds=LIMIT)
    health.saw([lane(5, 9)], now=0.0)
    health.saw([lane(5, 9)], now=100.0)
    assert not health.live().ok

    health.saw([], now=101.0)
    assert health.live().ok

    health.saw([lane(5, 9)], now=200.0)
    assert health.live().ok


def test_a_suspect_that_is_vouched_for_is_alive_until_it_has_stood_still_as_long_again() -> None:
    health = Health(stall_seconds=LIMIT)
    health.saw([lane(5, 6)], now=0.0)
    health.saw([lane(5, 6)], now=LIMIT / 2)
    assert health.suspects == set()

    health.saw([lane(5, 6)], now=LIMIT / 2 + 1)
    assert health.suspects == {("metrics", 0)}

    health.vouch(("metrics", 0), now=LIMIT / 2 + 1)
    assert health.suspects == set()

    health.saw([lane(5, 6)], now=LIMIT + 30)
    assert health.live().ok


def test_what_keeps_a_worker_from_its_part_is_told_to_the_probe() -> None:
    health = Health(stall_seconds=LIMIT)
    health.saw([], now=0.0)

    verdict = health.ready(now=1.0, hindrance="tables are being loaded")

    assert (verdict.ok, verdict.reason) == (False, "tables are being loaded")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 50)), max_size=30))
def test_liveness_fails_exactly_when_some_stretch_without_progress_exceeds_the_limit(
    steps: list[tuple[int, int, int]],
) -> None:
    """Compare with a recount of the whole story after each look."""
    health = Health(stall_seconds=LIMIT)
    applied = end = 0
    now = 0.0
    story: list[tuple[float, int, int]] = []
    for progress, arrivals, seconds in steps:
        end += arrivals
        applied = min(end, applied + progress)
        now += seconds
        story.append((now, applied, end))
        health.saw([lane(applied, end)], now=now)

        calm = [t for i, (t, a, e) in enumerate(story) if i == 0 or e <= a or a != story[i - 1][1]]
        assert health.live().ok == (now - calm[-1] <= LIMIT)
