"""The queue beside procrastinate, PgQueuer and Huey: ``python -m benchmarks.queue``."""
