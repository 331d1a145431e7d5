"""The workloads, this project and its peers, measured side by side (benchmarks/README.md)."""
