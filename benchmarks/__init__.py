"""Benchmarks of collect and close; see README.md for what was measured and how to read it."""
