"""Exactly-once delivery for Faust agents: chunks, lanes, one transaction per step.

Workers see the small interface of :mod:`workers.delivery.api`: an agent names its source topic and
a pure step. All else is here: fetching, batching, fencing, state, transactions, dead letters.
"""
