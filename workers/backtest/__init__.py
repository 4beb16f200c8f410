"""Replays pacing controllers on a log of campaigns, or on the simulator, and compares them.

`reading` turns events into a grid of local hours, `model` into a market that answers other bids
than those of the log, `replay` lets a controller pace it, and `run` does it all and sums up.
Nothing here knows Kafka but `topic`.
"""
