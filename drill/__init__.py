"""The drill of the durable queue: real processes, real databases, seeded faults, and a checker that reads what happened."""
