"""How well bids and the rates they are made of do."""
