"""How well curves are learned from days whose truth is known, and how quickly."""
