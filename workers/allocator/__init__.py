"""The allocator: shapes of closed days in, pooled priors out."""
