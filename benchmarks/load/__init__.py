"""Requests per second and server CPU per request over HTTP; see benchmarks/README.md."""
