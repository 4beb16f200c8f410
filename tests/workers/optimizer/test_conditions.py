"""Conditions are decoded once, however many there are, and forgotten once they are replaced."""

from __future__ import annotations

import numpy as np
import pytest

from schemas import Condition, decode, encode
from tests.workers.optimizer.test_decisions import a_freeze
from tests.workers.optimizer.world import KEY, START
from workers.optimizer import conditions
from workers.optimizer.conditions import ConditionBook


def book_of(count: int, **fields: object) -> dict[bytes, bytes]:
    names = {"scope": "campaign", "platform": "google", "account_id": "7"}
    freezes = [a_freeze(**names, campaign_id=str(number), **fields) for number in range(count)]
    return {freeze.key: encode(freeze) for freeze in freezes}


def test_each_condition_is_decoded_once_and_a_new_word_on_it_counts_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[bytes] = []

    def counted(value: bytes, kind: type[Condition]) -> Condition:
        decoded.append(value)
        return decode(value, kind)

    monkeypatch.setattr(conditions, "decode", counted)
    book, latest, now = ConditionBook(), book_of(5_000), np.array([int(START.timestamp())])
    for _ in range(3):
        holding, unreadable = book.conditions(latest, [KEY], now)
        assert (holding.frozen.tolist(), unreadable) == ([True], 0)
    assert len(decoded) == 5_000

    lifted = latest | book_of(43, version=2, active=False)
    assert book.conditions(lifted, [KEY], now)[0].frozen.tolist() == [False]
    assert len(decoded) == 5_043
