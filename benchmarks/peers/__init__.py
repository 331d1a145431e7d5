"""One module per Python peer: `cases()` yields (name, workload, protocol, call that returns the reply's bytes)."""
