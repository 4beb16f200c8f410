"""How quickly a total is shared out, how well, and against whom."""
