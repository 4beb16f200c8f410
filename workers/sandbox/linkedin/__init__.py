"""LinkedIn on loopback: its REST interface and its tokens, with what is in force in memory."""
