"""Shows the whole of Pacekeeper at work in two minutes, on a simulated market and a real Kafka."""
