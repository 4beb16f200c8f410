"""How campaigns and accounts stand, from the topics: the answers of ``pacekeeper status``."""
