"""LinkedIn: its campaigns over the versioned REST interface, by a connector of httpx."""
