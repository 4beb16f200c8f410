"""One HTML file about the campaigns of a deployment: what was spent, decided, foreseen, and why."""
