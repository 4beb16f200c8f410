"""Programs that do the same job, as a competent user of each framework would write it.

Each is run as a process with the same options, see `benchmarks.peers.options`.
"""
