"""Lifetime value of cohorts whose truth is known."""
