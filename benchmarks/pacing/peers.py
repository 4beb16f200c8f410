"""The controllers of the literature that a world is played with."""

from __future__ import annotations

from workers.backtest.baselines import BASELINES

PEERS = {
    "no control": BASELINES["none"],
    "even hours": BASELINES["even"],
    "PID": BASELINES["pid"],
    "waterlevel": BASELINES["waterlevel"],
    "dual mirror descent": BASELINES["mirror"],
    "multiplicative weights": BASELINES["weights"],
}
