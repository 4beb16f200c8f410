"""The scorer: what became of advice that was followed, held against what it had projected."""
