"""The optimizer: metrics, plans and audit in; advice, actions, shapes and portfolio out."""
