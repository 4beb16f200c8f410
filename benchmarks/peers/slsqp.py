"""Scipy's SLSQP, the solver of the common media-mix libraries, over the same power curves.

It gets what helps it: analytic derivatives of the value and of the total, bounds as bounds, today's
budgets to begin with, and spend and value in units of their totals, without which it stops at once.
It stops at a gain below 1e-9 of the value, as PyMC-Marketing has it. Its answer is in fractions.

Source: Kraft, "A Software Package for Sequential Quadratic Programming", DFVLR-FB 88-28 (1988).
"""

from __future__ import annotations

import numpy as np

from benchmarks.allocation.problems import Problem
from engine.arrays import Floats

ITERATIONS = 1_000


def slsqp(problem: Problem) -> Floats:
    """Return the spends that it ends with, shape (B,)."""
    # Of the set that benchmarks need only.
    from scipy.optimize import minimize  # noqa: PLC0415

    total, exponent = float(problem.total), problem.curves.exponent
    worth = problem.curves.scale * total**exponent
    unit = float(problem.curves.value(problem.now.astype(np.float64)).sum())

    def loss(share: Floats) -> float:
        return -float((worth * share**exponent).sum()) / unit

    def slope(share: Floats) -> Floats:
        return np.asarray(-worth * exponent * share ** (exponent - 1.0) / unit)

    found = minimize(
        loss,
        problem.now / total,
        jac=slope,
        method="SLSQP",
        bounds=np.stack((problem.low, problem.high), axis=1) / total,
        constraints={
            "type": "eq",
            "fun": lambda share: share.sum() - 1.0,
            "jac": np.ones_like,
        },
        options={"ftol": 1e-9, "maxiter": ITERATIONS},
    )
    return np.asarray(found.x * total)
