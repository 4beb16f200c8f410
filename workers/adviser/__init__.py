"""The adviser: breakdowns of metrics in, advice for people on targeting and creatives out."""
