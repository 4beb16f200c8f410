"""What runs Pacekeeper: the embedded broker, and what it takes to operate one."""
