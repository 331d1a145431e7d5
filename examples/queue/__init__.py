"""A durable fan-out queue: one producer and two consumers, each a process, on SQLite or any other database by its URL."""
