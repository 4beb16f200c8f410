"""How well budgets are paced: controllers against each other and against the hindsight optimum."""
