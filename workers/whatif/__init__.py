"""What another budget, target or strategy would bring: reads a campaign's log, asks the engine.

`gathering` makes hours of records, `fitting` learns from them, `asking` puts the question.
"""
