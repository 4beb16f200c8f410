"""The allocator: closed days in, pooled priors and budgets of groups out."""
