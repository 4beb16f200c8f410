"""Publishes hourly metrics from reports: files in, metrics events out, nothing lost or doubled.

`maps` says what the columns of a report mean, `binding` fits a map to a file, `convert` turns rows
into events or refusals, and `publishing` writes the events to Kafka.
"""
