"""The executor: released changes in, effects and the audit trail out."""
