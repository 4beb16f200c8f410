"""What campaigns have spent of their learning reserves.

A move is noted when it is decided, with the most that it may come to. Once its hour is known it is
charged what it came to, by the multiplier that was in force then: a move that nobody made costs
nothing. A new period begins with nothing spent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from engine import state
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOUR
from engine.decide import Decisions
from engine.errors import UnknownFormat
from engine.exploration import coin
from engine.exploring import explored_with
from engine.situation import Learning
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.lived import Campaigns, settings_of, told_hours
from workers.optimizer.plan_rows import EXPLORES, PlanBook
from workers.optimizer.tables import METRICS, reserve_key

FORMAT: Final = 1

MOST_PENDING: Final = 72
"""Moves of hours that are not known yet; the oldest are charged the most that they may cost."""

_ROUNDED: Final = 2e-3
"""By how much a log multiplier differs, at most, for being set in steps."""

_HEAD: Final = np.dtype([("format", "u1"), ("period", "<i8"), ("used", "<f8")])
_MOVE: Final = np.dtype(
    [
        ("hour", "<i8"),
        ("from", "<i8"),
        ("moved", "<f8"),
        ("slope", "<f8"),
        ("bend", "<f8"),
        ("most", "<f8"),
    ]
)
"""A move: of which hour, from which multiplier in millionths, how far; see `engine.exploring`."""


class Account(NamedTuple):
    """What a campaign has spent of its reserve, and what it may."""

    head: Rows
    moves: Rows

    def packed(self) -> bytes:
        """Return it as the table keeps it."""
        return self.head.tobytes() + self.moves.tobytes()


def read_account(value: bytes) -> Account:
    """Return what a stored value says; an empty one is a campaign that has not explored.

    Raises
    ------
    UnknownFormat
        When the value was written by a later version.
    """
    blank = np.zeros(1, dtype=_HEAD)
    blank["format"], blank["period"] = FORMAT, state.NEVER
    size = _HEAD.itemsize
    head = np.frombuffer(value[:size] or blank.tobytes(), dtype=_HEAD).copy()
    if head["format"][0] != FORMAT:
        raise UnknownFormat("reserve", found=int(head["format"][0]), known=FORMAT)
    return Account(head, np.frombuffer(value[size:], dtype=_MOVE))


def learning_of(
    draft: Draft, book: PlanBook, due: Due, campaigns: Campaigns, rows: Ints
) -> tuple[Learning, dict[int, Account]]:
    """Return what campaigns ``rows`` of ``due`` may explore with, and their accounts by row."""
    plans = due.plans[rows]
    accounts: dict[int, Account] = {}
    share, used = np.zeros(len(rows)), np.zeros(len(rows))
    period = np.full(len(rows), state.NEVER)
    chosen = np.flatnonzero(plans["detailed"] & EXPLORES)
    for i in chosen.tolist():
        at = int(rows[i])
        value = draft.read_of(METRICS, [reserve_key(due.keys[at])])[0]
        account = _settled(draft, read_account(value), campaigns.part(np.array([i])))
        accounts[at] = account
        share[i] = book.plan(due.plan_values[at]).learning_share
        used[i] = account.head["used"][0] + account.moves["most"].sum()
        period[i] = account.head["period"][0]
    coins = np.zeros(len(rows))
    seeds = np.array([_seed(due.keys[i]) for i in accounts], dtype=np.int64)
    coins[chosen] = coin(seeds, due.hour[rows[chosen]])
    return Learning(share=share, period=period, used=used, coins=coins), accounts


def noted(due: Due, made: Decisions, accounts: Mapping[int, Account]) -> dict[bytes, bytes | None]:
    """Return what the table is to be told once it is decided which moves are made."""
    writes: dict[bytes, bytes | None] = {}
    for i, account in accounts.items():
        head, moves = account.head.copy(), account.moves
        if head["period"][0] != made.explored.period[i]:
            head["period"], head["used"], moves = made.explored.period[i], 0.0, moves[:0]
        if made.explored.moved[i] and made.acts[i] and made.steers[i]:
            moves = np.append(moves, _move(made, i))
        over = moves[:-MOST_PENDING]
        head["used"] += over["most"].sum()
        writes[reserve_key(due.keys[i])] = Account(head, moves[-MOST_PENDING:]).packed()
    return writes


def _move(made: Decisions, i: int) -> Rows:
    explored, move = made.explored, np.zeros(1, dtype=_MOVE)
    move["hour"] = made.clock.target[i]
    move["from"] = explored.unmoved[i]
    for name in ("moved", "slope", "bend", "most"):
        move[name] = getattr(explored, name)[i]
    return move


def _settled(draft: Draft, account: Account, campaign: Campaigns) -> Account:
    """Charge the moves of hours that are known by now; ``campaign`` is one alone."""
    known = account.moves["hour"] <= campaign.newest[0]
    if not known.any():
        return account
    moves, head = account.moves[known], account.head.copy()
    first = np.array([moves["hour"].min()])
    most = int((campaign.newest[0] - first[0]) // HOUR + 1)
    at = (moves["hour"] - first[0]) // HOUR
    starts = first[:, None] + np.arange(most) * HOUR
    spend = told_hours(draft, campaign, first, most).spend[0, at]
    there = np.ones((1, most), dtype=np.bool_)
    force = settings_of(draft, campaign, starts, there)["multiplier"][0, at]
    head["used"] += _charges(moves, spend, force).sum()
    return Account(head, account.moves[~known])


def _charges(moves: Rows, spend: Floats, force: Ints) -> Floats:
    """Return what moves came to, minor units, by the multipliers in force (N,), in millionths.

    What lies beyond the move, or on its other side, has been set by somebody else.
    """
    log = np.log(np.where(force > 0, force, moves["from"]) / np.maximum(moves["from"], 1))
    least, most = np.minimum(moves["moved"], 0.0), np.maximum(moves["moved"], 0.0)
    made = (log >= least - _ROUNDED) & (log <= most + _ROUNDED)
    moved = np.where(made, log, 0.0)
    cost = explored_with(spend, moved, moves["slope"], moves["bend"])
    return np.asarray(np.minimum(cost, moves["most"]))


def _seed(key: bytes) -> int:
    """Return a number that is the campaign's wherever it is decided."""
    return int.from_bytes(hashlib.blake2b(key, digest_size=7).digest(), "big")
