"""One module per queue: `install`, `produce` and `consume`, run by `benchmarks.queue.child` in the peer's own environment."""
