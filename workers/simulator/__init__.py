"""A market that can be run again: the same auctions, the same people, another policy.

`market` is pure arithmetic on arrays; `population` makes up campaigns; `reports` turns what
happened into hourly metrics with all the faults of real ones; the rest speaks to Kafka.
"""
